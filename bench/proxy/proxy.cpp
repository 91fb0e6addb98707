// bench_proxy: both ends of a proxy. `upstream` is an OpenAI-compatible server that answers at once, `load`
// are clients that ask at moments of their own and measure. One process each, so that neither end waits for
// the other's thread.
#include <fmt/format.h>

#include <boost/asio.hpp>
#include <iostream>
#include <thread>

#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"

namespace {

using namespace troupe;
namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::string_view kAnswer =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"Good evening."},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}})";
constexpr std::string_view kChunk =
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",";
constexpr std::string_view kModels =
    R"({"object":"list","data":[{"id":"bench","object":"model","created":1,"owned_by":"bench"}]})";

std::string streamed_answer() {
  std::string out;
  out += fmt::format(
      "{}\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"Good "
      "evening.\"}}}}]}}\n\n",
      kChunk);
  out +=
      fmt::format("{}\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n", kChunk);
  out += fmt::format(
      "{}\"choices\":[],\"usage\":{{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}}}\n\n",
      kChunk);
  return out + "data: [DONE]\n\n";
}

std::string response(std::string_view type, std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", type, body.size(),
                     body);
}

// The value of a header of `head`, lower case; "" = it has none.
std::string header(std::string_view head, std::string_view name) {
  std::string lower(head);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto at = lower.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return {};
  const auto from = lower.find_first_not_of(' ', at + name.size() + 3);
  return lower.substr(from, lower.find("\r\n", from) - from);
}

// Reads one message. What came after it stays in `buffer`. Neither end of a benchmark is an enemy: no limits.
struct Message {
  std::string head, body;
};
asio::awaitable<Message> read_message(tcp::socket& socket, std::string& buffer) {
  const auto use = asio::use_awaitable;
  auto ends = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", use);
  Message message{.head = buffer.substr(0, ends), .body = {}};
  buffer.erase(0, ends);
  if (header(message.head, "transfer-encoding") == "chunked") {
    for (std::size_t size = 1; size > 0;) {
      ends = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n", use);
      size = std::stoul(buffer, nullptr, 16);
      buffer.erase(0, ends);
      if (buffer.size() < size + 2) {
        co_await asio::async_read(socket, asio::dynamic_buffer(buffer),
                                  asio::transfer_exactly(size + 2 - buffer.size()), use);
      }
      message.body += buffer.substr(0, size);
      buffer.erase(0, size + 2);
    }
    co_return message;
  }
  const auto length = header(message.head, "content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  if (buffer.size() < size) {
    co_await asio::async_read(socket, asio::dynamic_buffer(buffer),
                              asio::transfer_exactly(size - buffer.size()), use);
  }
  message.body = buffer.substr(0, size);
  buffer.erase(0, size);
  co_return message;
}

class Upstream {
 public:
  Upstream() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    asio::co_spawn(io_, accept(), [](std::exception_ptr) {});
    thread_ = std::jthread([this] { io_.run(); });
  }
  ~Upstream() { io_.stop(); }
  int port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(io_, serve(std::move(socket)),
                     [](std::exception_ptr) {});  // ends when the client leaves
    }
  }
  asio::awaitable<void> serve(tcp::socket socket) {
    socket.set_option(tcp::no_delay(true));
    static const std::string kWhole = response("application/json", kAnswer);
    static const std::string kStreamed = response("text/event-stream", streamed_answer());
    static const std::string kList = response("application/json", kModels);
    for (std::string buffer;;) {
      const auto request = co_await read_message(socket, buffer);
      const bool streams = request.body.find("\"stream\":true") != std::string::npos ||
                           request.body.find("\"stream\": true") != std::string::npos;
      const auto& answer = request.head.starts_with("GET") ? kList : streams ? kStreamed : kWhole;
      co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
    }
  }
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  std::jthread thread_;
};

// Clients that ask `each` times, one every `gap`, from a moment of their own within the first gap. A client
// whose last question is not answered yet asks the next one late, and its time counts from when it was due.
class Load {
 public:
  Load(bench::IoThread& io, int port, std::string request)
      : io_(io), port_(port), request_(std::move(request)), group_(io.env, "load") {}

  bench::Figures run(int clients, int each, rt::nanoseconds gap, std::uint64_t seed) {
    const rt::Draw draw(seed, "bench", "proxy");
    begin_ = io_.env.now() + rt::milliseconds(50);  // until all are connected
    for (int client = 0; client < clients; ++client) {
      const auto phase =
          rt::nanoseconds(static_cast<std::int64_t>(draw.uniform(client) * static_cast<double>(gap.count())));
      group_.spawn("client", [this, each, gap, phase] { return ask(each, gap, begin_ + phase); });
    }
    io_.run(group_);
    return {{"us", us_}, {"failed", {static_cast<double>(failed_)}}};
  }

 private:
  rt::asio::awaitable<void> ask(int each, rt::nanoseconds gap, rt::Instant at) {
    std::optional<tcp::socket> socket;
    std::string buffer;
    for (int i = 0; i < each; ++i, at = at + gap) {
      try {
        if (!socket) {
          socket.emplace(io_.io);
          co_await socket->async_connect(
              {asio::ip::address_v4::loopback(), static_cast<asio::ip::port_type>(port_)},
              asio::use_awaitable);
          socket->set_option(tcp::no_delay(true));
        }
        co_await rt::sleep_until(io_.env, at);
        co_await asio::async_write(*socket, asio::buffer(request_), asio::use_awaitable);
        const auto answer = co_await read_message(*socket, buffer);
        us_.push_back(bench::us(io_.env.now() - at));
        const bool good =
            answer.head.starts_with("HTTP/1.1 200") && answer.body.find("Good evening.") != std::string::npos;
        if (!good) fail(answer.head.substr(0, answer.head.find('\r')) + " " + answer.body.substr(0, 300));
        if (header(answer.head, "connection") == "close") socket.reset();
      } catch (const boost::system::system_error& error) {
        fail(error.what());
        socket.reset();
        buffer.clear();
      }
    }
  }
  void fail(const std::string& why) {
    if (failed_++ == 0) std::cerr << "bench_proxy: " << why << "\n";
  }

  bench::IoThread& io_;
  int port_;
  std::string request_;
  rt::Group group_;
  rt::Instant begin_;
  std::vector<double> us_;
  int failed_ = 0;
};

}  // namespace

int main() {
  bench::IoThread io;
  std::unique_ptr<Upstream> upstream;
  return bench::answer_lines({
      {"upstream",
       [&](const bench::Words&) -> bench::Figures {
         upstream = std::make_unique<Upstream>();
         return {{"port", {static_cast<double>(upstream->port())}}};
       }},
      // load PORT CLIENTS EACH GAP_US SEED BODY HEADER...
      {"load",
       [&](const bench::Words& words) {
         TROUPE_CHECK(words.size() >= 6, "load PORT CLIENTS EACH GAP_US SEED BODY HEADER...");
         std::string head = fmt::format(
             "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n",
             words[0]);
         for (std::size_t i = 6; i < words.size(); ++i) head += words[i] + "\r\n";
         head += fmt::format("Content-Length: {}\r\n\r\n", words[5].size());
         Load load(io, std::stoi(words[0]), head + words[5]);
         return load.run(std::stoi(words[1]), std::stoi(words[2]),
                         std::chrono::microseconds(std::stoll(words[3])), std::stoull(words[4]));
       }},
  });
}

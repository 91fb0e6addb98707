#pragma once
// Test only: an HTTP server on a port of its own that answers what a test says, one request per connection;
// and a screen that keeps what a command printed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/rpc.h"

namespace troupe::cli {

// A loopback port; without listen() whoever connects is refused.
class LoopbackPort {
 public:
  LoopbackPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    TROUPE_CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0, "a port is free");
    TROUPE_CHECK(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "it has a number");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~LoopbackPort() { ::close(socket_); }
  LoopbackPort(const LoopbackPort&) = delete;
  LoopbackPort& operator=(const LoopbackPort&) = delete;

  int socket() const { return socket_; }
  const std::string& url() const { return url_; }

 private:
  int socket_;
  std::string url_;
};

struct SeenRequest {
  std::string line;                            // "POST /api/npc/Talk"
  std::map<std::string, std::string> headers;  // lower case
  std::string body;
};

struct TestReply {
  int status = 200;
  std::string body = "{}";
  std::string type = "application/json";
};

// An error as the server tells it.
inline TestReply error_reply(int status, const std::string& code, const std::string& reason,
                             const std::string& message) {
  return {.status = status,
          .body = compact({{"error", {{"code", code}, {"reason", reason}, {"message", message}}}})};
}

class TestServer {
 public:
  using Handler = std::function<TestReply(const SeenRequest&)>;

  explicit TestServer(Handler handler) : handler_(std::move(handler)) {
    TROUPE_CHECK(::listen(port_.socket(), 16) == 0, "the port listens");
    TROUPE_CHECK(::pipe(stop_.data()) == 0, "there is a pipe");
    thread_ = std::thread([this] { serve(); });
  }
  ~TestServer() {
    ::close(stop_[1]);
    thread_.join();
    ::close(stop_[0]);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  const std::string& url() const { return port_.url(); }
  std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void serve() {
    for (;;) {
      std::array<pollfd, 2> wait = {pollfd{port_.socket(), POLLIN, 0}, pollfd{stop_[0], POLLIN, 0}};
      if (::poll(wait.data(), wait.size(), -1) < 0) continue;
      if (wait[1].revents != 0) return;
      const int connection = ::accept(port_.socket(), nullptr, nullptr);
      if (connection < 0) continue;
      answer(connection);
      ::close(connection);
    }
  }

  void answer(int connection) {
    std::string bytes;
    std::size_t head = std::string::npos;
    SeenRequest request;
    std::size_t length = 0;
    while (head == std::string::npos || bytes.size() < head + 4 + length) {
      std::array<char, 4096> piece;
      const auto got = ::recv(connection, piece.data(), piece.size(), 0);
      if (got <= 0) return;
      bytes.append(piece.data(), static_cast<std::size_t>(got));
      if (head != std::string::npos) continue;
      head = bytes.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      for (const auto& line : split(bytes.substr(0, head), '\n')) {
        const auto colon = line.find(':');
        if (request.line.empty()) {
          request.line = line.substr(0, line.rfind(' '));
        } else if (colon != std::string::npos) {
          request.headers[lower_ascii(line.substr(0, colon))] = trim(line.substr(colon + 1));
        }
      }
      if (request.headers.contains("content-length")) length = std::stoul(request.headers["content-length"]);
    }
    request.body = bytes.substr(head + 4, length);
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
    }
    const TestReply reply = handler_(request);
    const std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " x\r\nContent-Type: " + reply.type +
                            "\r\nConnection: close\r\n\r\n" + reply.body;
    std::size_t sent = 0;
    while (sent < out.size()) {
      const auto n = ::send(connection, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }

  LoopbackPort port_;
  Handler handler_;
  std::array<int, 2> stop_{};
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::thread thread_;
};

// Runs a command and keeps what it said.
struct Screen {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  std::map<std::string, std::string> environment;
  bool in_tty = false;
  bool out_tty = false;
  CliHooks hooks;

  int run(const std::vector<std::string>& words) {
    const Terminal terminal{.in = in,
                            .out = out,
                            .err = err,
                            .in_tty = in_tty,
                            .out_tty = out_tty,
                            .style = Style(),
                            .err_style = Style(),
                            .env = [this](const char* name) {
                              const auto found = environment.find(name);
                              return found == environment.end() ? std::string() : found->second;
                            }};
    return run_words(words, hooks, terminal);
  }
};

}  // namespace troupe::cli

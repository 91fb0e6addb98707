// One connection: request after request, each answered before the next is looked at, with a read kept pending
// so that a client that leaves takes its call along.
#include <fmt/core.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>

#include "base/counted.h"
#include "edge/edge_core.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

class ChunkWriter final : public BodyWriter {
 public:
  ChunkWriter(std::shared_ptr<HttpStream> stream, bool chunked)
      : stream_(std::move(stream)), chunked_(chunked) {}
  Task<void> write(std::string bytes) override {
    if (bytes.empty()) co_return Result<void>();
    if (chunked_) bytes = fmt::format("{:x}\r\n", bytes.size()) + bytes + "\r\n";
    auto done = co_await stream_->write(std::move(bytes));
    if (!done) failed = true;
    co_return done;
  }
  bool failed = false;

 private:
  std::shared_ptr<HttpStream> stream_;
  bool chunked_;
};

// Answers whether the connection may go on.
asio::awaitable<bool> exchange(std::shared_ptr<EdgeCore> core, std::shared_ptr<HttpStream> stream,
                               HttpRequest request) {
  const Counted busy(core->busy);
  const bool head_only = request.method == "HEAD";
  const bool old = request.http_1_0;
  bool keep = request.keep_alive;
  HttpReply reply;
  bool cancelled = false;
  try {
    reply = co_await core->answer(std::move(request));
  } catch (const boost::system::system_error&) {
    cancelled = true;  // not thrown on: operator|| would wait for the client to leave
  }
  if (cancelled) co_return false;
  keep = keep && !core->stopping;
  const std::int64_t date = core->env.clock.wall_ms();
  if (!reply.stream) {
    std::string bytes = reply_head(reply, static_cast<std::int64_t>(reply.body.size()), keep, old, date);
    if (!head_only) bytes += reply.body;
    const auto sent = co_await stream->write(std::move(bytes));
    co_return sent&& keep;
  }
  const auto sent = co_await stream->write(reply_head(reply, -1, keep && !old, old, date));
  if (!sent) co_return false;
  if (head_only) co_return keep;
  const auto writer = std::make_shared<ChunkWriter>(stream, !old);
  co_await reply.stream(writer);
  if (writer->failed) co_return false;
  if (!old && !co_await stream->write("0\r\n\r\n")) co_return false;
  co_return keep;
}

asio::awaitable<void> say(std::shared_ptr<EdgeCore> core, std::shared_ptr<HttpStream> stream, Error error) {
  const HttpReply reply = error_reply(error);
  std::string bytes = reply_head(reply, static_cast<std::int64_t>(reply.body.size()), false, false,
                                 core->env.clock.wall_ms()) +
                      reply.body;
  (void)co_await stream->write(std::move(bytes));
  co_await stream->close();
}

}  // namespace

asio::awaitable<void> serve_connection(std::shared_ptr<EdgeCore> core, TcpSocket socket,
                                       std::string address) {
  struct Open {
    Open(EdgeCore& c, const std::string& a) : core(c), address(a) {
      ++core.by_address[address];
      core.counters.connections(++core.connections);
    }
    ~Open() {
      if (--core.by_address[address] == 0) core.by_address.erase(address);
      core.counters.connections(--core.connections);
    }
    EdgeCore& core;
    const std::string& address;
  };
  const Open open(*core, address);
  const std::shared_ptr<HttpStream> stream =
      make_http_stream(core->env, std::move(socket), core->config.limits.stream, core->counters.bytes());
  const std::string connection = fmt::format("{:016x}", core->env.ids.bits());
  for (;;) {
    std::optional<Waiting::Here> waiting;
    waiting.emplace(core->waiting, address, [&stream] { stream->drop(); });
    auto request = co_await stream->read();
    waiting.reset();
    if (!request) {
      if (request.error().reason == "http.closed") co_return;
      core->counters.request("refused", status_of(request.error()), 0);
      co_await say(core, stream, request.error());
      co_return;
    }
    request->connection = connection;
    request->address = core->address_of(address, *request);
    const std::string* upgrade =
        request->path == "/ws" && core->config.doors ? request->header("upgrade") : nullptr;
    if (upgrade != nullptr) {
      const auto served = co_await serve_socket(core, stream, *std::move(request));
      if (!served) {
        core->counters.request("ws", status_of(served.error()), 0);
        co_await say(core, stream, served.error());
      }
      co_return;
    }
    const auto outcome = co_await (exchange(core, stream, *std::move(request)) || stream->gone());
    if (outcome.index() == 1) co_return;  // the client left
    if (!std::get<0>(outcome)) {
      co_await stream->close();
      co_return;
    }
  }
}

asio::awaitable<void> refuse_connection(std::shared_ptr<EdgeCore> core, TcpSocket socket) {
  const Counted refused(core->refused);
  const std::shared_ptr<HttpStream> stream =
      make_http_stream(core->env, std::move(socket), core->config.limits.stream, core->counters.bytes());
  co_await say(core, stream,
               {Code::unavailable, "edge.connections", "too many connections; try again", 1000});
}

}  // namespace troupe::edge

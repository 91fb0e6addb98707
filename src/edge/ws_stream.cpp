#include "edge/ws_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace troupe::edge {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

// Without permessage-deflate: frames are small, and one compressed bomb fewer.
using Stream = websocket::stream<TcpSocket, false>;

class WsStreamImpl final : public WsStream {
 public:
  WsStreamImpl(const rt::Env& env, TcpSocket socket, WsLimits limits, StreamCounters counters)
      : env_(env), stream_(std::move(socket)), limits_(limits), counters_(counters) {
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = limits_.handshake_timeout;
    timeout.idle_timeout = limits_.idle_timeout;
    timeout.keep_alive_pings = true;
    stream_.set_option(timeout);
    stream_.read_message_max(limits_.message_bytes_max);
    stream_.auto_fragment(false);  // one frame a message: clients by hand need not put them together
    error_code ignored;
    stream_.next_layer().set_option(
        asio::socket_base::send_buffer_size(static_cast<int>(limits_.send_buffer_bytes)), ignored);
  }

  Task<void> accept(HttpRequest request, std::string protocol) {
    http::request<http::empty_body> upgrade;
    upgrade.method(http::verb::get);
    upgrade.target(request.target);
    upgrade.version(11);
    for (const auto& [name, value] : request.headers) upgrade.insert(name, value);
    stream_.set_option(websocket::stream_base::decorator([protocol](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, protocol);
      response.erase(http::field::server);
    }));
    error_code error;
    co_await stream_.async_accept(upgrade, asio::redirect_error(asio::use_awaitable, error));
    if (error)
      co_return fail(Code::invalid_argument, "ws.bad_upgrade", "not a WebSocket upgrade: " + error.message());
    co_return Result<void>();
  }

  Task<WsMessage> read() override {
    error_code error;
    co_await stream_.async_read(buffer_, asio::redirect_error(asio::use_awaitable, error));
    if (error == websocket::error::message_too_big) {
      co_return fail(Code::invalid_argument, "ws.too_large", "the frame is too large");
    }
    if (error && error != websocket::error::closed && error.category() == websocket_category()) {
      co_return fail(Code::invalid_argument, "ws.protocol", error.message());
    }
    if (error) co_return fail(Code::cancelled, "ws.closed", "the socket is closed");
    WsMessage message{stream_.got_text(), beast::buffers_to_string(buffer_.data())};
    buffer_.consume(buffer_.size());
    counters_.bytes_in.add(static_cast<double>(message.bytes.size()));
    co_return message;
  }

  Task<void> write(std::shared_ptr<const std::string> bytes, bool text) override {
    bool late = false;
    const auto timer = env_.clock.call_at(env_.now() + limits_.write_timeout, [this, &late] {
      late = true;
      drop();
    });
    stream_.text(text);
    error_code error;
    const std::size_t size =
        co_await stream_.async_write(asio::buffer(*bytes), asio::redirect_error(asio::use_awaitable, error));
    counters_.bytes_out.add(static_cast<double>(size));
    if (late) co_return fail(Code::cancelled, "ws.slow", "the client reads too slowly");
    if (error) co_return fail(Code::cancelled, "ws.closed", "the socket is closed");
    co_return Result<void>();
  }

  asio::awaitable<void> close(std::uint16_t code, std::string reason) override {
    if (!stream_.is_open()) co_return;
    websocket::close_reason why(static_cast<websocket::close_code>(code));
    why.reason = beast::string_view(reason.data(), std::min<std::size_t>(reason.size(), 120));
    error_code ignored;
    co_await stream_.async_close(why, asio::redirect_error(asio::use_awaitable, ignored));
  }

  void drop() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  static const boost::system::error_category& websocket_category() {
    return make_error_code(websocket::error::closed).category();
  }

  rt::Env env_;
  Stream stream_;
  WsLimits limits_;
  StreamCounters counters_;
  beast::flat_buffer buffer_;
};

}  // namespace

Task<std::unique_ptr<WsStream>> accept_websocket(rt::Env env, TcpSocket socket, HttpRequest request,
                                                 std::string protocol, WsLimits limits,
                                                 StreamCounters counters) {
  auto stream = std::make_unique<WsStreamImpl>(env, std::move(socket), limits, counters);
  CO_TRY_VOID(co_await stream->accept(std::move(request), std::move(protocol)));
  co_return std::unique_ptr<WsStream>(std::move(stream));
}

}  // namespace troupe::edge

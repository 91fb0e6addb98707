#include "edge/http_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.h"
#include "edge/http_strict.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kLingerBytesMax = 1024 * 1024;
constexpr rt::milliseconds kLinger{1000};

std::unexpected<Error> closed() {
  return fail(Code::cancelled, "http.closed", "the client closed the connection");
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

class HttpStreamImpl final : public HttpStream {
 public:
  HttpStreamImpl(const rt::Env& env, TcpSocket socket, StreamLimits limits, StreamCounters counters)
      : env_(env), socket_(std::move(socket)), limits_(limits), counters_(counters) {}

  Task<HttpRequest> read() override {
    CO_TRY(const std::size_t head_size, co_await read_head());
    CO_TRY_VOID(check_head(std::string_view(input_).substr(0, head_size)));

    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes_max + 1024));
    parser.body_limit(limits_.body_bytes_max);
    parser.eager(false);
    error_code error;
    const std::size_t used = parser.put(asio::const_buffer(input_.data(), head_size), error);
    // Beast may stop short of the empty line's end only where it understood something else than we did.
    if ((error && error != http::error::need_more) || !parser.is_header_done() || used != head_size) {
      co_return refuse(error);
    }
    input_.erase(0, used);

    // Taken now: trailers of a chunked body must not become headers.
    HttpRequest request;
    const auto& message = parser.get();
    request.method = view(message.method_string());
    CO_TRY_VOID(parse_target(view(message.target()), request));
    for (const auto& field : message) {
      request.headers.emplace_back(lower_ascii(view(field.name_string())), trim(view(field.value())));
    }
    request.http_1_0 = message.version() == 10;
    request.keep_alive = parser.keep_alive() && !request.http_1_0;

    CO_TRY_VOID(co_await read_body(parser, request));
    request.body = std::move(parser.get().body());
    co_return request;
  }

  asio::awaitable<void> gone() override {
    for (;;) {
      // A client that sends ahead without end is read again once it has been answered.
      if (input_.size() >= limits_.read_ahead_max) co_await rt::sleep_until(env_, rt::Instant::never());
      const auto bytes = co_await read_some(rt::Instant::never());
      if (!bytes) co_return;
    }
  }

  Task<void> write(std::string bytes) override {
    bool late = false;
    const auto timer = env_.clock.call_at(env_.now() + limits_.write_timeout, [this, &late] {
      late = true;
      drop();
    });
    error_code error;
    const std::size_t size = co_await asio::async_write(socket_, asio::buffer(bytes),
                                                        asio::redirect_error(asio::use_awaitable, error));
    counters_.bytes_out.add(static_cast<double>(size));
    if (late) co_return fail(Code::cancelled, "http.slow", "the client reads too slowly");
    if (error) co_return closed();
    co_return Result<void>();
  }

  asio::awaitable<void> close() override {
    error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
    const rt::Instant until = env_.now() + kLinger;
    std::size_t taken = 0;
    while (taken < kLingerBytesMax) {
      input_.clear();
      const auto bytes = co_await read_some(until);
      if (!bytes) break;
      taken += *bytes;
    }
    drop();
  }

  void drop() override {
    error_code ignored;
    socket_.close(ignored);
  }

  bool read_nothing_ahead() const override { return input_.empty(); }
  TcpSocket release() override { return std::move(socket_); }

 private:
  std::unexpected<Error> refuse(error_code error) const {
    if (error == http::error::body_limit) return too_large();
    return fail(Code::invalid_argument, "http.malformed",
                "not one unambiguous HTTP request: " +
                    (error ? error.message() : std::string("bytes are left over")));
  }
  std::unexpected<Error> too_large() const {
    return fail(Code::invalid_argument, "http.body_too_large",
                "the body is larger than " + std::to_string(limits_.body_bytes_max) + " bytes");
  }

  // Appends to input_. Answers http.closed, or http.timeout at `until`.
  Task<std::size_t> read_some(rt::Instant until) {
    bool late = false;
    rt::Timer timer;
    if (!until.is_never()) {
      timer = env_.clock.call_at(until, [this, &late] {
        late = true;
        error_code ignored;
        socket_.cancel(ignored);
      });
    }
    char buffer[kReadSize];
    error_code error;
    const std::size_t size = co_await socket_.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (size > 0) {
      input_.append(buffer, size);
      counters_.bytes_in.add(static_cast<double>(size));
      co_return size;
    }
    if (late) co_return fail(Code::deadline_exceeded, "http.timeout", "the request did not come in time");
    co_return closed();
  }

  // Reads until input_ begins with a whole head; answers its size.
  Task<std::size_t> read_head() {
    if (input_.empty()) {
      const auto first =
          co_await read_some(env_.now() + (asked_ ? limits_.idle_timeout : limits_.first_timeout));
      if (!first) co_return closed();  // nothing was asked: nothing to answer
    }
    asked_ = true;
    const rt::Instant until = env_.now() + limits_.header_timeout;
    std::size_t checked = 0;
    for (;;) {
      const auto end = input_.find("\r\n\r\n", checked > 3 ? checked - 3 : 0);
      const std::size_t head_end = end == std::string::npos ? input_.size() : end + 4;
      if (find_bad_byte(std::string_view(input_).substr(0, head_end), checked) != std::string::npos) {
        co_return fail(Code::invalid_argument, "http.malformed",
                       "not one unambiguous HTTP request: control characters or a bare CR or LF");
      }
      if (head_end > limits_.header_bytes_max) {
        co_return fail(Code::invalid_argument, "http.header_too_large",
                       "the headers are larger than " + std::to_string(limits_.header_bytes_max) + " bytes");
      }
      if (end != std::string::npos) co_return head_end;
      checked = input_.size();
      CO_TRY([[maybe_unused]] const std::size_t more, co_await read_some(until));
    }
  }

  Task<void> read_body(Parser& parser, const HttpRequest& request) {
    if (parser.is_done()) co_return Result<void>();
    if (const auto length = parser.content_length(); length && *length > limits_.body_bytes_max)
      co_return too_large();
    if (const std::string* expect = request.header("expect")) {
      if (lower_ascii(*expect) != "100-continue") {
        co_return fail(Code::invalid_argument, "http.malformed", "the only expectation is 100-continue");
      }
      if (input_.empty()) CO_TRY_VOID(co_await write("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    parser.eager(true);
    const rt::Instant until = env_.now() + limits_.body_timeout;
    while (!parser.is_done()) {
      if (!input_.empty()) {
        error_code error;
        const std::size_t used = parser.put(asio::const_buffer(input_.data(), input_.size()), error);
        input_.erase(0, used);
        if (error && error != http::error::need_more) co_return refuse(error);
        if (parser.is_done()) break;
        // Chunk headers and trailers count too: without a bound they could be endless.
        if (input_.size() > limits_.header_bytes_max + kReadSize) co_return refuse({});
        if (used > 0 && !error) continue;
      }
      CO_TRY([[maybe_unused]] const std::size_t more, co_await read_some(until));
    }
    co_return Result<void>();
  }

  rt::Env env_;
  TcpSocket socket_;
  StreamLimits limits_;
  StreamCounters counters_;
  std::string input_;   // read and not yet used
  bool asked_ = false;  // something came
};

}  // namespace

std::unique_ptr<HttpStream> make_http_stream(const rt::Env& env, TcpSocket socket, StreamLimits limits,
                                             StreamCounters counters) {
  return std::make_unique<HttpStreamImpl>(env, std::move(socket), limits, counters);
}

}  // namespace troupe::edge

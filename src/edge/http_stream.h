#pragma once
// The server's side of one HTTP/1.1 connection, behind a plain interface (Beast parses, in http_stream.cpp
// only). Owned by the connection's coroutine; io thread. One read and one write at a time, besides each
// other.
//
// Bounds      StreamLimits: bytes of head and body, seconds for each of them, for a write and between
// requests. What a
//             client sends ahead of our answer is buffered up to read_ahead_max, then no longer read.
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

#include "edge/http_types.h"
#include "host/metrics.h"
#include "rt/task.h"

namespace troupe::edge {

using TcpSocket = boost::asio::ip::tcp::socket;

struct StreamLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 256 * 1024;
  std::size_t read_ahead_max = 64 * 1024;
  rt::milliseconds header_timeout{10'000};  // from the first byte to the empty line
  rt::milliseconds body_timeout{30'000};
  rt::milliseconds first_timeout{10'000};  // for the first byte of the first request
  rt::milliseconds idle_timeout{75'000};   // between requests
  rt::milliseconds write_timeout{30'000};  // for one write, of at most a reply or a chunk
};

struct StreamCounters {
  Counter& bytes_in;
  Counter& bytes_out;
};

class HttpStream {
 public:
  virtual ~HttpStream() = default;

  // The next request, whole. Errors: http.closed (say nothing, close); otherwise answer it and close.
  virtual Task<HttpRequest> read() = 0;
  // Completes when the client has gone; reads ahead meanwhile. Cancel it before the next read().
  virtual boost::asio::awaitable<void> gone() = 0;
  virtual Task<void> write(std::string bytes) = 0;
  // Says that we are done, takes what the client still sends for a moment so that it sees our last words,
  // closes.
  virtual boost::asio::awaitable<void> close() = 0;
  // Drops the connection now; whatever is pending ends.
  virtual void drop() = 0;

  // For an upgrade: the socket leaves; afterwards only destruction. `false` where bytes were read ahead.
  virtual bool read_nothing_ahead() const = 0;
  virtual TcpSocket release() = 0;
};

std::unique_ptr<HttpStream> make_http_stream(const rt::Env& env, TcpSocket socket, StreamLimits limits,
                                             StreamCounters counters);

}  // namespace troupe::edge

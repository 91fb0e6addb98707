#pragma once
// The server's side of one WebSocket, behind a plain interface (Beast, in ws_stream.cpp only). Owned by its
// session; io thread. One read and one write at a time, besides each other; pings are answered inside read().
#include <memory>
#include <string>

#include "edge/http_stream.h"
#include "edge/http_types.h"
#include "rt/task.h"

namespace troupe::edge {

struct WsLimits {
  std::size_t message_bytes_max = 64 * 1024;
  std::size_t send_buffer_bytes = 256 * 1024;
  rt::milliseconds handshake_timeout{10'000};
  rt::milliseconds idle_timeout{75'000};  // half of it after the last byte a ping goes out
  rt::milliseconds write_timeout{30'000};
};

struct WsMessage {
  bool text = false;
  std::string bytes;
};

class WsStream {
 public:
  virtual ~WsStream() = default;
  // Errors: ws.closed; ws.too_large and ws.protocol, where the close frame with 1009 or 1002 is on its way.
  virtual Task<WsMessage> read() = 0;
  virtual Task<void> write(std::shared_ptr<const std::string> bytes, bool text) = 0;
  virtual boost::asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
  // Drops the connection now; whatever is pending ends.
  virtual void drop() = 0;
};

// Answers the upgrade `request` that came on `socket`. `protocol` is one of those that the client offered.
Task<std::unique_ptr<WsStream>> accept_websocket(rt::Env env, TcpSocket socket, HttpRequest request,
                                                 std::string protocol, WsLimits limits,
                                                 StreamCounters counters);

}  // namespace troupe::edge

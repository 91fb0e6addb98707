#include "edge/sse.h"

#include <fmt/core.h>

namespace troupe::edge {

std::string sse_event(std::string_view event, std::string_view data) {
  if (event.empty()) return fmt::format("data: {}\n\n", data);
  return fmt::format("event: {}\ndata: {}\n\n", event, data);
}

HttpReply sse_reply(std::function<boost::asio::awaitable<void>(std::shared_ptr<BodyWriter>)> stream) {
  HttpReply reply;
  reply.content_type = "text/event-stream";
  reply.headers.emplace_back("cache-control", "no-store");
  reply.stream = std::move(stream);
  return reply;
}

}  // namespace troupe::edge

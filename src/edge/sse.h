#pragma once
// Server-sent events, as text. Pure.
#include <string>
#include <string_view>

#include "edge/http_types.h"

namespace troupe::edge {

// `data` is one line (JSON without line breaks). `event` "" = without a name, as OpenAI's streams are.
std::string sse_event(std::string_view event, std::string_view data);

// A reply whose body is such a stream.
HttpReply sse_reply(std::function<boost::asio::awaitable<void>(std::shared_ptr<BodyWriter>)> stream);

}  // namespace troupe::edge

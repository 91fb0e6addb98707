#include "edge/cors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace troupe::edge {

namespace {
constexpr const char* kSecondsToKeep = "600";
constexpr const char* kReadable = "retry-after, traceresponse, x-request-id";

bool is_list_of_names(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ',' || c == ' ';
  });
}
}  // namespace

bool is_preflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && request.header("origin") != nullptr &&
         request.header("access-control-request-method") != nullptr;
}

void add_cors(const std::string& origin, HttpReply& reply) {
  reply.headers.emplace_back("access-control-allow-origin", origin);
  reply.headers.emplace_back("access-control-expose-headers", kReadable);
  reply.headers.emplace_back("vary", "origin");
}

HttpReply preflight_reply(const HttpRequest& request, const Route* route) {
  HttpReply reply;
  reply.status = 204;
  const std::vector<std::string> methods =
      route != nullptr ? route->methods : std::vector<std::string>{"GET"};
  reply.headers.emplace_back("access-control-allow-methods", fmt::format("{}", fmt::join(methods, ", ")));
  // Whatever it wants to send: tokens come in a header that only our pages know, never in cookies.
  const std::string* wanted = request.header("access-control-request-headers");
  if (wanted != nullptr && is_list_of_names(*wanted))
    reply.headers.emplace_back("access-control-allow-headers", *wanted);
  reply.headers.emplace_back("access-control-max-age", kSecondsToKeep);
  return reply;
}

}  // namespace troupe::edge

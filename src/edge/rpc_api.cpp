#include "edge/rpc_api.h"

#include "base/text.h"
#include "edge/mailbox.h"
#include "edge/query_args.h"
#include "edge/sse.h"
#include "host/host.h"
#include "host/json.h"
#include "troupe/v1/socket.pb.h"

namespace troupe::edge {

namespace {

constexpr std::string_view kPrefix = "/api/";

Result<const MethodInfo*> method_at(const std::string& path) {
  const auto parts = split(std::string_view(path).substr(kPrefix.size()), '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return fail(Code::not_found, "rpc.unknown", "methods are at /api/{service}/{Method}; /docs lists them");
  }
  return find_method(parts[0] + "." + parts[1]);
}

bool reads(const HttpRequest& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

Result<std::string> request_bytes(const MethodInfo* method, const HttpRequest& request) {
  const auto message = new_message(method->request);
  if (reads(request)) {
    if (!method->access.read_only()) {
      return fail(Code::invalid_argument, "http.method_not_allowed",
                  method->name + " changes something: call it with POST");
    }
    TRY_VOID(set_from_query(request.query, *message));
  } else if (request.method == "POST") {
    if (!request.query.empty()) {
      return fail(Code::invalid_argument, "rpc.bad_query",
                  "with POST the request is the body, not the query");
    }
    if (!trim(request.body).empty()) TRY_VOID(from_json(request.body, *message));
  } else {
    return fail(Code::invalid_argument, "http.method_not_allowed", "methods are called with POST or GET");
  }
  return message->SerializeAsString();
}

Result<std::string> reply_json(const MethodInfo* method, const std::string& bytes) {
  const auto message = new_message(method->reply);
  if (!message->ParseFromString(bytes)) {
    return fail(Code::internal, "rpc.bad_reply", "the reply of " + method->name + " does not parse");
  }
  return to_json(*message);
}

Task<HttpReply> RpcApi::answer(HttpCall call) {
  CO_TRY(const MethodInfo* method, method_at(call.request.path));
  CO_TRY(std::string payload, request_bytes(method, call.request));
  if (call.request.header("x-troupe-deadline-ms") == nullptr)
    call.caller.deadline = env_.now() + deadline_of(*method);
  CO_TRY(const VisitPtr visit, co_await enter(method, call.caller.world));
  if (call.request.accepts_event_stream())
    co_return co_await stream(method, std::move(call.caller), std::move(payload), visit);
  CO_TRY(const std::string bytes,
         co_await call_over_bus(env_, bus_, method, call.caller, std::move(payload)));
  CO_TRY(std::string json, co_await big_.make(bytes.size(), std::move(call.caller),
                                              [method, bytes] { return reply_json(method, bytes); }));
  co_return json_reply(std::move(json));
}

// Of a stream: what is written, or why there is nothing before the first word.
struct RpcApi::Part {
  std::string text;
  std::optional<Error> failed;
};

Task<RpcApi::VisitPtr> RpcApi::enter(const MethodInfo* method, std::string world) {
  if (method->shared) co_return nullptr;
  co_return co_await worlds_.enter(std::move(world));
}

Task<HttpReply> RpcApi::stream(const MethodInfo* method, Caller caller, std::string payload, VisitPtr visit) {
  caller.stream = "str." + env_.ids.uuid7(env_.clock.wall_ms());
  auto out = std::make_shared<Mailbox<Part>>(env_, config_.limits.stream_queue_bytes_max);
  // Before the call, or its first words would be missed.
  CO_TRY(auto subscription, bus_.subscribe(caller.stream, [out](const bus::Event& event) {
    pb::StreamPart part;
    if (!part.ParseFromString(event.payload)) return;
    std::string text = sse_event("delta", to_json(part));
    const std::size_t size = text.size();
    (void)out->push({.text = std::move(text), .failed = {}}, size);
  }));
  const auto subscribed = std::make_shared<bus::Subscription>(std::move(subscription));

  const auto run = [env = env_, &bus = bus_, &config = config_, out, method, caller = std::move(caller),
                    payload = std::move(payload),
                    visit = std::move(visit)]() -> boost::asio::awaitable<void> {
    const auto reply = co_await call_over_bus(env, bus, method, caller, payload);
    // What was published before the reply is delivered before it.
    co_await boost::asio::post(env.executor, boost::asio::use_awaitable);
    auto json = reply ? reply_json(method, *reply) : Result<std::string>(std::unexpected(reply.error()));
    if (json) co_return out->close_with({.text = sse_event("done", *json), .failed = {}});
    json.error().message = without_paths(std::move(json.error().message), config.private_paths);
    out->close_with({.text = sse_event("error", error_reply(json.error()).body), .failed = json.error()});
  };
  const auto call = std::make_shared<rt::StopOnExit>(group_.spawn_stoppable("stream", run));
  // An error before the first word is an HTTP error: nothing has been said yet.
  const auto first = co_await out->pop();
  if (first && first->failed) co_return std::unexpected(*first->failed);
  co_return sse_reply(
      [out, subscribed, call, first](std::shared_ptr<BodyWriter> writer) -> boost::asio::awaitable<void> {
        for (auto part = first; part; part = co_await out->pop()) {
          if (!co_await writer->write(std::string(part->text))) co_return;
        }
      });
}

}  // namespace troupe::edge

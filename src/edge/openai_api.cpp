#include "edge/openai_api.h"

#include <variant>

#include "edge/call_header.h"
#include "edge/mailbox.h"
#include "edge/openai_json.h"
#include "edge/sse.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;

constexpr std::string_view kModelsPath = "/v1/models/";

// A piece of text, or how it ended.
using Piece = std::variant<std::string, Result<engine::GenerateReply>>;

// The next piece's end, when it is one.
const Result<engine::GenerateReply>* end_of(const std::optional<Piece>& piece) {
  return piece ? std::get_if<Result<engine::GenerateReply>>(&*piece) : nullptr;
}

}  // namespace

void OpenAiApi::add_routes(Routes& routes) {
  const auto add = [&](std::string path, std::string method, HttpHandler handler) {
    std::vector<std::string> methods = {std::move(method)};
    if (methods[0] == "GET") methods.emplace_back("HEAD");
    routes.add({.label = "v1",
                .path = std::move(path),
                .methods = std::move(methods),
                .access = Access::callers,
                .handler = std::move(handler),
                .error = openai_error_reply});
  };
  add("/v1/models", "GET", [this](HttpCall call) { return models(std::move(call)); });
  add(std::string(kModelsPath), "GET", [this](HttpCall call) { return models(std::move(call)); });
  add("/v1/chat/completions", "POST", [this](HttpCall call) { return chat(std::move(call)); });
  add("/v1/embeddings", "POST", [this](HttpCall call) { return embeddings(std::move(call)); });
  add("/v1/", "POST", [](HttpCall call) -> Task<HttpReply> {
    co_return fail(Code::not_found, "http.not_found", "nothing at '" + call.request.path + "'");
  });
}

Task<HttpReply> OpenAiApi::models(HttpCall call) {
  CO_TRY(const auto known, co_await backend_.models(std::move(call.caller)));
  if (!call.request.path.starts_with(kModelsPath)) co_return json_reply(models_json(known));
  const std::string name = call.request.path.substr(kModelsPath.size());
  std::string json = model_json(known, name);
  if (json.empty()) co_return fail(Code::not_found, "model_not_found", "no model '" + name + "'");
  co_return json_reply(std::move(json));
}

Task<HttpReply> OpenAiApi::chat(HttpCall call) {
  CO_TRY(ParsedChat chat, parse_chat(call.request.body));
  CO_TRY(chat.request.budget, budget_from(call.request));
  if (!chat.seeded) chat.request.generate.sampling.seed = env_.ids.bits();
  chat.request.generate.deadline = call.caller.deadline;
  if (chat.stream) {
    co_return co_await chat_stream(std::move(call.caller), std::move(chat.request), std::move(chat.model),
                                   chat.include_usage);
  }
  CO_TRY(const auto reply, co_await backend_.chat(std::move(call.caller), std::move(chat.request), nullptr));
  const std::int64_t now_ms = env_.clock.wall_ms();
  co_return json_reply(
      completion_json({"chatcmpl-" + env_.ids.uuid7(now_ms), now_ms / 1000, chat.model}, reply));
}

Task<HttpReply> OpenAiApi::chat_stream(Caller caller, ChatRequest request, std::string model,
                                       bool include_usage) {
  const auto pieces = std::make_shared<Mailbox<Piece>>(env_, stream_queue_bytes_max_);
  const auto on_text = [pieces](std::string_view text) {
    if (pieces->push(std::string(text), text.size())) return;
    pieces->close_with(Result<engine::GenerateReply>(
        fail(Code::exhausted, "http.slow", "the client reads too slowly", 1000)));
  };
  const auto think = [&backend = backend_, pieces, on_text, caller = std::move(caller),
                      request = std::move(request)]() -> asio::awaitable<void> {
    auto reply = co_await backend.chat(caller, request, on_text);
    pieces->close_with(std::move(reply));
  };
  // Whoever holds this last, the handler or the stream, stops the thinking.
  const auto thinking = std::make_shared<rt::StopOnExit>(group_.spawn_stoppable("chat", think));

  // An error before the first word is an HTTP error, as OpenAI's clients expect.
  auto first = co_await pieces->pop();
  if (const auto* end = end_of(first); end != nullptr && !*end) co_return std::unexpected(end->error());

  const std::int64_t now_ms = env_.clock.wall_ms();
  const CompletionHead head{"chatcmpl-" + env_.ids.uuid7(now_ms), now_ms / 1000, std::move(model)};
  co_return sse_reply([pieces, thinking, head, include_usage,
                       first = std::make_shared<std::optional<Piece>>(std::move(first))](
                          std::shared_ptr<BodyWriter> out) -> asio::awaitable<void> {
    if (!co_await out->write(sse_event("", chunk_role_json(head)))) co_return;
    std::optional<Piece> piece = std::move(*first);
    while (piece && end_of(piece) == nullptr) {
      if (!co_await out->write(sse_event("", chunk_text_json(head, std::get<std::string>(*piece)))))
        co_return;
      piece = co_await pieces->pop();
    }
    const auto* end = end_of(piece);
    if (end == nullptr || !*end) {
      const Error error = end ? end->error() : Error{Code::internal, "rpc.bug", "the answer broke off"};
      (void)co_await out->write(sse_event("", openai_error_json(error)));
      co_return;
    }
    std::string last = sse_event("", chunk_end_json(head, **end));
    if (include_usage) last += sse_event("", chunk_usage_json(head, (*end)->usage));
    (void)co_await out->write(last + sse_event("", "[DONE]"));
  });
}

Task<HttpReply> OpenAiApi::embeddings(HttpCall call) {
  CO_TRY(ParsedEmbed embed, parse_embed(call.request.body));
  embed.request.deadline = call.caller.deadline;
  CO_TRY(const auto reply, co_await backend_.embed(std::move(call.caller), std::move(embed.request)));
  co_return json_reply(embeddings_json(reply, embed.base64));
}

}  // namespace troupe::edge

#include "edge/openai_api.h"

#include <fmt/core.h>

#include <limits>
#include <variant>

#include "base/text.h"
#include "edge/call_header.h"
#include "edge/mailbox.h"
#include "edge/openai_reply.h"
#include "edge/openai_request.h"
#include "edge/sse.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;

constexpr std::string_view kModelsPath = "/v1/models/";
// A client's seed is any whole number of 64 bits; the largest that goes on is what a database holds.
constexpr std::uint64_t kSeedMax = std::numeric_limits<std::int64_t>::max();

// Of one of the answers: text, or how it ended.
struct Piece {
  std::size_t index = 0;
  std::variant<std::string, Result<engine::GenerateReply>> what;

  const std::string* text() const { return std::get_if<std::string>(&what); }
  const Error* error() const {
    const auto* end = std::get_if<Result<engine::GenerateReply>>(&what);
    return end != nullptr && !*end ? &end->error() : nullptr;
  }
};

std::unexpected<Error> broke_off() { return fail(Code::internal, "rpc.bug", "the answer broke off"); }

Result<bool> by_meaning(const std::string* header) {
  if (header == nullptr || *header == "exact") return false;
  if (*header == "meaning") return true;
  return fail(Code::invalid_argument, "openai.bad_request",
              fmt::format("X-Troupe-Cache is exact or meaning, not '{}'", utf8_prefix(*header, 32)));
}

// What an engine says that knows no schemas (rules instead of a model) is no answer to who asked for one.
Result<engine::GenerateReply> checked(Result<engine::GenerateReply> reply, bool json) {
  if (reply && json && !reply->held_back && !is_json(reply->text))
    return fail(Code::unavailable, "openai.no_json", "no engine that can write JSON could answer");
  return reply;
}

}  // namespace

// The answers to one request, all under way at once: they share the prompt, so the engine computes it once.
class OpenAiApi::Answers {
 public:
  Answers(OpenAiApi& api, const Caller& caller, const ParsedChat& chat, ToolVerdict verdict)
      : pieces_(std::make_shared<Mailbox<Piece>>(api.env_, api.stream_queue_bytes_max_)),
        replies_(count_of(chat)) {
    const std::int64_t now_ms = api.env_.clock.wall_ms();
    head_ = {.id = "chatcmpl-" + api.env_.ids.uuid7(now_ms),
             .created = now_ms / 1000,
             .model = chat.model,
             .usage_follows = chat.include_usage,
             .verdict = std::move(verdict),
             .call_ids = {}};
    for (std::size_t i = 0; i < replies_.size(); ++i) {
      if (head_.verdict.tool) head_.call_ids.push_back(fmt::format("call_{:016x}", api.env_.ids.bits()));
      start(api, caller, chat, i);
    }
  }

  const CompletionHead& head() const { return head_; }
  std::size_t count() const { return replies_.size(); }
  const std::vector<engine::GenerateReply>& replies() const { return replies_; }
  // The next piece; nullopt when all have ended.
  asio::awaitable<std::optional<Piece>> next() {
    if (ended_ == replies_.size()) co_return std::nullopt;
    auto piece = co_await pieces_->pop();
    if (!piece) co_return Piece{.what = Result<engine::GenerateReply>(broke_off())};
    if (const auto* end = std::get_if<Result<engine::GenerateReply>>(&piece->what); end != nullptr && *end) {
      ++ended_;
      replies_[piece->index] = **end;
    }
    co_return piece;
  }

 private:
  static std::size_t count_of(const ParsedChat& chat) { return static_cast<std::size_t>(chat.choices); }

  void start(OpenAiApi& api, const Caller& caller, const ParsedChat& chat, std::size_t index) {
    auto request = chat.request;
    auto& seed = request.generate.sampling.seed;
    seed = chat.seeded ? (seed + index) & kSeedMax : api.env_.ids.bits();
    request.seeded = chat.seeded;
    if (auto& budget = request.account.budget) budget->value /= chat.choices;
    std::function<void(std::string_view)> on_text;
    if (chat.stream) {
      on_text = [pieces = pieces_, index](std::string_view text) {
        if (pieces->push({index, std::string(text)}, text.size())) return;
        pieces->close_with({index, Result<engine::GenerateReply>(fail(Code::exhausted, "http.slow",
                                                                      "the client reads too slowly", 1000))});
      };
    }
    const auto think = [&backend = api.backend_, pieces = pieces_, index, on_text, caller,
                        request = std::move(request)]() -> asio::awaitable<void> {
      const bool json = !request.generate.json_schema.empty() && request.generate.stop.empty();
      auto reply = checked(co_await backend.chat(caller, request, on_text), json);
      pieces->push({index, std::move(reply)}, 0);
    };
    // Whoever holds this last, the handler or the stream, stops the thinking.
    thinking_.push_back(std::make_unique<rt::StopOnExit>(api.group_.spawn_stoppable("chat", think)));
  }

  std::shared_ptr<Mailbox<Piece>> pieces_;
  std::vector<engine::GenerateReply> replies_;
  CompletionHead head_;
  std::size_t ended_ = 0;
  std::vector<std::unique_ptr<rt::StopOnExit>> thinking_;
};

void OpenAiApi::add_routes(Routes& routes) {
  const auto add = [&](std::string path, std::vector<std::string> methods, HttpHandler handler) {
    routes.add({.label = "v1",
                .path = std::move(path),
                .methods = std::move(methods),
                .access = Access::callers,
                .handler = [handler = std::move(handler)](HttpCall call) -> Task<HttpReply> {
                  if (!call.caller.idempotency_key.empty()) {
                    co_return fail(Code::invalid_argument, "idempotency.not_taken",
                                   call.request.path + " keeps no answers: it takes no idempotency key");
                  }
                  co_return co_await handler(std::move(call));
                },
                .error = openai_error_reply});
  };
  add("/v1/models", {"GET", "HEAD"}, [this](HttpCall call) { return models(std::move(call)); });
  add(std::string(kModelsPath), {"GET", "HEAD"}, [this](HttpCall call) { return models(std::move(call)); });
  add("/v1/chat/completions", {"POST"}, [this](HttpCall call) { return chat(std::move(call)); });
  add("/v1/embeddings", {"POST"}, [this](HttpCall call) { return embeddings(std::move(call)); });
  add("/v1/", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, [](HttpCall call) -> Task<HttpReply> {
    co_return fail(Code::not_found, "http.not_found", "nothing at '" + call.request.path + "'");
  });
}

Task<HttpReply> OpenAiApi::models(HttpCall call) {
  CO_TRY(const auto held, door_.enter(call.caller, 1));
  CO_TRY(const auto known, co_await backend_.models(std::move(call.caller)));
  if (!call.request.path.starts_with(kModelsPath)) co_return json_reply(models_json(known));
  const std::string name = call.request.path.substr(kModelsPath.size());
  std::string json = model_json(known, name);
  if (json.empty()) co_return fail(Code::not_found, "model_not_found", "no model '" + name + "'");
  co_return json_reply(std::move(json));
}

Task<ToolVerdict> OpenAiApi::decide(Caller caller, ToolUse tools, ChatRequest request) {
  ToolVerdict out{.named = tools.mode == ToolMode::named};
  auto options = tool_options(tools);
  if (options.size() < 2) {
    out.tool = options.front();
    co_return out;
  }
  auto question = tool_question(std::move(options), request.generate);
  out.options = question.ask.options;
  ChooseRequest ask{.choose = std::move(question.ask), .account = std::move(request.account)};
  CO_TRY(const auto reply, co_await backend_.choose(std::move(caller), std::move(ask)));
  if (reply.choice >= question.options.size())
    co_return fail(Code::internal, "rpc.bug", "a choice that is none of the options");
  out.tool = question.options[reply.choice];
  out.probabilities = reply.probabilities;
  out.method = reply.method;
  out.cost = MicroUsd{reply.usage.cost_microusd};
  co_return out;
}

Task<HttpReply> OpenAiApi::chat(HttpCall call) {
  CO_TRY(ParsedChat chat, parse_chat(call.request.body, call.request.header("x-troupe-tier")));
  CO_TRY(const auto held, door_.enter(call.caller, static_cast<std::size_t>(chat.choices)));
  auto& account = chat.request.account;
  CO_TRY(account.budget, budget_from(call.request));
  CO_TRY(const bool shared, by_meaning(call.request.header("x-troupe-cache")));
  chat.request.by_meaning = shared && chat.choices == 1;  // several are to differ
  chat.request.generate.deadline = call.caller.deadline;
  CO_TRY(auto verdict, co_await decide(call.caller, chat.tools, chat.request));
  if (account.budget)
    account.budget->value = std::max<std::int64_t>(0, account.budget->value - verdict.cost.value);
  if (verdict.tool) ask_for_arguments(*verdict.tool, chat.request.generate);

  const auto answers = std::make_shared<Answers>(*this, call.caller, chat, std::move(verdict));
  // An error before the first word is an HTTP error, as OpenAI's clients expect.
  auto piece = co_await answers->next();
  if (const Error* error = piece->error()) co_return std::unexpected(*error);
  if (!chat.stream) {
    while (piece) {
      if (const Error* error = piece->error()) co_return std::unexpected(*error);
      piece = co_await answers->next();
    }
    co_return json_reply(completion_json(answers->head(), answers->replies()));
  }
  co_return sse_reply([answers, held, first = std::make_shared<std::optional<Piece>>(std::move(piece))](
                          std::shared_ptr<BodyWriter> out) -> asio::awaitable<void> {
    const auto& head = answers->head();
    std::string begin;
    for (std::size_t i = 0; i < answers->count(); ++i) begin += sse_event("", chunk_begin_json(head, i));
    if (!co_await out->write(begin)) co_return;
    for (std::optional<Piece> piece = std::move(*first); piece; piece = co_await answers->next()) {
      if (const Error* error = piece->error()) {
        (void)co_await out->write(sse_event("", openai_error_json(*error)));
        co_return;
      }
      const auto* text = piece->text();
      const auto json = text ? chunk_piece_json(head, piece->index, *text)
                             : chunk_end_json(head, piece->index, answers->replies()[piece->index]);
      if (!co_await out->write(sse_event("", json))) co_return;
    }
    std::string last;
    if (head.usage_follows) last = sse_event("", chunk_usage_json(head, answers->replies()));
    (void)co_await out->write(last + sse_event("", "[DONE]"));
  });
}

Task<HttpReply> OpenAiApi::embeddings(HttpCall call) {
  CO_TRY(ParsedEmbed embed, parse_embed(call.request.body));
  CO_TRY(const auto held, door_.enter(call.caller, 1));
  CO_TRY(embed.request.account.budget, budget_from(call.request));
  embed.request.embed.deadline = call.caller.deadline;
  CO_TRY(const auto reply, co_await backend_.embed(std::move(call.caller), std::move(embed.request)));
  co_return json_reply(embeddings_json(reply, embed.base64));
}

}  // namespace troupe::edge

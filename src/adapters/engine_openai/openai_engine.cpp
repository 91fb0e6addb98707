#include "adapters/engine_openai/openai_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/engine_openai/config.h"
#include "adapters/engine_openai/request.h"
#include "adapters/engine_openai/upstream.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kVectorBytesMax = 16 * kReplyBytesMax;
constexpr auto kProbeTimeout = rt::milliseconds(10'000);

Result<void> check_length(int tokens, const Upstream& upstream, const Limits& limits) {
  const int most = std::min(limits.prompt_tokens_max, upstream.config().context_tokens);
  if (tokens <= most) return {};
  return fail(Code::invalid_argument, "engine.prompt_too_long",
              fmt::format("the prompt has about {} tokens; {} takes {}", tokens, upstream.info.name, most));
}

Result<void> check_deadline(const Core& core, rt::Instant deadline) {
  if (deadline > core.env.now()) return {};
  return fail(Code::deadline_exceeded, "deadline", "the deadline had passed already");
}

std::int64_t micros(std::chrono::nanoseconds span) { return span.count() / 1000; }

// Half of a value is none. What is no JSON at all is the model's answer all the same: whoever asked looks at
// it, and the upstream is well.
Result<void> check_json(Finish finish, const Upstream& upstream) {
  const auto& name = upstream.info.name;
  if (finish == Finish::deadline)
    return fail(Code::deadline_exceeded, "engine.json_cut", name + " had no time to end its JSON");
  if (finish == Finish::length)
    return fail(Code::exhausted, "engine.json_cut", name + " had no tokens left to end its JSON");
  return {};
}

// As counted by the upstream; what it does not say (it was stopped, or never says) is estimated.
Usage usage_of_stream(const StreamReply& reply, const std::optional<Counted>& said, int prompt_tokens,
                      const Prices& prices) {
  Counted counted = said.value_or(Counted{.prompt_tokens = prompt_tokens, .new_tokens = reply.pieces()});
  if (counted.reasoning_tokens == 0)
    counted.reasoning_tokens = std::min(reply.thoughts(), counted.new_tokens);
  return usage_of(counted, prices);
}

inference::Markup::Kind markup_of(const GenerateRequest& request) {
  using Kind = inference::Markup::Kind;
  if (!request.json_schema.empty() || !request.grammar.empty()) return Kind::structured;
  return request.speech ? Kind::speech : Kind::text;
}

// The longest tokens of any vocabulary are runs of spaces and dashes.
constexpr std::size_t kTokenBytesMax = 128;

// How many tokens it gets for thoughts. Who may be a thinker gets them where they cost nothing.
int thought_tokens(const Upstream& upstream, const GenerateRequest& request) {
  using Thinks = Upstream::Thinks;
  const bool free = upstream.config().prices.output == 0;
  const bool may =
      upstream.thinks == Thinks::yes || (upstream.thinks == Thinks::unknown && request.speech && free);
  return may ? request.reasoning_tokens_max : 0;
}

void learn(Upstream& upstream, const StreamReply& reply) {
  using Thinks = Upstream::Thinks;
  upstream.opens_in_thought |= reply.opens_in_thought();
  if (reply.thoughts() > 0) {
    upstream.thinks = Thinks::yes;
  } else if (upstream.thinks == Thinks::unknown && !reply.text().empty()) {
    upstream.thinks = Thinks::no;
  }
}

Task<GenerateReply> run_generate(CorePtr core, Upstream* upstream, GenerateRequest request,
                                 StreamReply::OnText on_text, [[maybe_unused]] Places::Call call) {
  const auto called = core->env.now();
  const int estimate = estimated_tokens(request.messages);
  const int thoughts = thought_tokens(*upstream, request);
  CO_TRY(auto body, generate_body(upstream->config(), request, thoughts));
  Question question{.path = "/chat/completions",
                    .body = std::move(body),
                    .tier = request.tier,
                    .deadline = request.deadline,
                    .first_token_by = request.first_token_by};
  const auto last = std::make_shared<std::shared_ptr<StreamReply>>();  // of the last request that was sent
  const auto sent = std::make_shared<rt::Instant>(called);
  const auto make = [core, upstream, request, on_text, last, sent](int thoughts) {
    return [core, upstream, request, on_text, last, sent, thoughts](Places::Place place) {
      *sent = core->env.now();
      // (What a person says is held until it is certain that a model nobody knows yet does not think aloud.)
      const bool held =
          upstream->opens_in_thought || (request.speech && upstream->thinks == Upstream::Thinks::unknown);
      StreamReply::Hears hears{
          .stops = request.stop,
          .markup = inference::Markup(markup_of(request), held),
          .pieces_max = thoughts > 0 ? request.tokens_max : 0,
          .bytes_max = kTokenBytesMax * static_cast<std::size_t>(request.tokens_max + thoughts)};
      return *last = std::make_shared<StreamReply>(core->env, upstream->source, std::move(place),
                                                   std::move(hears), on_text);
    };
  };
  auto end = co_await ask<StreamReply>(core, upstream, question, make(thoughts));
  if (end) learn(*upstream, **last);
  const int more = thought_tokens(*upstream, request);
  if (end && end->finish == Finish::length && (*last)->text().empty() && thoughts == 0 && more > 0 &&
      upstream->config().prices.output == 0) {
    // Its thoughts took what was meant for the answer: once more, with room for them.
    CO_TRY(question.body, generate_body(upstream->config(), request, more));
    end = co_await ask<StreamReply>(core, upstream, question, make(more));
  }
  const std::shared_ptr<StreamReply> reply = *last;
  const bool late = !end && end.error().code == Code::deadline_exceeded;
  if (!end && !(late && reply && !reply->text().empty())) co_return std::unexpected(end.error());
  if (!request.json_schema.empty()) {
    CO_TRY_VOID(check_json(late ? Finish::deadline : end->finish, *upstream));
  }
  if (end && request.top_logprobs >= 0 && end->logprobs.empty() && !reply->text().empty())
    co_return no_logprobs(upstream->config());  // the upstream ignores what it does not know
  GenerateReply out{.text = reply->text(),
                    .reasoning = reply->reasoning(),
                    .finish = late ? Finish::deadline : end->finish,
                    .model = upstream->info.name,
                    .usage = usage_of_stream(*reply, late ? std::nullopt : end->counted, estimate,
                                             upstream->config().prices),
                    .logprobs = end ? std::move(end->logprobs) : std::vector<TokenLogprob>()};
  out.usage.queue_us = micros(*sent - called);
  out.usage.total_us = micros(core->env.now() - called);
  out.usage.first_token_us = micros(reply->first_text().value_or(core->env.now()) - called);
  co_return out;
}

Task<EmbedReply> run_embed(CorePtr core, Upstream* upstream, EmbedRequest request,
                           [[maybe_unused]] Places::Call call) {
  const auto called = core->env.now();
  EmbedReply out{.model = upstream->info.name};
  if (request.texts.empty()) co_return out;
  Question question{.path = "/embeddings",
                    .body = embed_body(upstream->config(), request.texts),
                    .tier = Tier::silver,
                    .deadline = request.deadline};
  CO_TRY(const auto body, co_await ask_whole(core, upstream, std::move(question), kVectorBytesMax));
  auto vectors = read_vectors(body, upstream->config(), request.texts.size());
  if (!vectors) {
    upstream->failed(vectors.error(), core->env.now());
    co_return std::unexpected(vectors.error().error);
  }
  out.vectors = std::move(vectors->vectors);
  std::size_t bytes = 0;
  for (const auto& text : request.texts) bytes += text.size();
  out.usage = usage_of(vectors->counted.value_or(Counted{.prompt_tokens = estimated_tokens(bytes)}),
                       upstream->config().prices);
  out.usage.total_us = micros(core->env.now() - called);
  co_return out;
}

Task<Usage> run_warm(CorePtr core, Upstream* upstream, GenerateRequest request,
                     [[maybe_unused]] Places::Call call) {
  const auto& prices = upstream->config().prices;
  // What costs money is not asked for what may never be needed; and a cloud's cache is not ours to fill.
  if (prices.prompt > 0 || prices.output > 0) co_return Usage{};
  const auto called = core->env.now();
  Question question{.path = "/chat/completions",
                    .body = warm_body(upstream->config(), request),
                    .tier = Tier::bronze,
                    .deadline = request.deadline};
  CO_TRY(const auto body, co_await ask_whole(core, upstream, std::move(question), kReplyBytesMax));
  const auto piece = read_piece(body, upstream->config());
  if (!piece) co_return std::unexpected(piece.error().error);
  Usage usage = usage_of(piece->counted.value_or(Counted{}), prices);
  usage.total_us = micros(core->env.now() - called);
  co_return usage;
}

template <class Reply>
Task<Reply> refuse(Error error) {
  co_return std::unexpected(std::move(error));
}

class OpenAiEngineImpl final : public OpenAiEngine {
 public:
  explicit OpenAiEngineImpl(CorePtr core) : core_(std::move(core)) {}
  ~OpenAiEngineImpl() override {
    for (const auto& upstream : core_->upstreams) upstream->places->close();
    core_->transport.shut_down();
    core_->group.cancel();  // what sleeps until it asks again
  }

  std::string_view name() const override { return "openai"; }
  const Limits& limits() const override { return core_->limits; }
  bool thinks(std::string_view model) const override {
    return std::ranges::any_of(core_->upstreams, [&](const auto& upstream) {
      return upstream->info.name == model && upstream->thinks == Upstream::Thinks::yes;
    });
  }
  std::vector<ModelInfo> models() const override {
    std::vector<ModelInfo> out;
    for (const auto& upstream : core_->upstreams) out.push_back(upstream->info);
    return out;
  }
  std::vector<UpstreamView> upstreams() const override {
    std::vector<UpstreamView> out;
    for (const auto& u : core_->upstreams) {
      out.push_back({.name = u->info.name,
                     .url = u->config().url,
                     .model = u->config().model,
                     .asked = u->asked,
                     .problem = u->problem});
    }
    return out;
  }
  OpenAiStats stats() const override {
    const auto transport = core_->transport.stats();
    return {.requests = transport.requests,
            .connections = transport.connections,
            .in_flight = transport.in_flight,
            .retries = core_->retries.load()};
  }

  Task<GenerateReply> generate(GenerateRequest request,
                               std::function<void(std::string_view)> on_text) override {
    auto begun = begin_generate(std::move(request), std::move(on_text));
    return begun ? std::move(*begun) : refuse<GenerateReply>(std::move(begun).error());
  }
  Task<ChooseReply> choose(ChooseRequest request) override {
    auto begun = begin_choose(std::move(request));
    return begun ? std::move(*begun) : refuse<ChooseReply>(std::move(begun).error());
  }
  Task<EmbedReply> embed(EmbedRequest request) override {
    auto begun = begin_embed(std::move(request));
    return begun ? std::move(*begun) : refuse<EmbedReply>(std::move(begun).error());
  }
  Task<Usage> warm(GenerateRequest request) override {
    auto begun = begin_warm(std::move(request));
    return begun ? std::move(*begun) : refuse<Usage>(std::move(begun).error());
  }

 private:
  // The model of that name, or the first that serves the tier, or the first at all.
  Result<Upstream*> find(const std::string& name, Tier tier, bool embedding) const {
    Upstream* any = nullptr;
    std::vector<std::string> names;
    for (const auto& upstream : core_->upstreams) {
      const auto& info = upstream->info;
      if ((info.embedding_size > 0) != embedding) continue;
      names.push_back(info.name);
      if (!name.empty()) {
        if (info.name == name) return upstream.get();
        continue;
      }
      if (any == nullptr) any = upstream.get();
      if (std::ranges::find(info.tiers, tier) != info.tiers.end()) return upstream.get();
    }
    if (any != nullptr) return any;
    return fail(Code::unavailable, "engine.no_model",
                fmt::format("no {} model '{}' is configured{}", embedding ? "embedding" : "chat", name,
                            did_you_mean(name, names)));
  }

  Result<Task<GenerateReply>> begin_generate(GenerateRequest request, StreamReply::OnText on_text) {
    TRY_VOID(check(request));
    request.tokens_max = std::min(request.tokens_max, core_->limits.new_tokens_max);
    TRY(auto* upstream, find(request.model, request.tier, false));
    TRY_VOID(check_length(estimated_tokens(request.messages), *upstream, core_->limits));
    TRY_VOID(check_deadline(*core_, request.deadline));
    TRY(auto call, upstream->places->enter());
    return run_generate(core_, upstream, std::move(request), std::move(on_text), std::move(call));
  }

  Result<Task<ChooseReply>> begin_choose(ChooseRequest request) {
    TRY_VOID(check(request, core_->limits));
    std::size_t bytes = request.context.size() + request.scene.size();
    for (const auto& option : request.options) bytes += option.size();
    TRY(auto* upstream, find(request.model, request.tier, false));
    TRY_VOID(check_length(estimated_tokens(bytes), *upstream, core_->limits));
    TRY_VOID(check_deadline(*core_, request.deadline));
    TRY(auto call, upstream->places->enter());
    return run_choose(core_, upstream, std::move(request), std::move(call));
  }

  Result<Task<EmbedReply>> begin_embed(EmbedRequest request) {
    TRY_VOID(check(request, core_->limits));
    TRY(auto* upstream, find(request.model, Tier::silver, true));
    for (const auto& text : request.texts) {
      TRY_VOID(check_length(estimated_tokens(text.size()), *upstream, core_->limits));
    }
    TRY_VOID(check_deadline(*core_, request.deadline));
    TRY(auto call, upstream->places->enter());
    return run_embed(core_, upstream, std::move(request), std::move(call));
  }

  Result<Task<Usage>> begin_warm(GenerateRequest request) {
    TRY_VOID(check(request));
    TRY(auto* upstream, find(request.model, request.tier, false));
    TRY_VOID(check_length(estimated_tokens(request.messages), *upstream, core_->limits));
    TRY_VOID(check_deadline(*core_, request.deadline));
    TRY(auto call, upstream->places->enter());
    return run_warm(core_, upstream, std::move(request), std::move(call));
  }

  CorePtr core_;
};

Result<std::unique_ptr<Upstream>> make_upstream(const rt::Env& env, const OpenAiModelConfig& config,
                                                const Limits& limits) {
  const auto bad = [&](const std::string& what) {
    return fail(Code::invalid_argument, "engine.bad_config", config.name + ": " + what);
  };
  if (const auto problem = openai_model_problem(config); !problem.empty()) return bad(problem);
  auto key = read_key(config.key_file);
  if (!key) return bad(key.error().message);
  AddressRules rules;
  for (const auto& text : config.allow_addresses) {
    TRY(const auto network, parse_network(text));
    rules.allowed.push_back(network);
  }
  ModelInfo info{.name = config.name,
                 .context_tokens = config.context_tokens,
                 .embedding_size = config.embedding_size,
                 .writes = config.embedding_size == 0,
                 .tiers = config.tiers};
  auto source = std::make_shared<Source>(Source{config, *std::move(key)});
  while (source->config.url.ends_with('/')) source->config.url.pop_back();
  return std::make_unique<Upstream>(std::move(source), std::move(rules),
                                    std::make_shared<Places>(env, config.parallel, limits.waiting_max),
                                    std::move(info));
}

// Says early what an operator would otherwise find out with the first player.
rt::asio::awaitable<void> probe(CorePtr core, Upstream* upstream) {
  const Question question{
      .path = "/models", .tier = Tier::bronze, .deadline = core->env.now() + kProbeTimeout};
  const auto body = co_await ask_whole(core, upstream, question, kReplyBytesMax);
  if (!body) co_return;
  const auto listed = lists_model(*body, upstream->config());
  // llama-server lists its file and answers to every name.
  if (listed && !*listed && upstream->config().dialect != Dialect::llama) {
    log::warn("engines", "{} does not list the model '{}'", upstream->info.name, upstream->config().model);
  }
}

}  // namespace

Result<std::unique_ptr<OpenAiEngine>> open_openai_engine(const rt::Env& env, OpenAiConfig config) {
  auto core = std::make_shared<Core>(env, config.limits);
  for (const auto& model : config.models) {
    const auto same = [&](const auto& known) { return known->info.name == model.name; };
    if (std::ranges::any_of(core->upstreams, same)) {
      return fail(Code::invalid_argument, "engine.bad_config", model.name + ": two models have this name");
    }
    TRY(auto upstream, make_upstream(env, model, config.limits));
    core->upstreams.push_back(std::move(upstream));
  }
  for (const auto& upstream : core->upstreams) {
    core->group.spawn("probe", [core, u = upstream.get()] { return probe(core, u); });
  }
  return std::make_unique<OpenAiEngineImpl>(std::move(core));
}

}  // namespace troupe::engine

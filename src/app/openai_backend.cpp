#include "app/openai_backend.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "host/ask_over_bus.h"
#include "moderation/moderation.h"
#include "troupe/v1/ai.pb.h"
#include "troupe/v1/router.pb.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {

namespace {

engine::Usage usage_of(const pb::RouterUsage& usage) {
  return {.prompt_tokens = usage.prompt_tokens(),
          .cached_tokens = usage.cached_tokens(),
          .new_tokens = usage.new_tokens(),
          .reasoning_tokens = usage.reasoning_tokens(),
          .queue_us = usage.queue_us(),
          .first_token_us = usage.first_token_us(),
          .total_us = usage.total_us(),
          .cost_microusd = usage.cost_microusd()};
}

std::int64_t left_ms(const rt::Env& env, rt::Instant deadline) {
  return deadline.is_never() ? 0 : std::max<std::int64_t>(1, (deadline - env.now()).count() / 1'000'000);
}

engine::Finish finish_of(const std::string& name) {
  for (const auto finish : {engine::Finish::length, engine::Finish::deadline, engine::Finish::cancelled}) {
    if (engine::finish_name(finish) == name) return finish;
  }
  return engine::Finish::stop;
}

// Who pays, before the caller's role is taken off.
void charge(auto& ask, const Caller& caller, const edge::Account& account) {
  ask.set_player(caller.player_or_self(account.player));
  if (account.budget) ask.set_budget_microusd(account.budget->value);
}

std::vector<engine::TokenLogprob> logprobs_of(const pb::RouterGenerateReply& reply) {
  std::vector<engine::TokenLogprob> out;
  for (const auto& token : reply.logprobs()) {
    out.push_back({.token = token.token(), .logprob = token.logprob(), .top = {}});
    for (const auto& one : token.top()) out.back().top.push_back({one.token(), one.logprob()});
  }
  return out;
}

// An answer to a player: whole sentences that fit. What has structure, and what a model judges, is shown when
// all of it is there.
struct ForPlayer {
  std::string name;
  moderation::Levels allowed{};
  bool at_the_end = false;
  std::function<void(std::string_view)> on_text;
  std::string raw;
  std::string shown;
  moderation::Finding finding;
  bool over = false;  // what is still on the bus is in the reply, too

  void take(std::string_view text) {
    if (!finding.allowed) return;
    finding = moderation::judge_next(shown, text, allowed);
    if (!finding.allowed) return;
    shown += text;
    if (on_text && !text.empty()) on_text(text);
  }
};

void add_texts(const nlohmann::json& value, std::string& out) {
  if (value.is_string()) out += value.get_ref<const std::string&>() + "\n";
  if (!value.is_structured()) return;
  for (const auto& [name, below] : value.items()) {
    if (value.is_object()) out += name + "\n";
    add_texts(below, out);
  }
}

// What whoever gets JSON will read: not its escapes.
std::string as_read(const std::string& text) {
  const auto value = parse_json(text);
  if (!value) return text;
  std::string out;
  add_texts(*value, out);
  return out;
}

moderation::Levels levels_in(const google::protobuf::RepeatedPtrField<pb::CategoryLevel>& from) {
  moderation::Levels out{};
  for (const auto& level : from) {
    moderation::Category category{};
    if (moderation::parse_category(level.category(), category))
      out[static_cast<std::size_t>(category)] = level.level();
  }
  return out;
}

}  // namespace

template <class Reply, class Request>
Task<Reply> RouterOpenAiBackend::ask(Caller caller, Request request) {
  if (caller.world.empty()) caller.world = home_();
  CO_TRY([[maybe_unused]] const auto visit, co_await worlds_.enter(caller.world));
  co_return co_await ask_over_bus<Reply>(env_, bus_, std::move(caller), std::move(request));
}

// For a player, or for a caller who names one: both what goes to the model and what comes back.
Task<pb::AiModerateReply> RouterOpenAiBackend::judge(Caller caller, std::string player, std::string text,
                                                     std::string direction) {
  pb::AiModerateRequest ask;
  ask.set_player(std::move(player));
  ask.set_text(std::move(text));
  ask.set_direction(std::move(direction));
  ask.set_door("v1.chat");
  caller.role = pb::ROLE_SERVICE;
  caller.stream.clear();
  caller.idempotency_key.clear();
  co_return co_await this->ask<pb::AiModerateReply>(std::move(caller), std::move(ask));
}

Task<engine::GenerateReply> RouterOpenAiBackend::chat(Caller caller, edge::ChatRequest request,
                                                      std::function<void(std::string_view)> on_text) {
  static constexpr const char* kRoles[] = {"system", "user", "assistant"};
  const auto& wanted = request.generate;
  pb::RouterGenerateRequest ask;
  ask.set_tier(std::string(engine::tier_name(wanted.tier)));
  ask.set_model(wanted.model);
  for (const auto& message : wanted.messages) {
    auto* out = ask.add_messages();
    out->set_role(kRoles[static_cast<int>(message.role)]);
    out->set_text(message.text);
  }
  ask.set_tokens_max(wanted.tokens_max);
  ask.set_temperature(wanted.sampling.temperature);
  ask.set_top_p(wanted.sampling.top_p);
  // (0 is "none" to the router.)
  constexpr std::uint64_t kNought = 0x5eed0;
  if (request.seeded) ask.set_seed(wanted.sampling.seed != 0 ? wanted.sampling.seed : kNought);
  ask.mutable_stop()->Assign(wanted.stop.begin(), wanted.stop.end());
  ask.set_json_schema(wanted.json_schema);
  ask.set_grammar(wanted.grammar);
  ask.set_presence_penalty(wanted.sampling.presence_penalty);
  ask.set_frequency_penalty(wanted.sampling.frequency_penalty);
  ask.set_logprobs(wanted.top_logprobs >= 0);
  ask.set_top_logprobs(std::max(0, wanted.top_logprobs));
  ask.set_cache_by_meaning(request.by_meaning);
  charge(ask, caller, request.account);
  std::shared_ptr<ForPlayer> player;
  if (caller.role == pb::ROLE_PLAYER || !request.account.player.empty()) {
    std::string said;
    for (const auto& message : wanted.messages) said += message.text + "\n";
    CO_TRY(const auto judged, co_await judge(caller, ask.player(), said, "in"));
    if (!judged.allowed())
      co_return fail(Code::invalid_argument, "ai.held_back", "that cannot be said here: " + judged.reason());
    const bool free = wanted.json_schema.empty() && wanted.grammar.empty();
    player = std::make_shared<ForPlayer>(ForPlayer{.name = ask.player(),
                                                   .allowed = levels_in(judged.limits()),
                                                   .at_the_end = !free || judged.by() == "model",
                                                   .on_text = on_text});
    ask.set_whole_sentences(free);
    if (on_text) {
      on_text = [player](std::string_view text) {
        if (player->over) return;
        player->raw += text;
        if (!player->at_the_end) player->take(text);
      };
    }
  }
  ask.set_deadline_ms(left_ms(env_, caller.deadline));
  const Caller asking = caller;
  caller.role = pb::ROLE_SERVICE;  // the edge admitted them to these paths
  bus::Subscription parts;
  if (on_text) {
    caller.stream = "str." + env_.ids.uuid7(env_.clock.wall_ms());
    CO_TRY(parts, bus_.subscribe(caller.stream, [on_text](const bus::Event& event) {
      pb::StreamPart part;
      if (part.ParseFromString(event.payload)) on_text(part.text());
    }));
  }
  CO_TRY(const auto reply, co_await this->ask<pb::RouterGenerateReply>(std::move(caller), std::move(ask)));
  engine::GenerateReply out{.text = reply.text(),
                            .finish = finish_of(reply.finish()),
                            .model = reply.model(),
                            .model_hash = reply.model_hash(),
                            .usage = usage_of(reply.usage()),
                            .logprobs = logprobs_of(reply)};
  if (!player) co_return out;
  player->over = true;
  if (player->at_the_end || !reply.text().starts_with(player->raw)) {
    CO_TRY(const auto judged, co_await judge(asking, player->name, as_read(out.text), "out"));
    if (!judged.allowed()) player->finding.allowed = false;
    if (player->shown.empty()) player->take(out.text);
  } else {
    player->take(std::string_view(reply.text()).substr(player->raw.size()));
    if (!player->finding.allowed) (void)co_await judge(asking, player->name, out.text, "out");  // records it
  }
  parts = {};
  out.held_back = !player->finding.allowed;
  out.text = player->shown;
  if (out.held_back) out.logprobs.clear();  // they spell what was held back
  co_return out;
}

Task<engine::ChooseReply> RouterOpenAiBackend::choose(Caller caller, edge::ChooseRequest request) {
  const auto& wanted = request.choose;
  pb::RouterChooseRequest ask;
  ask.set_tier(std::string(engine::tier_name(wanted.tier)));
  ask.set_model(wanted.model);
  ask.set_context(wanted.context);
  ask.set_scene(wanted.scene);
  ask.mutable_options()->Assign(wanted.options.begin(), wanted.options.end());
  charge(ask, caller, request.account);
  ask.set_deadline_ms(left_ms(env_, caller.deadline));
  caller.role = pb::ROLE_SERVICE;
  CO_TRY(const auto reply, co_await this->ask<pb::RouterChooseReply>(std::move(caller), std::move(ask)));
  co_return engine::ChooseReply{.choice = static_cast<std::size_t>(std::max(0, reply.choice())),
                                .probabilities = {reply.probabilities().begin(), reply.probabilities().end()},
                                .method = reply.method(),
                                .model = reply.model(),
                                .model_hash = reply.model_hash(),
                                .prompt = reply.prompt(),
                                .usage = usage_of(reply.usage())};
}

Task<engine::EmbedReply> RouterOpenAiBackend::embed(Caller caller, edge::EmbedRequest request) {
  const auto& wanted = request.embed;
  pb::RouterEmbedRequest ask;
  ask.set_model(wanted.model);
  ask.mutable_texts()->Assign(wanted.texts.begin(), wanted.texts.end());
  charge(ask, caller, request.account);
  ask.set_deadline_ms(left_ms(env_, caller.deadline));
  caller.role = pb::ROLE_SERVICE;
  CO_TRY(const auto reply, co_await this->ask<pb::RouterEmbedReply>(std::move(caller), std::move(ask)));
  engine::EmbedReply out{.model = reply.model(), .usage = usage_of(reply.usage())};
  for (const auto& vector : reply.vectors())
    out.vectors.emplace_back(vector.values().begin(), vector.values().end());
  co_return out;
}

Task<std::vector<engine::ModelInfo>> RouterOpenAiBackend::models(Caller caller) {
  caller.role = pb::ROLE_SERVICE;
  CO_TRY(const auto status,
         co_await ask<pb::RouterStatusReply>(std::move(caller), pb::RouterStatusRequest()));
  std::vector<engine::ModelInfo> out;
  for (const auto& model : status.models()) {
    engine::ModelInfo info{.name = model.name(),
                           .hash = model.sha256(),
                           .context_tokens = model.context_tokens(),
                           .embedding_size = model.embedding_size(),
                           .writes = model.writes()};
    for (const auto tier : {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze}) {
      if (std::ranges::find(model.tiers(), engine::tier_name(tier)) != model.tiers().end())
        info.tiers.push_back(tier);
    }
    out.push_back(std::move(info));
  }
  co_return out;
}

}  // namespace troupe

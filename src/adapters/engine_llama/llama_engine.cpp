#include "adapters/engine_llama/llama_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <thread>

#include "adapters/engine_llama/card.h"
#include "adapters/engine_llama/choose.h"
#include "adapters/engine_llama/embed.h"
#include "adapters/engine_llama/encoded_choice.h"
#include "adapters/engine_llama/generate.h"
#include "adapters/engine_llama/meaning.h"
#include "adapters/engine_llama/worker.h"
#include "base/text.h"

namespace troupe::engine {

std::string_view choose_method_name(ChooseMethod method) {
  switch (method) {
    case ChooseMethod::letters:
      return "letters";
    case ChooseMethod::letters_minus_prior:
      return "letters_minus_prior";
    case ChooseMethod::letters_rotated:
      return "letters_rotated";
    case ChooseMethod::text_minus_prior:
      return "text_minus_prior";
    case ChooseMethod::meaning:
      return "meaning";
    case ChooseMethod::cross_encoder:
      return "cross_encoder";
  }
  return "letters_minus_prior";
}

std::optional<ChooseMethod> parse_choose_method(std::string_view name) {
  for (std::size_t i = 0; i < kChooseMethods; ++i) {
    const auto method = static_cast<ChooseMethod>(i);
    if (choose_method_name(method) == name) return method;
  }
  return std::nullopt;
}

namespace {

std::unexpected<Error> bad_method(const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kChooseMethods; ++i)
    names.emplace_back(choose_method_name(static_cast<ChooseMethod>(i)));
  return fail(Code::invalid_argument, "engine.bad_method",
              fmt::format("no method is called '{}'{}; there are {}", name, did_you_mean(name, names),
                          join(names, ", ")));
}

ModelKind kind_for(ChooseMethod method) {
  if (method == ChooseMethod::meaning) return ModelKind::embedding;
  return method == ChooseMethod::cross_encoder ? ModelKind::cross_encoder : ModelKind::chat;
}

const char* kind_name(ModelKind kind) {
  if (kind == ModelKind::embedding) return "an embedding model";
  return kind == ModelKind::cross_encoder ? "a choice model" : "a chat model";
}

// What a model is asked by: the method that was named, or its own.
Result<ChooseMethod> method_for(const LlamaModelConfig& model, const std::string& wanted) {
  const auto own = model.kind == ModelKind::embedding       ? ChooseMethod::meaning
                   : model.kind == ModelKind::cross_encoder ? ChooseMethod::cross_encoder
                                                            : model.choose;
  if (wanted.empty()) return own;
  const auto named = parse_choose_method(wanted);
  if (!named) return bad_method(wanted);
  if (kind_for(*named) == model.kind) return *named;
  return fail(Code::invalid_argument, "engine.bad_method",
              fmt::format("{} is {}; '{}' needs {}", model.name, kind_name(model.kind), wanted,
                          kind_name(kind_for(*named))));
}

const Usage& usage_of(const Usage& reply) { return reply; }
const Usage& usage_of(const auto& reply) { return reply.usage; }

// Tells the engine that the caller waits no longer, and how it ended, however the coroutine ends. A parameter
// of the coroutine, so that it also speaks when the task is dropped before it was ever awaited.
class Caller {
 public:
  Caller(std::shared_ptr<Inbox> inbox, TicketPtr ticket, std::shared_ptr<GenerateCall> hears = nullptr)
      : inbox_(std::move(inbox)), ticket_(std::move(ticket)), hears_(std::move(hears)) {}
  ~Caller() {
    if (hears_) hears_->on_text = nullptr;
    inbox_->leave(ticket_, std::move(ending_));
  }
  Caller(const Caller&) = delete;
  rt::Instant deadline() const { return ticket_->deadline; }
  Usage usage() const {
    Usage out{.total_us = micros(inbox_->env().now() - ticket_->called)};
    ticket_->fill(out);
    return out;
  }

  template <class Reply>
  Result<Reply> ended(Result<Reply> result) {
    using Outcome = ThoughtView::Outcome;
    if (result) {
      const auto now = inbox_->env().now();
      ending_.late = now > deadline() ? now - deadline() : rt::nanoseconds{0};
      const bool late = ending_.late.count() > 0 || usage_of(*result).cut == Cut::deadline;
      ending_.outcome = late ? Outcome::late : Outcome::met;
    } else {
      ending_.reason = result.error().reason;
      ending_.outcome = result.error().code == Code::deadline_exceeded ? Outcome::dropped
                        : result.error().code == Code::cancelled       ? Outcome::cancelled
                                                                       : Outcome::failed;
    }
    return result;
  }

 private:
  std::shared_ptr<Inbox> inbox_;
  TicketPtr ticket_;
  std::shared_ptr<GenerateCall> hears_;
  Ending ending_;
};
using CallerPtr = std::unique_ptr<Caller>;

// Free functions, so that nothing here needs the engine once it waits: it may be gone when the answer comes.
Task<GenerateReply> finish_generate(CallerPtr caller, std::shared_ptr<GenerateCall> call, ModelInfo model) {
  auto result = co_await call->done.wait(caller->deadline());
  if (result) {
    // The last pieces may still be on their way to this thread.
    if (call->streamed.size() < result->text.size()) {
      call->deliver(std::string_view(result->text).substr(call->streamed.size()));
    }
  } else if (result.error().code == Code::deadline_exceeded && !call->streamed.empty() &&
             call->request.json_schema.empty()) {
    auto usage = caller->usage();
    usage.cut = Cut::deadline;
    result = GenerateReply{.text = call->streamed,
                           .finish = Finish::deadline,
                           .model = model.name,
                           .model_hash = model.hash,
                           .usage = usage};
  }
  co_return caller->ended(std::move(result));
}

template <class Reply, class Call>
Task<Reply> finish(CallerPtr caller, std::shared_ptr<Call> call) {
  auto result = co_await call->done.wait(caller->deadline());
  co_return caller->ended(std::move(result));
}

Task<ChooseReply> finish_meaning(CallerPtr caller, std::shared_ptr<EmbedCall> call, MeaningQuestion question,
                                 std::shared_ptr<OptionVectors> known, double temperature,
                                 std::string model_hash) {
  auto embedded = co_await call->done.wait(caller->deadline());
  if (!embedded) co_return caller->ended(Result<ChooseReply>(std::unexpected(std::move(embedded).error())));
  auto reply = question.answer(*std::move(embedded), temperature, *known);
  reply.model_hash = std::move(model_hash);
  co_return caller->ended(Result<ChooseReply>(std::move(reply)));
}

template <class Reply>
Task<Reply> refuse(Error error) {
  co_return std::unexpected(std::move(error));
}

class LlamaEngineImpl final : public LlamaEngine {
 public:
  LlamaEngineImpl(LlamaConfig config, std::shared_ptr<Inbox> inbox,
                  std::vector<std::unique_ptr<Model>> models, std::vector<ModelInfo> infos,
                  std::vector<ChatFormat> formats, ModelPlaces places)
      : config_(std::move(config)),
        inbox_(std::move(inbox)),
        infos_(std::move(infos)),
        places_(std::move(places)) {
    std::vector<std::unique_ptr<Lane>> lanes;
    std::size_t format = 0;
    for (const auto& model : models) {
      switch (model->config().kind) {
        case ModelKind::embedding:
          meanings_.emplace(lanes.size(), std::make_shared<OptionVectors>(config_.priors_max));
          lanes.push_back(std::make_unique<EmbedLane>(*model, config_, *inbox_));
          break;
        case ModelKind::cross_encoder:
          lanes.push_back(std::make_unique<EncodedChoiceLane>(*model, config_, *inbox_));
          break;
        case ModelKind::chat:
          lanes.push_back(std::make_unique<ChatLane>(*model, formats[format++], config_, *inbox_));
          break;
      }
    }
    worker_ = std::make_unique<Worker>(inbox_, config_, std::move(models), std::move(lanes));
  }

  std::string_view name() const override { return "llama"; }
  std::vector<ModelInfo> models() const override { return infos_; }
  const Limits& limits() const override { return config_.limits; }
  EngineStats stats() const override { return inbox_->stats(); }
  const ModelPlaces& places() const override { return places_; }
  std::vector<ThoughtView> thoughts() const override { return inbox_->thoughts(); }

  Task<GenerateReply> generate(GenerateRequest request,
                               std::function<void(std::string_view)> on_text) override {
    auto begun = begin_generate(std::move(request), std::move(on_text));
    if (!begun) return refuse<GenerateReply>(std::move(begun).error());
    return std::move(*begun);
  }

  Task<ChooseReply> choose(ChooseRequest request) override {
    auto begun = begin_choose(std::move(request));
    if (!begun) return refuse<ChooseReply>(std::move(begun).error());
    return std::move(*begun);
  }

  Task<EmbedReply> embed(EmbedRequest request) override {
    auto begun = begin_embed(std::move(request));
    if (!begun) return refuse<EmbedReply>(std::move(begun).error());
    return std::move(*begun);
  }

  Task<Usage> warm(GenerateRequest request) override {
    auto begun = begin_warm(std::move(request));
    if (!begun) return refuse<Usage>(std::move(begun).error());
    return std::move(*begun);
  }

 private:
  // The model of that name, or the first that serves the tier, or the first at all; of one kind, or of any.
  Result<std::size_t> find(const std::string& name, Tier tier, std::optional<ModelKind> kind) const {
    const auto is_of_kind = [&](std::size_t i) { return !kind || config_.models[i].kind == *kind; };
    std::optional<std::size_t> any;
    for (std::size_t i = 0; i < infos_.size(); ++i) {
      if (!is_of_kind(i)) continue;
      if (!name.empty()) {
        if (infos_[i].name == name) return i;
        continue;
      }
      if (!any) any = i;
      if (std::ranges::find(infos_[i].tiers, tier) != infos_[i].tiers.end()) return i;
    }
    if (any) return *any;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < infos_.size(); ++i) {
      if (is_of_kind(i)) names.push_back(infos_[i].name);
    }
    const char* what = kind == ModelKind::embedding ? "embedding model"
                       : kind == ModelKind::chat    ? "chat model"
                                                    : "model";
    if (name.empty()) return fail(Code::unavailable, "engine.no_model", fmt::format("no {} is loaded", what));
    return fail(Code::unavailable, "engine.no_model",
                fmt::format("no {} is called '{}'{}", what, name, did_you_mean(name, names)));
  }

  Inbox::Opening opening(const auto& request, Tier tier, std::size_t model) const {
    return {.tier = tier,
            .deadline = request.deadline,
            .think_again = request.think_again,
            .caller = request.caller,
            .model = infos_[model].name};
  }

  Result<Task<GenerateReply>> begin_generate(GenerateRequest request,
                                             std::function<void(std::string_view)> on_text) {
    TRY_VOID(check(request));
    TRY(const auto model, find(request.model, request.tier, ModelKind::chat));
    auto open = opening(request, request.tier, model);
    open.first_token_by = request.first_token_by;
    TRY(auto ticket, inbox_->open(std::move(open)));
    auto call = std::make_shared<GenerateCall>(inbox_->env(), std::move(request), std::move(on_text));
    inbox_->submit(ticket, [this, model, ticket, call](const Error* stopping) {
      if (stopping != nullptr) return call->done.set(std::unexpected(*stopping));
      start_generate(*worker_->chat(model), *inbox_, config_.limits, ticket, call);
    });
    return finish_generate(std::make_unique<Caller>(inbox_, std::move(ticket), call), call, infos_[model]);
  }

  Result<Task<ChooseReply>> begin_choose(ChooseRequest request) {
    TRY_VOID(check(request, config_.limits));
    TRY(const auto model, find(request.model, request.tier, std::nullopt));
    TRY(const auto method, method_for(config_.models[model], request.method));
    TRY(auto ticket, inbox_->open(opening(request, request.tier, model)));
    if (method == ChooseMethod::meaning) return begin_meaning(std::move(request), model, std::move(ticket));
    auto call = std::make_shared<ChooseCall>(inbox_->env(), std::move(request));
    inbox_->submit(ticket, [this, model, method, ticket, call](const Error* stopping) {
      if (stopping != nullptr) return call->done.set(std::unexpected(*stopping));
      if (auto* chooser = worker_->chooser(model)) return chooser->start(ticket, call);
      start_choose(*worker_->chat(model), *inbox_, config_.limits, ticket, method, call);
    });
    return finish<ChooseReply>(std::make_unique<Caller>(inbox_, std::move(ticket)), std::move(call));
  }

  Task<ChooseReply> begin_meaning(ChooseRequest request, std::size_t model, TicketPtr ticket) {
    const auto& known = meanings_.at(model);
    MeaningQuestion question(std::move(request), *known);
    auto call = submit_embed(question.embedding(), model, ticket);
    const auto& temperatures = config_.models[model].choose_temperature;
    return finish_meaning(
        std::make_unique<Caller>(inbox_, std::move(ticket)), std::move(call), std::move(question), known,
        temperatures.at(static_cast<std::size_t>(ChooseMethod::meaning)), infos_[model].hash);
  }

  std::shared_ptr<EmbedCall> submit_embed(EmbedRequest request, std::size_t model, const TicketPtr& ticket) {
    auto call = std::make_shared<EmbedCall>(inbox_->env(), std::move(request));
    inbox_->submit(ticket, [this, model, ticket, call](const Error* stopping) {
      if (stopping != nullptr) return call->done.set(std::unexpected(*stopping));
      worker_->embed(model)->start(ticket, call);
    });
    return call;
  }

  Result<Task<EmbedReply>> begin_embed(EmbedRequest request) {
    TRY_VOID(check(request, config_.limits));
    TRY(const auto model, find(request.model, Tier::silver, ModelKind::embedding));
    TRY(auto ticket, inbox_->open({.tier = request.tier,
                                   .deadline = request.deadline,
                                   .think_again = rt::Instant::never(),
                                   .caller = request.caller,
                                   .model = infos_[model].name}));
    auto call = submit_embed(std::move(request), model, ticket);
    return finish<EmbedReply>(std::make_unique<Caller>(inbox_, std::move(ticket)), std::move(call));
  }

  Result<Task<Usage>> begin_warm(GenerateRequest request) {
    TRY_VOID(check(request));
    TRY(const auto model, find(request.model, request.tier, ModelKind::chat));
    TRY(auto ticket, inbox_->open(opening(request, Tier::bronze, model)));
    auto call = std::make_shared<WarmCall>(inbox_->env(), std::move(request));
    inbox_->submit(ticket, [this, model, ticket, call](const Error* stopping) {
      if (stopping != nullptr) return call->done.set(std::unexpected(*stopping));
      start_warm(*worker_->chat(model), *inbox_, config_.limits, ticket, call);
    });
    return finish<Usage>(std::make_unique<Caller>(inbox_, std::move(ticket)), std::move(call));
  }

  LlamaConfig config_;
  std::shared_ptr<Inbox> inbox_;
  std::vector<ModelInfo> infos_;
  ModelPlaces places_;
  std::map<std::size_t, std::shared_ptr<OptionVectors>> meanings_;  // by embedding model
  std::unique_ptr<Worker> worker_;                                  // last: its thread uses everything above
};

Result<void> check_config(const LlamaConfig& c) {
  const auto bad = [](const char* what) { return fail(Code::invalid_argument, "engine.bad_config", what); };
  if (c.models.empty()) return bad("no models");
  for (std::size_t i = 0; i < c.models.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (c.models[i].name == c.models[j].name) return bad("two models have the same name");
    }
  }
  const auto sane = [](const LlamaModelConfig& model) {
    return model.gpu_layers >= kGpuLayersAuto && model.gpu_layers <= kGpuLayersMax;
  };
  if (!std::ranges::all_of(c.models, sane))
    return bad("gpu_layers must be 0 to 1000, or -1 for as many as fit");
  if (c.threads < 0 || c.threads > 512) return bad("threads must be 0 to 512");
  if (c.poll < 0 || c.poll > 100) return bad("poll must be 0 to 100");
  if (c.chunk_min < 1 || c.chunk_max < c.chunk_min || c.chunk_max > 4096) {
    return bad("chunk_min must be 1 at least, chunk_max 4096 at most and not smaller");
  }
  if (c.gold_wait.count() < 0 || !(c.waste_max >= 0 && c.waste_max <= 1)) {
    return bad("gold_wait must not be negative, waste_max 0 to 1");
  }
  if (c.limits.waiting_max == 0 || c.limits.prompt_tokens_max < 1 || c.limits.new_tokens_max < 1) {
    return bad("limits must be above 0");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LlamaEngine>> open_llama_engine(const rt::Env& env, LlamaConfig config) {
  TRY_VOID(check_config(config));
  if (config.threads == 0)
    config.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (config.order != Order::tiers) config.ageing = std::chrono::milliseconds(0);  // it makes gold of silver
  auto inbox = std::make_shared<Inbox>(env, config);
  std::vector<std::unique_ptr<Model>> models;
  std::vector<ModelInfo> infos;
  std::vector<ChatFormat> formats;
  prepare_backend();
  Cards cards;
  ModelPlaces places;
  for (const auto& wanted : config.models) {
    TRY(auto model, Model::load(wanted, {.batch_max = batch_max(config),
                                         .rows_max = kRowsMax,
                                         .threads = config.threads,
                                         .memory_max = config.memory_max,
                                         .cards = &cards,
                                         .stop = inbox->abort_flag()}));
    if (wanted.kind == ModelKind::chat) {
      TRY(auto format, ChatFormat::of(*model));
      formats.push_back(std::move(format));
    }
    infos.push_back(model->info());
    places.models.push_back(
        {wanted.name, model->place().card, model->place().share.layers, model->place().layers_all});
    models.push_back(std::move(model));
  }
  places.cards = cards.views();
  return std::make_unique<LlamaEngineImpl>(std::move(config), std::move(inbox), std::move(models),
                                           std::move(infos), std::move(formats), std::move(places));
}

}  // namespace troupe::engine

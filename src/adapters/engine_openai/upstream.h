#pragma once
// One upstream: where it is, who may ask it, what is known of it; and asking it, with retries. io thread.
#include <atomic>
#include <map>
#include <vector>

#include "adapters/engine_openai/receivers.h"
#include "adapters/engine_openai/retry.h"
#include "inference/lru.h"

namespace troupe::engine {

inline constexpr std::size_t kPriorsMax = 4096;  // remembered per upstream

struct Upstream {
  Upstream(SourcePtr s, AddressRules r, std::shared_ptr<Places> p, ModelInfo i)
      : source(std::move(s)),
        rules(std::make_shared<const AddressRules>(std::move(r))),
        places(std::move(p)),
        info(std::move(i)) {}

  const OpenAiModelConfig& config() const { return source->config; }
  void went_well();
  void failed(const Failure& failure, rt::Instant now);

  const SourcePtr source;
  const std::shared_ptr<const AddressRules> rules;
  const std::shared_ptr<Places> places;
  const ModelInfo info;
  RetryBudget budget;
  rt::Instant not_before;  // it said when to come again
  inference::Lru<std::vector<double>> priors{kPriorsMax};
  bool letters_fail = false;  // its first token is no letter: ask for JSON at once
  // Whether its model thinks before it speaks: known once an answer has ended.
  enum class Thinks { unknown, no, yes };
  Thinks thinks = Thinks::unknown;
  bool opens_in_thought = false;  // its prompts open the thought: only its end is to be seen
  bool asked = false;
  std::string problem;
};

// What the engine and its calls share. Outlives the engine while calls end.
struct Core {
  Core(const rt::Env& e, const Limits& l) : env(e), limits(l), group(e, "engine_openai"), transport(e) {}
  const rt::Env env;
  const Limits limits;
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::atomic<std::uint64_t> retries = 0;
  rt::Group group;
  Transport transport;  // first to go: its thread uses what is above
};
using CorePtr = std::shared_ptr<Core>;

// What is asked of an upstream.
struct Question {
  std::string path;  // "/chat/completions"
  std::string body;  // "" = GET
  Tier tier = Tier::silver;
  rt::Instant deadline = rt::Instant::never();
  rt::Instant first_token_by = rt::Instant::never();  // of a stream
};

// A request under way. However its coroutine ends, the connection is closed if the reply is not over.
class Running {
 public:
  Running(CorePtr core, Upstream& upstream, const Question& question, std::shared_ptr<Receiver> receiver);
  ~Running();
  Running(const Running&) = delete;
  // The answer is there: what is left of the reply may drain.
  void answered() { stop_ = false; }

 private:
  CorePtr core_;
  std::shared_ptr<Receiver> receiver_;
  std::uint64_t number_;
  bool stop_ = true;
};

// What the caller hears when `failure` came after `waited` at the upstream.
Failure as_heard(Failure failure, std::chrono::nanoseconds waited, bool said_something,
                 const OpenAiModelConfig& model);

// Asks, and asks again where that can help. `make` gives each request its receiver.
template <class R>
Task<typename R::Value> ask(CorePtr core, Upstream* upstream, Question question,
                            std::function<std::shared_ptr<R>(Places::Place)> make) {
  const rt::Env& env = core->env;
  const auto begins_by = std::min(question.deadline, question.first_token_by);
  for (int attempt = 0;; ++attempt) {
    if (env.now() < upstream->not_before) {
      co_return fail(Code::exhausted, "engine.upstream_busy",
                     upstream->config().name + " asked to be left alone for now",
                     (upstream->not_before - env.now()).count() / 1'000'000 + 1);
    }
    CO_TRY(auto place, co_await Places::wait(upstream->places, question.tier, begins_by));
    Failure failure;
    bool said_something = false;
    {
      const auto receiver = make(std::move(place));
      const auto began = env.now();
      Running running(core, *upstream, question, receiver);
      auto answer = co_await receiver->done.wait(begins_by);
      said_something = receiver->caught_up();
      if (!answer && said_something && begins_by < question.deadline) {
        answer = co_await receiver->done.wait(question.deadline);
        receiver->caught_up();
      }
      if (answer && *answer) {
        running.answered();
        upstream->went_well();
        co_return **std::move(answer);
      }
      failure = answer ? std::move(*answer).error() : Failure{std::move(answer).error()};
      failure = as_heard(std::move(failure), env.now() - began, said_something, upstream->config());
    }
    upstream->failed(failure, env.now());
    if (said_something) co_return std::unexpected(failure.error);  // what was said is not said again
    const double jitter = static_cast<double>(env.ids.bits() >> 11) * 0x1p-53;
    const auto when = retry_at(failure, attempt, upstream->config().retries, env.now(), begins_by, jitter);
    if (!when || !upstream->budget.take()) co_return std::unexpected(failure.error);
    core->retries.fetch_add(1);
    co_await rt::sleep_until(env, *when);
  }
}

inline Task<std::string> ask_whole(CorePtr core, Upstream* upstream, Question question,
                                   std::size_t bytes_max) {
  const rt::Env& env = core->env;
  return ask<WholeReply>(core, upstream, std::move(question),
                         [&env, source = upstream->source, bytes_max](Places::Place place) {
                           return std::make_shared<WholeReply>(env, source, std::move(place), bytes_max);
                         });
}

Usage usage_of(const Counted& counted, const Prices& prices);

// The choice of one option: by the letters' likelihoods, less what they are without the scene; or by a label.
Task<ChooseReply> run_choose(CorePtr core, Upstream* upstream, ChooseRequest request, Places::Call call);

}  // namespace troupe::engine

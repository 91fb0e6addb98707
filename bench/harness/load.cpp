// bench_load WEIGHTS [order=tiers|deadline|arrival] [gold_wait_ms=N] [waste_max=X] [slots=N] [kv_tokens=N]
// Plays a list of calls against engine_llama, each at its own moment whether or not the ones before are
// answered (an open loop), and answers how each went.
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/engine_llama/llama_engine.h"
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/engine_bench.h"
#include "bench/harness/io_thread.h"

namespace {

using namespace troupe;
using Json = nlohmann::json;

engine::Tier tier_of(const std::string& name) {
  for (const auto tier : {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze}) {
    if (name == engine::tier_name(tier)) return tier;
  }
  TROUPE_CHECK(false, "a tier is gold, silver or bronze");
}

// Options that are measured against ("order=arrival"); everything else as the server has it.
engine::LlamaConfig config_for(const std::string& weights, std::span<char*> options) {
  std::map<std::string, std::string> given;
  for (const std::string option : options) {
    const auto equals = option.find('=');
    TROUPE_CHECK(equals != std::string::npos, "an option is NAME=VALUE");
    given[option.substr(0, equals)] = option.substr(equals + 1);
  }
  const auto number = [&](const char* name, double normal) {
    return given.contains(name) ? std::stod(given.at(name)) : normal;
  };
  auto model = bench::bench_model(weights);
  model.slots = static_cast<int>(number("slots", 8));
  model.kv_tokens = static_cast<int>(number("kv_tokens", 0));
  engine::LlamaConfig config{.models = {std::move(model)}};
  config.gold_wait = std::chrono::milliseconds(static_cast<int>(number("gold_wait_ms", 4)));
  config.waste_max = number("waste_max", config.waste_max);
  const auto& order = given["order"];
  if (order == "deadline") config.order = engine::Order::deadline;
  if (order == "arrival") config.order = engine::Order::arrival;
  return config;
}

// What became of one call.
struct Outcome {
  double ms = 0;        // from its moment to its answer, or to the refusal
  double first_ms = 0;  // to its first text; 0 = none
  bool answered = false;
  bool met = false;     // answered before its deadline
  bool usable = false;  // and not broken off in the middle of a sentence
  bool whole = false;   // and not shorter than it would have been with more time
  engine::Usage usage;
  std::string text;
};

// One list of calls as it is played.
class Play {
 public:
  Play(bench::IoThread& io, engine::LlamaEngine& engine, const Json& script)
      : io_(io),
        engine_(engine),
        calls_(script.at("calls")),
        outcomes_(calls_.size()),
        group_(io.env, "load") {
    begin_ = io_.env.now() + rt::milliseconds(5);
    end_ = begin_ + span(script.value("for_ms", 1e9));
  }

  const std::vector<Outcome>& run() {
    open_ = calls_.size() + 1;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (calls_[i].value("again", false)) {
        --open_;
        repeated_.push_back(group_.spawn_stoppable("again", [this, i] { return again(i); }));
      } else {
        group_.spawn("call", [this, i] { return once(i); });
      }
    }
    group_.spawn("end", [this]() -> rt::asio::awaitable<void> {
      if (!repeated_.empty()) co_await rt::sleep_until(io_.env, end_);
      ended();
    });
    io_.run(group_);
    return outcomes_;
  }
  double took_ms() const { return bench::ms(io_.env.now() - begin_); }

 private:
  static rt::nanoseconds span(double ms) { return rt::nanoseconds(static_cast<std::int64_t>(ms * 1e6)); }

  rt::asio::awaitable<void> once(std::size_t i) {
    const auto at = begin_ + span(calls_[i].value("at", 0.0));
    co_await rt::sleep_until(io_.env, at);
    co_await one(i, at, "");
    ended();
  }

  // Who still waits at the end is answered under the same load.
  void ended() {
    if (--open_ > 0) return;
    for (const auto& call : repeated_) call.stop();
  }

  // Begins again as soon as it ends, until the play is over and it is stopped.
  rt::asio::awaitable<void> again(std::size_t i) {
    for (int round = 0;; ++round) co_await one(i, io_.env.now(), " Part " + std::to_string(round) + ".");
  }

  rt::asio::awaitable<void> one(std::size_t i, rt::Instant at, std::string more) {
    const auto& call = calls_[i];
    const auto deadline =
        call.contains("deadline") ? at + span(call.at("deadline").get<double>()) : rt::Instant::never();
    if (call.at("kind") == "choose") {
      engine::ChooseRequest request;
      request.tier = tier_of(call.at("tier"));
      request.context = call.value("context", "");
      request.scene = call.at("scene").get<std::string>();
      request.options = call.at("options").get<std::vector<std::string>>();
      request.deadline = deadline;
      const auto reply = co_await engine_.choose(std::move(request));
      note(i, at, deadline, reply);
    } else {
      engine::GenerateRequest request;
      request.tier = tier_of(call.at("tier"));
      // What changes comes last, or, of a call that is to be "fresh" each time, first.
      const bool fresh = call.value("fresh", false);
      request.messages = {{engine::Role::system, (fresh ? more : "") + call.value("system", "")},
                          {engine::Role::user, call.at("user").get<std::string>() + (fresh ? "" : more)}};
      request.tokens_max = call.at("tokens").get<int>();
      request.json_schema = call.value("schema", "");
      request.sampling.seed = call.value("seed", 0U);
      request.deadline = deadline;
      auto& outcome = outcomes_[i];
      outcome.first_ms = 0;
      const auto on_text = [this, &outcome, at](std::string_view) {
        if (outcome.first_ms == 0) outcome.first_ms = bench::ms(io_.env.now() - at);
      };
      const auto reply = co_await engine_.generate(std::move(request), on_text);
      note(i, at, deadline, reply);
      if (reply) {
        outcome.text = reply->text;
        outcome.whole = reply->usage.cut == engine::Cut::none && reply->finish != engine::Finish::deadline;
        outcome.usable = outcome.whole || reply->usage.cut == engine::Cut::sentence ||
                         reply->usage.cut == engine::Cut::closed;
      }
    }
  }

  template <class Reply>
  void note(std::size_t i, rt::Instant at, rt::Instant deadline, const Result<Reply>& reply) {
    const auto now = io_.env.now();
    auto& outcome = outcomes_[i];
    outcome.ms = bench::ms(now - at);
    outcome.answered = outcome.usable = outcome.whole = reply.has_value();
    outcome.met = outcome.answered && now <= deadline;
    if (reply) outcome.usage = reply->usage;
    const bool late = !reply && reply.error().code == Code::deadline_exceeded;
    if (!reply && !late) std::cerr << "bench_load: " << reply.error().message << "\n";
  }

  bench::IoThread& io_;
  engine::LlamaEngine& engine_;
  const Json& calls_;
  std::vector<Outcome> outcomes_;
  std::vector<rt::Group::Handle> repeated_;
  std::size_t open_ = 0;  // calls that are not answered, and the end of the play
  rt::Instant begin_, end_;
  rt::Group group_;
};

class Steps {
 public:
  void add(const engine::StepRecord& step) {
    const std::lock_guard lock(mutex_);
    steps_.push_back(step);
  }
  std::vector<engine::StepRecord> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(steps_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<engine::StepRecord> steps_;
};

bench::Figures figures_of(const std::vector<Outcome>& outcomes, const std::vector<engine::StepRecord>& steps,
                          const engine::EngineStats& before, const engine::EngineStats& after) {
  bench::Figures out;
  for (const auto* name : {"ms", "met", "predicted_us"}) out[name];  // also when there are none
  double useful = 0;
  for (const auto& outcome : outcomes) {
    const auto& usage = outcome.usage;
    out["ms"].push_back(outcome.ms);
    out["first_ms"].push_back(outcome.first_ms);
    out["answered"].push_back(outcome.answered);
    out["met"].push_back(outcome.met);
    out["usable"].push_back(outcome.usable);
    out["whole"].push_back(outcome.whole);
    out["wait_ms"].push_back(static_cast<double>(usage.queue_us) / 1e3);
    out["prompt_tokens"].push_back(usage.prompt_tokens);
    out["cached_tokens"].push_back(usage.cached_tokens);
    out["new_tokens"].push_back(usage.new_tokens);
    if (outcome.met && outcome.usable) useful += usage.prompt_tokens - usage.cached_tokens + usage.new_tokens;
  }
  for (const auto& step : steps) {
    if (step.stopped || step.predicted_us == 0) continue;
    out["predicted_us"].push_back(static_cast<double>(step.predicted_us));
    out["took_us"].push_back(static_cast<double>(step.took_us));
    out["step_tokens"].push_back(step.tokens);
  }
  const auto since = [&](std::uint64_t engine::EngineStats::* count) {
    return static_cast<double>(after.*count - before.*count);
  };
  using Stats = engine::EngineStats;
  out["busy_us"] = {since(&Stats::busy_us)};
  out["preempted_us"] = {since(&Stats::preempted_us)};
  out["preemptions"] = {since(&Stats::preemptions)};
  out["steps"] = {since(&Stats::steps)};
  out["doomed"] = {since(&Stats::doomed)};
  out["written"] = {since(&Stats::new_tokens)};
  out["computed"] = {since(&Stats::prompt_tokens) + since(&Stats::new_tokens) + since(&Stats::wasted_tokens)};
  out["useful"] = {useful};
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  TROUPE_CHECK(argc >= 2, "usage: bench_load WEIGHTS [NAME=VALUE...]");
  bench::IoThread io;
  Steps steps;
  auto config = config_for(argv[1], std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
  config.on_step = [&](const engine::StepRecord& step) { steps.add(step); };
  auto opened = engine::open_llama_engine(io.env, std::move(config));
  TROUPE_CHECK(opened.has_value(), opened.error().message.c_str());
  auto& engine = **opened;
  return bench::answer_lines({
      // play SCRIPT: {"calls": [{kind, at, tier, ...}], "for_ms": until when those with "again" go on,
      // "texts": file}
      {"play",
       [&](const bench::Words& words) {
         const auto script = Json::parse(words[0]);
         steps.take();
         const auto before = engine.stats();
         Play play(io, engine, script);
         const auto& outcomes = play.run();
         const double took_ms = play.took_ms();
         const auto after = engine.stats();
         if (script.contains("texts")) {
           auto texts = Json::array();
           for (const auto& outcome : outcomes) texts.push_back(outcome.text);
           std::ofstream(script.at("texts").get<std::string>()) << texts;
         }
         auto figures = figures_of(outcomes, steps.take(), before, after);
         figures["took_ms"] = {took_ms};
         return figures;
       }},
  });
}

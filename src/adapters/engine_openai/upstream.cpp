#include "adapters/engine_openai/upstream.h"

#include <fmt/format.h>

#include "base/log.h"

namespace troupe::engine {

namespace {

// Who has not answered after this long is silent; before, the deadline was too short to tell.
constexpr auto kSilence = rt::milliseconds(100);
constexpr std::int64_t kLongRestMs = 10'000;

}  // namespace

void Upstream::went_well() {
  budget.succeeded();
  if (asked && !problem.empty()) log::info("engines", "{} answers again", config().name);
  asked = true;
  problem.clear();
}

void Upstream::failed(const Failure& failure, rt::Instant now) {
  const auto& error = failure.error;
  if (error.code == Code::exhausted && error.retry_after_ms > 0) {
    not_before = now + rt::milliseconds(error.retry_after_ms);
    // It is away for longer than anybody waits: operators see why.
    if (error.retry_after_ms >= kLongRestMs) {
      if (problem.empty()) log::warn("engines", "{}", error.message);
      problem = error.message;
    }
  }
  const bool its_fault = error.code == Code::unavailable && error.reason != "engine.stopping";
  if (!its_fault && error.reason != "engine.silent") return;
  if (problem.empty()) log::warn("engines", "{}", error.message);  // once, until it answers again
  asked = true;
  problem = error.message;
}

Running::Running(CorePtr core, Upstream& upstream, const Question& question,
                 std::shared_ptr<Receiver> receiver)
    : core_(std::move(core)), receiver_(std::move(receiver)) {
  const auto& config = upstream.config();
  number_ = core_->transport.start({.url = config.url + question.path,
                                    .body = question.body,
                                    .key = upstream.source->key,
                                    .ca_file = config.ca_file,
                                    .rules = upstream.rules,
                                    .redirects_max = config.redirects,
                                    .connect_ms = config.connect_timeout.count(),
                                    .ends = std::min(question.deadline, core_->env.now() + config.timeout),
                                    .receiver = receiver_});
}

Running::~Running() {
  receiver_->hush();
  if (stop_) core_->transport.stop(number_);
}

Failure as_heard(Failure failure, std::chrono::nanoseconds waited, bool said_something,
                 const OpenAiModelConfig& model) {
  if (failure.error.code != Code::deadline_exceeded) return failure;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  const bool silent = waited >= kSilence && !said_something;
  return {{Code::deadline_exceeded, silent ? "engine.silent" : "deadline",
           fmt::format("{} did not answer within {} ms", model.name, ms)}};
}

Usage usage_of(const Counted& counted, const Prices& prices) {
  return {.prompt_tokens = counted.prompt_tokens,
          .cached_tokens = counted.cached_tokens,
          .new_tokens = counted.new_tokens,
          .reasoning_tokens = counted.reasoning_tokens,
          .cost_microusd = cost_of(counted, prices)};
}

}  // namespace troupe::engine

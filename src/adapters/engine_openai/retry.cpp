#include "adapters/engine_openai/retry.h"

#include <algorithm>

namespace troupe::engine {

namespace {

constexpr double kBudget = 10;
constexpr double kEarned = 0.1;
constexpr std::int64_t kFirstWaitMs = 50;
constexpr std::int64_t kWaitMsMax = 2'000;        // whoever waits longer is better served by the next route
constexpr auto kUsefulMs = rt::milliseconds(50);  // of the deadline that have to be left afterwards

}  // namespace

bool RetryBudget::take() {
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

void RetryBudget::succeeded() { left_ = std::min(kBudget, left_ + kEarned); }

std::optional<rt::Instant> retry_at(const Failure& failure, int attempt, int retries_max, rt::Instant now,
                                    rt::Instant deadline, double jitter) {
  if (!failure.retryable || attempt >= retries_max) return std::nullopt;
  const double wait_ms = static_cast<double>(kFirstWaitMs << std::min(attempt, 10)) * (0.5 + jitter / 2);
  const auto wait = std::max<std::int64_t>(static_cast<std::int64_t>(wait_ms), failure.error.retry_after_ms);
  if (wait > kWaitMsMax) return std::nullopt;
  const auto when = now + rt::milliseconds(wait);
  if (!deadline.is_never() && when + kUsefulMs >= deadline) return std::nullopt;
  return when;
}

}  // namespace troupe::engine

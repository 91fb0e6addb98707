#pragma once
// Whether to ask again, and when. Pure: inside of the deadline, with jitter, and from a budget, so that an
// upstream that fails is not asked more often than one that works.
#include <optional>

#include "adapters/engine_openai/reply.h"

namespace troupe::engine {

// What retries may be spent: ten at most, a tenth more with each success.
class RetryBudget {
 public:
  bool take();
  void succeeded();

 private:
  double left_ = 10;
};

// When to ask again after `attempt` (the first is 0), or nothing. `jitter` from 0 to 1.
std::optional<rt::Instant> retry_at(const Failure& failure, int attempt, int retries_max, rt::Instant now,
                                    rt::Instant deadline, double jitter);

}  // namespace troupe::engine

#pragma once
// What the router decides with: pure values, microseconds, no clock of its own.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "rt/clock.h"

namespace troupe::router {

struct Limits {
  int failures_max = 3;                              // in a row, then the breaker opens
  std::chrono::milliseconds open_for{10'000};        // then one probe
  double smoothing = 0.2;                            // weight of the newest measurement
  std::chrono::milliseconds player_goes_on{30'000};  // by then most players have answered
};

// What was measured of one route. Times in microseconds; 0 = not measured yet.
struct Measured {
  double first_token_us = 0;
  double token_us = 0;
  double error_rate = 0;
  std::int64_t requests = 0;
  std::int64_t tokens = 0;
  std::int64_t deadlines_met = 0;
  std::int64_t deadlines_missed = 0;
};

enum class BreakerState { closed, open, probing };

class Breaker {
 public:
  explicit Breaker(const Limits& limits) : limits_(limits) {}
  // Whether a request may go through now; takes the probe's place when it is the probe. A probe of which
  // nothing is heard (its caller left) makes room for the next after `open_for`.
  bool admit(rt::Instant now);
  void succeeded();
  void failed(rt::Instant now);
  BreakerState state(rt::Instant now) const;

 private:
  Limits limits_;
  int failures_ = 0;
  std::optional<rt::Instant> probe_out_;  // since when
  std::optional<rt::Instant> opened_;
};

// Whether an error says that the engine is not well. Not what the caller got wrong, nor plain lateness; but
// silence is.
bool is_fault(const Error& error);

void measure(Measured& m, const Limits& limits, bool ok, std::int64_t first_token_us, std::int64_t total_us,
             int new_tokens, bool deadline_met);

// Whether a route is expected to say something before `left` is over. A route that was not measured yet is
// given the chance.
bool fits(const Measured& m, std::chrono::nanoseconds left, int tokens_needed);

}  // namespace troupe::router

#pragma once
// What the router knows of each way to answer, and which of them a request takes. Pure policy: microseconds,
// no clock of its own, no memory asked for in decide().
//
// A route is an engine and one of its models. The candidates of a request stand in the order of preference;
// the first that is well, has room, is paid for and would be in time gets it. What is not known counts as
// good: a route that nobody asked yet is given the chance, and what was measured of one counts for less the
// longer ago that is, so that a route which was passed over comes back by itself.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "rt/clock.h"

namespace troupe::inference {

struct BreakerLimits {
  int failures_max = 3;                        // in a row, then it opens
  std::chrono::milliseconds open_for{10'000};  // then one probe
  // Silence for less is what a caller chose who gave no more time.
  std::chrono::milliseconds silence_min{5'000};
};

enum class BreakerState { closed, open, probing };

class Breaker {
 public:
  explicit Breaker(const BreakerLimits& limits = {}) : limits_(limits) {}
  // Whether a request could go through now.
  bool admits(rt::Instant now) const;
  // One goes through; takes the probe's place when it is the probe. A probe of which nothing is heard (its
  // caller left) makes room for the next after `open_for`.
  bool admit(rt::Instant now);
  void succeeded();
  void failed(rt::Instant now);
  void unknown();  // it ended, and says nothing of the engine: a deadline, a caller who left
  BreakerState state(rt::Instant now) const;

 private:
  BreakerLimits limits_;
  int failures_ = 0;
  std::optional<rt::Instant> probe_out_;  // since when
  std::optional<rt::Instant> opened_;
};

// What an engine did while one request was with it.
struct Heard {
  rt::nanoseconds given{0};      // time that the request left it
  bool answered_others = false;  // it is alive, and busy with others
};

// Whether an error says that the engine is not well. Not what the caller got wrong, nor plain lateness, nor
// being late because of others; but silence is, where there was time enough to say something.
bool is_fault(const Error& error, const Heard& heard, const BreakerLimits& limits = {});

struct StatsLimits {
  double smoothing = 0.2;  // weight of the newest measurement
  std::chrono::milliseconds fresh_for{
      10'000};  // then what was measured counts half as much after each of these
};

// How one answer went, in microseconds.
struct Measurement {
  bool ok = false;
  bool fault = false;  // not ok, and the engine's own fault
  std::int64_t queue_us = 0;
  std::int64_t first_token_us = 0;  // from the call, the wait in it
  std::int64_t total_us = 0;
  int new_tokens = 0;
  bool deadline_met = false;
  std::int64_t given_us =
      0;  // what was not enough, of an answer that failed for lack of time; 0 = it did not
};

// Moving averages of one route. 0 = not measured yet.
struct RouteStats {
  double queue_us = 0;
  double begin_us = 0;  // from the first step to the first token
  double token_us = 0;
  double service_us = 0;  // a whole answer without its wait
  double error_rate = 0;
  rt::Instant measured;
  std::int64_t requests = 0;
  std::int64_t tokens = 0;
  std::int64_t deadlines_met = 0;
  std::int64_t deadlines_missed = 0;
};
void measure(RouteStats& stats, const StatsLimits& limits, const Measurement& m, rt::Instant now);

// How much of what was measured still counts, 0 to 1.
double freshness(const RouteStats& stats, const StatsLimits& limits, rt::Instant now);

// A route as one decision sees it.
struct RouteView {
  const RouteStats* stats = nullptr;
  const Breaker* breaker = nullptr;
  int in_flight = 0;
  int waiting = 0;         // for a place at it, those that would come before this one
  int places = 1;          // requests that it takes at once
  bool room = true;        // one more may wait
  bool affordable = true;  // there is money for it, or it costs none
  bool tried = false;      // it had its chance
  bool yields = false;     // a smaller one of its machine could do, and there is not enough of that for all
};

// What a request needs.
struct Need {
  rt::nanoseconds left{0};  // until its deadline
  int tokens = 1;           // with which it is of use; speech is heard from its first sentence on
  double errors_max = 0.5;  // a route that fails more often is taken only when there is no other
  // Rather nobody than who would be late because of others: somebody listens, and something can be said at
  // once.
  bool in_time_or_never = false;
};

enum class Pass { taken, tried, late, ill, shaky, busy, dear, yields };
std::string_view pass_text(Pass pass);  // "would be late"

// Until it would have said `tokens`, in microseconds; 0 = nobody knows. What was measured grows old only
// while nobody is there: one who tries is enough.
double ready_us(const RouteView& route, const Need& need, const StatsLimits& limits, rt::Instant now);

// What becomes of a request.
struct Decision {
  std::optional<std::size_t> route;  // none: refused, see why
  std::optional<std::size_t> hedge;  // who may be asked, too, when the first takes long
  double hedge_ready_us = 0;         // until that one would have said enough
  bool idle = false;                 // it has nothing else to do
  bool downgraded = false;           // a better one was passed over for lack of time, money or room
  Pass why = Pass::taken;            // of a refusal
};

// `passes` has a place for each route and says what was found of it; those behind the one taken stay `taken`
// or not looked at (`tried`).
//
// When nobody would be in time, who would be the least late is asked, and the last when the time is over: the
// engines drop what is hopeless by themselves. With `in_time_or_never` that is only who has nothing else to
// do: an engine that is slow on its own does what it can. A refusal names money before room before lateness
// before illness.
Decision decide(std::span<const RouteView> routes, const Need& need, const StatsLimits& limits,
                rt::Instant now, std::span<Pass> passes);

// Whether a caller is among the `share` (0 to 1) of those who try the canary. The same caller is always on
// the same side, so that a character does not change its voice from line to line.
bool takes_canary(double share, std::string_view caller);

}  // namespace troupe::inference

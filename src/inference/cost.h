#pragma once
// What a model's steps cost here and now: measured, smoothed, used to size prompt chunks and to drop work
// that cannot be in time. Owned by whoever runs the steps; one thread.
#include "rt/clock.h"

namespace troupe::inference {

class CostModel {
 public:
  void measured(int tokens, rt::nanoseconds took);

  // Smoothed cost of one prompt token inside a chunk, and of a step that carries one token. 0 = not known
  // yet.
  rt::nanoseconds per_token() const { return rt::nanoseconds(static_cast<std::int64_t>(per_token_ns_)); }
  rt::nanoseconds per_step() const { return rt::nanoseconds(static_cast<std::int64_t>(per_step_ns_)); }

  // Prompt tokens that fit into `budget`; `most` while nothing is known.
  int chunk(rt::nanoseconds budget, int least, int most) const;

  // True when even half of the expected time is more than what is left: a machine that is busy for a moment
  // must not make hopeless what is not.
  bool doomed(int tokens, rt::Instant now, rt::Instant deadline) const;

 private:
  double per_token_ns_ = 0;
  double per_step_ns_ = 0;
  int samples_ = 0;
};

}  // namespace troupe::inference

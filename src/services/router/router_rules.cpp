#include "services/router/router_rules.h"

#include <algorithm>

namespace troupe::router {

bool Breaker::admit(rt::Instant now) {
  if (!opened_) return true;
  if (now - *opened_ < limits_.open_for) return false;
  if (probe_out_ && now - *probe_out_ < limits_.open_for) return false;
  probe_out_ = now;
  return true;
}

void Breaker::succeeded() {
  failures_ = 0;
  probe_out_.reset();
  opened_.reset();
}

void Breaker::failed(rt::Instant now) {
  ++failures_;
  if (probe_out_ || failures_ >= limits_.failures_max) opened_ = now;
  probe_out_.reset();
}

BreakerState Breaker::state(rt::Instant now) const {
  if (!opened_) return BreakerState::closed;
  return now - *opened_ < limits_.open_for && !probe_out_ ? BreakerState::open : BreakerState::probing;
}

bool is_fault(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::internal || error.reason == "engine.silent";
}

namespace {

void blend(double& average, double sample, double weight) {
  average = average == 0 ? sample : average + weight * (sample - average);
}

}  // namespace

void measure(Measured& m, const Limits& limits, bool ok, std::int64_t first_token_us, std::int64_t total_us,
             int new_tokens, bool deadline_met) {
  ++m.requests;
  m.tokens += new_tokens;
  ++(deadline_met ? m.deadlines_met : m.deadlines_missed);
  m.error_rate += limits.smoothing * ((ok ? 0.0 : 1.0) - m.error_rate);
  if (!ok) return;
  if (first_token_us > 0) blend(m.first_token_us, static_cast<double>(first_token_us), limits.smoothing);
  if (new_tokens > 1) {
    blend(m.token_us, static_cast<double>(total_us - first_token_us) / (new_tokens - 1), limits.smoothing);
  }
}

bool fits(const Measured& m, std::chrono::nanoseconds left, int tokens_needed) {
  if (left.count() <= 0) return false;
  if (m.first_token_us == 0) return true;
  const double needed_us = m.first_token_us + m.token_us * std::max(0, tokens_needed - 1);
  return needed_us * 1000 <= static_cast<double>(left.count());
}

}  // namespace troupe::router

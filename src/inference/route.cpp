#include "inference/route.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "rt/random.h"

namespace troupe::inference {

bool Breaker::admits(rt::Instant now) const {
  if (!opened_) return true;
  if (now - *opened_ < limits_.open_for) return false;
  return !probe_out_ || now - *probe_out_ >= limits_.open_for;
}

bool Breaker::admit(rt::Instant now) {
  if (!admits(now)) return false;
  if (opened_) probe_out_ = now;
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

void Breaker::unknown() { probe_out_.reset(); }

BreakerState Breaker::state(rt::Instant now) const {
  if (!opened_) return BreakerState::closed;
  return now - *opened_ < limits_.open_for && !probe_out_ ? BreakerState::open : BreakerState::probing;
}

bool is_fault(const Error& error, const Heard& heard, const BreakerLimits& limits) {
  // It answers; this time with nothing to be heard, or with what was not asked for.
  if (error.reason == "router.nothing_whole" || error.reason == "engine.no_choice") return false;
  if (error.reason == "engine.silent") return heard.given >= limits.silence_min && !heard.answered_others;
  return error.code == Code::unavailable || error.code == Code::internal;
}

namespace {

void blend(double& average, double sample, double weight) {
  average = average == 0 ? sample : average + weight * (sample - average);
}

}  // namespace

double freshness(const RouteStats& stats, const StatsLimits& limits, rt::Instant now) {
  const auto age = now - stats.measured - limits.fresh_for;
  if (age.count() <= 0) return 1;
  return std::exp2(-static_cast<double>(age.count()) /
                   static_cast<double>(rt::nanoseconds(limits.fresh_for).count()));
}

void measure(RouteStats& stats, const StatsLimits& limits, const Measurement& m, rt::Instant now) {
  ++stats.requests;
  stats.tokens += m.new_tokens;
  ++(m.deadline_met ? stats.deadlines_met : stats.deadlines_missed);
  // What counts for little is soon replaced.
  const double weight = std::max(limits.smoothing, 1 - freshness(stats, limits, now));
  // (Neither luck nor fault: what ran out of time because of others.) One fault alone says little, also of
  // who was not asked for long.
  constexpr double kOneFault = 0.4;
  const double counts = std::min(weight, kOneFault);
  if (m.ok || m.fault) stats.error_rate += counts * ((m.fault ? 1.0 : 0.0) - stats.error_rate);
  stats.measured = now;
  if (!m.ok) {
    // It would have taken longer than it was given: nobody knows how much. Work in vain is dear, so it counts
    // at once and is forgotten as slowly as anything else.
    const double least = static_cast<double>(m.given_us) - stats.begin_us;
    stats.queue_us = std::max(stats.queue_us, least);
    return;
  }
  blend(stats.queue_us, static_cast<double>(m.queue_us), weight);
  blend(stats.service_us, static_cast<double>(std::max<std::int64_t>(0, m.total_us - m.queue_us)), weight);
  if (m.first_token_us > 0) {
    blend(stats.begin_us, static_cast<double>(std::max<std::int64_t>(1, m.first_token_us - m.queue_us)),
          weight);
  }
  if (m.new_tokens > 1) {
    blend(stats.token_us, static_cast<double>(m.total_us - m.first_token_us) / (m.new_tokens - 1), weight);
  }
}

std::string_view pass_text(Pass pass) {
  switch (pass) {
    case Pass::taken:
      return "taken";
    case Pass::tried:
      return "tried";
    case Pass::late:
      return "would be late";
    case Pass::ill:
      return "failed lately, waits for its probe";
    case Pass::shaky:
      return "fails too often";
    case Pass::busy:
      return "too many wait for it";
    case Pass::dear:
      return "there is no money left for it";
    case Pass::yields:
      return "others are turned away; a smaller one answers more of them";
  }
  return "taken";
}

double ready_us(const RouteView& route, const Need& need, const StatsLimits& limits, rt::Instant now) {
  const auto& stats = *route.stats;
  const double wait_before =
      static_cast<double>(route.waiting) * stats.service_us / std::max(1, route.places);
  const double wait_inside = route.in_flight > 0 ? stats.queue_us : 0;
  const double work = stats.begin_us + stats.token_us * std::max(0, need.tokens - 1);
  const double counts = route.in_flight > 0 ? 1 : freshness(stats, limits, now);
  return wait_before + counts * (wait_inside + work);
}

namespace {

Pass look_at(const RouteView& route, const Need& need, const StatsLimits& limits, rt::Instant now,
             double ready) {
  if (route.tried) return Pass::tried;
  if (!route.breaker->admits(now)) return Pass::ill;
  if (!route.affordable) return Pass::dear;
  if (!route.room) return Pass::busy;
  if (route.yields) return Pass::yields;
  if (route.stats->error_rate * freshness(*route.stats, limits, now) > need.errors_max) return Pass::shaky;
  if (ready * 1000 > static_cast<double>(need.left.count())) return Pass::late;
  return Pass::taken;
}

bool for_want_of_means(Pass pass) {
  return pass == Pass::late || pass == Pass::dear || pass == Pass::busy || pass == Pass::yields;
}

// What a refusal is called after, the most telling first.
int telling(Pass pass) {
  switch (pass) {
    case Pass::dear:
      return 4;
    case Pass::busy:
      return 3;
    case Pass::late:
      return 2;
    case Pass::ill:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

Decision decide(std::span<const RouteView> routes, const Need& need, const StatsLimits& limits,
                rt::Instant now, std::span<Pass> passes) {
  TROUPE_CHECK(passes.size() >= routes.size(), "a pass for each route");
  Decision out;
  std::optional<std::size_t> least_bad;
  double least_ready = 0;
  Pass worst = Pass::tried;
  const auto is_idle = [&](std::size_t i) { return routes[i].in_flight == 0 && routes[i].waiting == 0; };
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const double ready = ready_us(routes[i], need, limits, now);
    const Pass pass = look_at(routes[i], need, limits, now, ready);
    passes[i] = pass;
    if (pass == Pass::taken && out.route) {
      out.hedge = i;
      out.hedge_ready_us = ready;
      break;
    }
    if (pass == Pass::taken) {
      out.route = i;
      out.idle = is_idle(i);
    } else if (!out.route) {
      out.downgraded |= for_want_of_means(pass);
      if (telling(pass) > telling(worst)) worst = pass;
      if ((pass == Pass::late || pass == Pass::shaky) && (is_idle(i) || !need.in_time_or_never) &&
          (!least_bad || ready < least_ready || need.left.count() <= 0)) {
        least_bad = i;
        least_ready = ready;
      }
    }
  }
  if (out.route) return out;
  if (least_bad) {
    out.route = least_bad;
    out.idle = is_idle(*least_bad);
    passes[*least_bad] = Pass::taken;
    out.downgraded = std::ranges::any_of(passes.first(*least_bad), for_want_of_means);
    return out;
  }
  out.downgraded = false;
  out.why = worst;
  return out;
}

bool takes_canary(double share, std::string_view caller) {
  // The lower bits of FNV mix badly; Philox spreads them.
  const double place = rt::Draw(0, "canary", caller).uniform(0);
  return place < share;
}

}  // namespace troupe::inference

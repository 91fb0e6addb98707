#include "services/time/time_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/pack_change.h"
#include "pack/query.h"

namespace troupe {

namespace {

namespace rules = time_rules;

constexpr const char* kService = "time";
constexpr const char* kDayTimer = "day";
constexpr const char* kPhaseTimer = "phase";
constexpr const char* kUserTimer = "user:";
constexpr const char* kArrivalTimer = "~arrived";  // sorts after the others that are due at the same moment

}  // namespace

TimeService::TimeService(const pack::Pack& pack, Host& host, TimeLimits limits)
    : calendar_(pack.calendar), host_(host), limits_(limits), timers_(host.timeline()) {}

void TimeService::mount() {
  host_.serve(&TimeService::get, this);
  host_.serve(&TimeService::calendar, this);
  host_.serve(&TimeService::set_scale, this);
  host_.serve(&TimeService::pause, this);
  host_.serve(&TimeService::resume, this);
  host_.serve(&TimeService::schedule, this);
  host_.serve(&TimeService::unschedule, this);
  host_.serve(&TimeService::advance, this);

  Timeline& timeline = host_.timeline();
  timeline.add_apply(pb::TimeAdvanceRequest::descriptor()->full_name(),
                     [this](Turn& turn, const Caller&, const std::string& bytes) -> Result<std::string> {
                       pb::TimeAdvanceRequest request;
                       if (!request.ParseFromString(bytes)) {
                         return fail(Code::invalid_argument, "rpc.bad_payload",
                                     "the bytes are not a TimeAdvanceRequest message");
                       }
                       TRY(const auto reply, set_off(turn, request));
                       return reply.SerializeAsString();
                     });
  timeline.on_loaded([this] { last_minute_ = rules::minute_of(host_.timeline().now()); });
  timeline.add_genesis("time", [this](Turn& turn) { genesis(turn); });
  timeline.add_pack_hook(
      kService, [this](Turn& turn, const pb::PackChanged& change) { on_pack_changed(turn, change); });
  timeline.add_tick([this](Turn& turn) { on_tick(turn); });
  timeline.add_timer_handler(
      kService, [this](Turn& turn, const std::string& key, const std::string&) { on_timer(turn, key); });
}

void TimeService::genesis(Turn& turn) {
  turn.schedule(kService, kDayTimer, rules::next_midnight(turn.now()));
  turn.schedule(kService, kPhaseTimer, rules::next_phase_start(turn.now()));
  start_festivals(turn, rules::day_of(turn.now()), true);
}

// ---- Queries

Result<pb::TimeState> TimeService::get(const Caller&, const pb::TimeGetRequest&) const {
  const GameClock& clock = host_.timeline().clock();
  return rules::describe(calendar_, host_.timeline().now(), clock.scale(), clock.paused());
}

Result<pb::TimeCalendarReply> TimeService::calendar(const Caller&, const pb::TimeCalendarRequest&) const {
  pb::TimeCalendarReply reply;
  for (const auto& month : calendar_.months) {
    auto* out = reply.add_months();
    out->set_id(month.id);
    out->set_name(month.name);
    out->set_days(month.days);
    out->set_season(std::string(pack::name_of(month.season)));
  }
  for (const auto& weekday : calendar_.weekdays) reply.add_weekdays(weekday);
  for (const auto& festival : calendar_.festivals) {
    auto* out = reply.add_festivals();
    out->set_id(festival.id);
    out->set_name(festival.name);
    out->set_month(festival.month);
    out->set_day(festival.day);
    out->set_text(festival.text);
  }
  return reply;
}

pb::TimeState TimeService::state(const Turn& turn) const {
  return rules::describe(calendar_, turn.now(), turn.clock().scale(), turn.clock().paused());
}

// ---- The clock

pb::TimeState TimeService::run_clock(Turn& turn, Scale scale, bool paused) {
  if (scale != turn.clock().scale() || paused != turn.clock().paused()) {
    turn.set_clock(scale, paused);
    pb::TimeScaleChanged event;
    event.set_scale(static_cast<double>(scale.milli) / 1000);
    event.set_paused(paused);
    turn.emit(event, {});
  }
  return state(turn);
}

Result<pb::TimeState> TimeService::set_scale(Turn& turn, const Caller&,
                                             const pb::TimeSetScaleRequest& request) {
  const Scale scale = rules::scale_from(request.scale());
  return run_clock(turn, scale, turn.clock().paused());
}

Result<pb::TimeState> TimeService::pause(Turn& turn, const Caller&, const pb::TimePauseRequest&) {
  return run_clock(turn, turn.clock().scale(), true);
}

Result<pb::TimeState> TimeService::resume(Turn& turn, const Caller&, const pb::TimeResumeRequest&) {
  return run_clock(turn, turn.clock().scale(), false);
}

Result<pb::TimeState> TimeService::set_off(Turn& turn, const pb::TimeAdvanceRequest& request) {
  TRY(const GameTime to, rules::advance_target(request, turn.now(), limits_));
  pb::TimeAdvanced event;
  event.set_from_ms(turn.now().ms);
  event.set_to_ms(to.ms);
  turn.emit(event, {});
  turn.schedule(kService, kArrivalTimer, to);
  turn.jump_to(to);
  return rules::describe(calendar_, to, turn.clock().scale(), turn.clock().paused());
}

// Who sets the clock forward and asks for the time next must not read the time before.
Task<pb::TimeState> TimeService::advance(Caller caller, pb::TimeAdvanceRequest request) {
  const rt::Instant deadline = caller.deadline;
  CO_TRY(const auto reply, co_await host_.submit<pb::TimeState>(std::move(caller), std::move(request)));
  if (host_.timeline().now().ms < reply.now_ms()) {
    const rt::OneShot<void> there(host_.env());
    travellers_.emplace(reply.now_ms(), there);
    CO_TRY_VOID(co_await there.wait(deadline));
  }
  co_return reply;
}

void TimeService::arrived(Turn& turn) {
  turn.after_commit([this, now = turn.now().ms] {
    const auto end = travellers_.upper_bound(now);
    for (auto it = travellers_.begin(); it != end; ++it) it->second.set({});
    travellers_.erase(travellers_.begin(), end);
  });
}

void TimeService::on_tick(Turn& turn) {
  const std::int64_t minute = rules::minute_of(turn.now());
  if (minute == last_minute_) return;
  turn.on_undo([this, before = std::exchange(last_minute_, minute)] { last_minute_ = before; });
  pb::MinuteTicked event;
  event.set_now_ms(turn.now().ms);
  event.set_clock(pack::clock_text(rules::clock_of(turn.now())));
  turn.emit(event, {.priority = pb::PRIORITY_LOW});
}

// ---- What the calendar brings

void TimeService::on_timer(Turn& turn, const std::string& key) {
  if (key == kDayTimer) return begin_day(turn);
  if (key == kPhaseTimer) return begin_phase(turn);
  if (key == kArrivalTimer) return arrived(turn);
  if (key.starts_with(kUserTimer)) return fire(turn, key.substr(std::string_view(kUserTimer).size()));
}

void TimeService::begin_day(Turn& turn) {
  turn.schedule(kService, kDayTimer, rules::next_midnight(turn.now()));
  const std::int64_t day = rules::day_of(turn.now());
  const pack::Date today = pack::date_of(calendar_, day);
  pb::DayChanged changed;
  changed.set_day(day);
  changed.set_month(calendar_.months[today.month].id);
  changed.set_day_of_month(today.day);
  changed.set_weekday(calendar_.weekdays[today.weekday]);
  turn.emit(changed, {});
  const pack::Season before = day > 1 ? pack::date_of(calendar_, day - 1).season : today.season;
  if (before != today.season) {
    pb::SeasonChanged season;
    season.set_from(rules::to_pb(before));
    season.set_to(rules::to_pb(today.season));
    turn.emit(season, {});
  }
  start_festivals(turn, day, false);
}

void TimeService::start_festivals(Turn& turn, std::int64_t day, bool all) {
  std::vector<std::string> before;  // what went on yesterday does not start today
  if (!all && day > 1) before = pack::date_of(calendar_, day - 1).festivals;
  for (const auto& id : pack::date_of(calendar_, day).festivals) {
    if (std::ranges::find(before, id) != before.end()) continue;
    start_festival(turn, id);
  }
}

void TimeService::start_festival(Turn& turn, const std::string& id) {
  const auto festival = std::ranges::find(calendar_.festivals, id, &pack::Festival::id);
  pb::FestivalStarted event;
  event.set_festival(id);
  event.set_name(festival->name);
  event.set_text(festival->text);
  turn.emit(event, {.subject = id,
                    .place = festival->place.str(),
                    .audience = Audience::everybody()});  // the whole town knows
}

// Of the calendar nothing is kept. A festival that the pack has from now on may be today.
void TimeService::on_pack_changed(Turn& turn, const pb::PackChanged& change) {
  for (const auto& id : pack::date_of(calendar_, rules::day_of(turn.now())).festivals) {
    if (pack_change::added(change, "festivals", id)) start_festival(turn, id);
  }
}

void TimeService::begin_phase(Turn& turn) {
  turn.schedule(kService, kPhaseTimer, rules::next_phase_start(turn.now()));
  const pack::Phase to = rules::phase_at(rules::clock_of(turn.now()));
  const pack::Phase from = rules::phase_at(rules::clock_of({turn.now().ms - 1}));
  pb::PhaseChanged changed;
  changed.set_from(rules::to_pb(from));
  changed.set_to(rules::to_pb(to));
  turn.emit(changed, {});
  if (to == pack::Phase::dawn) {
    pb::DayWorldActivated activated;
    activated.set_day(rules::day_of(turn.now()));
    turn.emit(activated, {});
  } else if (to == pack::Phase::night) {
    pb::NightWorldActivated activated;
    activated.set_day(rules::day_of(turn.now()));
    turn.emit(activated, {});
  }
}

// ---- Timers of others

std::string TimeService::make_id(const Turn& turn) const {
  const std::string base =
      turn.input() != 0 ? fmt::format("timer-{}", turn.input()) : fmt::format("timer-at-{}", turn.now().ms);
  std::string id = base;
  for (int n = 2; timers_.find(id) != nullptr; ++n) id = fmt::format("{}-{}", base, n);
  return id;
}

Result<pb::TimeScheduleReply> TimeService::schedule(Turn& turn, const Caller&,
                                                    const pb::TimeScheduleRequest& request) {
  TRY_VOID(rules::check_timer(request, turn.now()));
  const std::string id = request.id().empty() ? make_id(turn) : request.id();
  if (timers_.size() >= limits_.timers_max && timers_.find(id) == nullptr) {
    return fail(Code::exhausted, "time.timers_full",
                fmt::format("{} timers are scheduled, the most there may be", limits_.timers_max));
  }
  pb::TimeTimerRecord timer;
  timer.set_id(id);
  timer.set_at_ms(request.at_ms());
  timer.set_name(request.name());
  timer.set_payload(request.payload());
  timers_.put(turn, std::move(timer));
  turn.schedule(kService, kUserTimer + id, {request.at_ms()});
  pb::TimeScheduleReply reply;
  reply.set_id(id);
  reply.set_at_ms(request.at_ms());
  return reply;
}

Result<pb::TimeUnscheduleReply> TimeService::unschedule(Turn& turn, const Caller&,
                                                        const pb::TimeUnscheduleRequest& request) {
  pb::TimeUnscheduleReply reply;
  reply.set_removed(timers_.erase(turn, request.id()));
  if (reply.removed()) turn.unschedule(kService, kUserTimer + request.id());
  return reply;
}

void TimeService::fire(Turn& turn, const std::string& id) {
  const auto* timer = timers_.find(id);
  if (timer == nullptr) return;
  pb::TimerFired event;
  event.set_id(id);
  event.set_name(timer->name());
  event.set_payload(timer->payload());
  event.set_due_ms(timer->at_ms());
  timers_.erase(turn, id);
  turn.emit(event, {.subject = id});
}

}  // namespace troupe

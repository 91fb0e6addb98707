// How a turn runs: emit, write, timers, calls between services, delivery of events.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "host/registry.h"
#include "host/timeline_impl.h"

namespace troupe {

using db::Blob;
using db::Values;

std::uint64_t Timeline::TurnImpl::emit(const google::protobuf::Message& event, EmitOptions options) {
  const bool own = !options.own_type.empty();
  const auto& info = event.GetDescriptor()->options().GetExtension(pb::event);
  TROUPE_CHECK(own || !info.service().empty(), "an event type says (event)");
  const EventType type{.type = event.GetDescriptor()->name(), .message = event.GetDescriptor(), .info = info};
  auto audience =
      decide_audience(own ? nullptr : &type, event, options.audience, options.place, timeline_.witnesses);
  EventRecord record{.input = input_,
                     .cause = cause_,
                     .type = own ? std::move(options.own_type) : type.type,
                     .subject = std::move(options.subject),
                     .place = std::move(options.place),
                     .priority = options.priority,
                     .audience = std::move(audience),
                     .at = timeline_.now,
                     .payload = stable_bytes(event),
                     .trace = trace_,
                     .wall_ms = timeline_.env.clock.wall_ms()};
  if (own ? options.own_live : info.live()) {
    envelopes_.push_back(event_log::to_envelope(record, timeline_.config.world));
    return 0;
  }
  TROUPE_CHECK(unbounded_ || writes_.events.size() < timeline_.config.limits.events_per_turn_max,
               "an event storm in one turn");
  record.sequence = ++tail_.events;
  record.chain = event_log::chain(tail_.event_chain, record);
  tail_.event_chain = record.chain;
  envelopes_.push_back(event_log::to_envelope(record, timeline_.config.world));
  undelivered_.emplace_back(EventContext{record.sequence, record.cause, record.subject, record.place},
                            writes_.events.size());
  writes_.events.push_back(std::move(record));
  return tail_.events;
}

std::uint64_t Timeline::TurnImpl::emit_caused_by(std::uint64_t cause, const google::protobuf::Message& event,
                                                 EmitOptions options) {
  const std::uint64_t before = std::exchange(cause_, cause);
  const std::uint64_t sequence = emit(event, std::move(options));
  cause_ = before;
  return sequence;
}

void Timeline::TurnImpl::write(std::string sql, db::Values values) {
  writes_.statements.emplace_back(std::move(sql), std::move(values));
}

void Timeline::TurnImpl::schedule(std::string_view service, std::string_view key, GameTime at,
                                  std::string payload) {
  TROUPE_CHECK(timeline_.timer_handlers.contains(std::string(service)), "the service handles its timers");
  const std::pair name{std::string(service), std::string(key)};
  if (const auto old = timeline_.timer_due.find(name); old != timeline_.timer_due.end()) {
    timeline_.timers.erase({old->second, name.first, name.second});
  }
  timeline_.timer_due[name] = at.ms;
  timeline_.timers[{at.ms, name.first, name.second}] = payload;
  write(
      "insert into timers (service, key, due_ms, payload) values ($1, $2, $3, $4) "
      "on conflict (service, key) do update set due_ms = excluded.due_ms, payload = excluded.payload",
      Values{name.first, name.second, at.ms, Blob{std::move(payload)}});
}

void Timeline::TurnImpl::unschedule(std::string_view service, std::string_view key) {
  const std::pair name{std::string(service), std::string(key)};
  const auto old = timeline_.timer_due.find(name);
  if (old == timeline_.timer_due.end()) return;
  timeline_.timers.erase({old->second, name.first, name.second});
  timeline_.timer_due.erase(old);
  write("delete from timers where service = $1 and key = $2", Values{name.first, name.second});
}

void Timeline::TurnImpl::set_clock(Scale scale, bool paused) {
  timeline_.clock = GameClock(timeline_.now, timeline_.env.now(), scale, paused);
  persist_clock();
}

void Timeline::TurnImpl::jump_to(GameTime to) {
  timeline_.clock = timeline_.clock.moved_to(std::max(to, timeline_.now), timeline_.env.now());
  persist_clock();
}

void Timeline::TurnImpl::persist_clock() {
  clock_touched_ = true;
  write("update timeline set base_ms = $1, scale_milli = $2, paused = $3 where id = 1",
        Values{timeline_.clock.base().ms, timeline_.clock.scale().milli,
               std::int64_t{timeline_.clock.paused() ? 1 : 0}});
}

Result<std::string> Timeline::TurnImpl::call_bytes(const Caller& caller,
                                                   const google::protobuf::Message& request) {
  TRY_VOID(check_role(caller));
  const std::string type = request.GetDescriptor()->full_name();
  if (const auto found = timeline_.applies.find(type); found != timeline_.applies.end()) {
    return found->second(*this, caller, request.SerializeAsString());
  }
  if (const auto found = timeline_.queries.find(type); found != timeline_.queries.end()) {
    return found->second(caller, request.SerializeAsString());
  }
  return fail(Code::unavailable, "bus.no_server", "nobody answers " + type + " inside a turn");
}

void Timeline::TurnImpl::settle() {
  while (!undelivered_.empty()) {
    const auto [context, index] = std::move(undelivered_.front());
    undelivered_.pop_front();
    const auto found = timeline_.listeners.find(writes_.events[index].type);
    if (found == timeline_.listeners.end()) continue;
    const std::string payload = writes_.events[index].payload;  // a copy: handlers append to writes_.events
    cause_ = context.sequence;
    for (const auto& listener : found->second) listener(*this, context, payload);
  }
  cause_ = 0;
}

Result<Timeline::Bytes> Timeline::Impl::run_turn(InputRecord* input,
                                                 const std::function<Result<Bytes>(Turn&)>& body) {
  const std::uint64_t sequence = input ? tail.inputs + 1 : 0;
  TurnImpl turn(*this, sequence, input ? input->trace : std::string());
  auto reply = body(turn);
  if (!reply) {
    TROUPE_CHECK(!turn.changed_anything(), "a handler checks first and changes after");
    return reply;
  }
  turn.settle();
  // A tick in which nothing happened, a command without effect: not part of history. What the log holds is,
  // or a replay would count otherwise than the original did.
  const bool recorded = input != nullptr && config.replay;
  if (!recorded && !turn.changed_anything() && turn.effects_.empty()) return reply;

  turns_total.add();
  events_total.add(static_cast<double>(turn.writes_.events.size()));
  if (input) {
    input->sequence = sequence;
    input->at = now;
    input->chain = event_log::chain(turn.tail_.input_chain, *input);
    turn.tail_.inputs = sequence;
    turn.tail_.input_chain = input->chain;
    turn.writes_.input = *input;
  }
  tail = turn.tail_;
  if (input || !turn.writes_.statements.empty() || !turn.writes_.events.empty()) {
    turn.write("update timeline set game_ms = $1 where id = 1", Values{now.ms});
  }
  pending.push_back({std::move(turn.writes_), std::move(turn.envelopes_), std::move(turn.effects_), {}});
  kick();
  return reply;
}

Result<Timeline::Bytes> Timeline::Impl::apply_input(InputRecord& input, const Caller& caller) {
  if (!config.replay) {
    input.caller = caller.name;
    input.role = caller.role;
    input.trace = caller.trace;
    input.wall_ms = env.clock.wall_ms();
  }
  if (input.type == kResumed) {
    return run_turn(&input, [&](Turn& turn) -> Result<Bytes> {
      // The world stood still while the server was down: its clock goes on from the last durable moment.
      clock = GameClock({std::stoll(input.payload)}, env.now(), clock.scale(), clock.paused());
      turn.write("update timeline set base_ms = $1 where id = 1", Values{clock.base().ms});
      return Bytes();
    });
  }
  if (input.type == kPackTaken) return take_pack(input);
  const auto found = applies.find(input.type);
  if (found == applies.end()) {
    return fail(Code::not_found, "log.unknown_input", "nothing here applies '" + input.type + "'");
  }
  return run_turn(&input, [&](Turn& turn) { return found->second(turn, caller, input.payload); });
}

void Timeline::Impl::fire(const TimerKey& timer) {
  const TimerKey key = timer;  // `timer` points into the map
  const std::string payload = timers.at(key);
  (void)run_turn(nullptr, [&](Turn& turn) -> Result<Bytes> {
    turn.unschedule(key.service, key.key);
    timer_handlers.at(key.service)(turn, key.key, payload);
    return Bytes();
  });
}

bool Timeline::Impl::step(GameTime to) {
  const bool timer_due_now = !timers.empty() && timers.begin()->first.due_ms <= to.ms;
  const GameTime tick = clock.first_tick_after(now);
  const bool tick_due_now = !ticks.empty() && clock.running() && tick <= to;
  if (!timer_due_now && !tick_due_now) return false;
  // At the same moment the tick is first: the next one is looked for after `now`, and this one would be lost.
  if (timer_due_now && (!tick_due_now || timers.begin()->first.due_ms < tick.ms)) {
    now = std::max(now, GameTime{timers.begin()->first.due_ms});
    fire(timers.begin()->first);
    return true;
  }
  now = tick;
  for (const auto& run : ticks) {
    (void)run_turn(nullptr, [&](Turn& turn) -> Result<Bytes> {
      run(turn);
      return Bytes();
    });
  }
  return true;
}

bool Timeline::Impl::advance_some(GameTime to) {
  if (standing()) return true;
  for (std::size_t done = 0; done < config.limits.steps_per_slice; ++done) {
    if (!step(to)) {
      now = std::max(now, to);
      return true;
    }
    if (pending.size() + committing >= config.limits.turns_max) return false;  // let the commits catch up
  }
  return false;
}

}  // namespace troupe

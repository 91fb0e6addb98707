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
  if (!unbounded_ && writes_.events.size() >= timeline_.config.limits.events_per_turn_max) {
    abandon({Code::exhausted, "timeline.event_storm",
             "one turn has more than " + std::to_string(writes_.events.size()) + " events, the last " +
                 record.type});
    return 0;
  }
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

void Timeline::TurnImpl::put_statement(std::string sql, db::Values values) {
  writes_.statements.emplace_back(std::move(sql), std::move(values));
}

void Timeline::TurnImpl::touch(TableRows& table, const std::string& key) {
  if (touched_before_.emplace(&table, key).second) touched_.emplace_back(&table, key);
}

void Timeline::TurnImpl::write_rows() {
  for (const auto& [table, key] : touched_) {
    auto [sql, values] = table->statement(key);
    put_statement(std::move(sql), std::move(values));
    table->written(key);
  }
}

// In memory; without a time it is gone.
void Timeline::TurnImpl::put_timer(const std::string& service, const std::string& key,
                                   std::optional<std::int64_t> due_ms, std::string payload) {
  const std::pair name{service, key};
  if (const auto old = timeline_.timer_due.find(name); old != timeline_.timer_due.end()) {
    timeline_.timers.erase({old->second, service, key});
    timeline_.timer_due.erase(old);
  }
  if (!due_ms) return;
  timeline_.timer_due[name] = *due_ms;
  timeline_.timers[{*due_ms, service, key}] = std::move(payload);
}

void Timeline::TurnImpl::schedule(std::string_view service, std::string_view key, GameTime at,
                                  std::string payload) {
  TROUPE_CHECK(timeline_.timer_handlers.contains(std::string(service)), "the service handles its timers");
  const std::string owner(service), name(key);
  if (const auto old = timeline_.timer_due.find({owner, name}); old != timeline_.timer_due.end()) {
    on_undo([this, owner, name, due = old->second, before = timeline_.timers.at({old->second, owner, name})] {
      put_timer(owner, name, due, before);
    });
  } else {
    on_undo([this, owner, name] { put_timer(owner, name, {}, {}); });
  }
  put_timer(owner, name, at.ms, payload);
  put_statement(
      "insert into timers (service, key, due_ms, payload) values ($1, $2, $3, $4) "
      "on conflict (service, key) do update set due_ms = excluded.due_ms, payload = excluded.payload",
      Values{owner, name, at.ms, Blob{std::move(payload)}});
}

void Timeline::TurnImpl::unschedule(std::string_view service, std::string_view key) {
  const std::string owner(service), name(key);
  const auto old = timeline_.timer_due.find({owner, name});
  if (old == timeline_.timer_due.end()) return;
  on_undo([this, owner, name, due = old->second, before = timeline_.timers.at({old->second, owner, name})] {
    put_timer(owner, name, due, before);
  });
  put_timer(owner, name, {}, {});
  put_statement("delete from timers where service = $1 and key = $2", Values{owner, name});
}

void Timeline::TurnImpl::set_clock(Scale scale, bool paused) {
  change_clock(GameClock(timeline_.now, timeline_.env.now(), scale, paused));
}

void Timeline::TurnImpl::jump_to(GameTime to) {
  change_clock(timeline_.clock.moved_to(std::max(to, timeline_.now), timeline_.env.now()));
}

void Timeline::TurnImpl::change_clock(GameClock clock) {
  on_undo([this, before = timeline_.clock] { timeline_.clock = before; });
  timeline_.clock = clock;
  clock_touched_ = true;
  put_statement("update timeline set base_ms = $1, scale_milli = $2, paused = $3 where id = 1",
                Values{clock.base().ms, clock.scale().milli, std::int64_t{clock.paused() ? 1 : 0}});
}

Timeline::TurnImpl::Mark Timeline::TurnImpl::here() const {
  return {.statements = writes_.statements.size(),
          .events = writes_.events.size(),
          .envelopes = envelopes_.size(),
          .effects = effects_.size(),
          .undelivered = undelivered_.size(),
          .touched = touched_.size(),
          .undos = undos_.size(),
          .tail = tail_,
          .cause = cause_,
          .clock_touched = clock_touched_};
}

// Nothing is delivered inside a call, so that what was emitted in it stands at the end.
void Timeline::TurnImpl::undo_to(const Mark& mark) {
  for (; undos_.size() > mark.undos; undos_.pop_back()) undos_.back()();
  for (; touched_.size() > mark.touched; touched_.pop_back()) touched_before_.erase(touched_.back());
  writes_.statements.resize(mark.statements);
  writes_.events.resize(mark.events);
  envelopes_.resize(mark.envelopes);
  effects_.resize(mark.effects);
  undelivered_.resize(mark.undelivered);
  tail_ = mark.tail;
  cause_ = mark.cause;
  clock_touched_ = mark.clock_touched;
}

Result<std::string> Timeline::TurnImpl::unless_failed(Result<std::string> reply) {
  if (!failure_) return reply;
  const Error error = *std::exchange(failure_, {});
  if (reply) return std::unexpected(error);
  return reply;
}

Result<std::string> Timeline::TurnImpl::call_bytes(const Caller& caller,
                                                   const google::protobuf::Message& request) {
  TRY_VOID(check_role(caller));
  const std::string type = request.GetDescriptor()->full_name();
  if (const auto found = timeline_.applies.find(type); found != timeline_.applies.end()) {
    const auto failed_before = std::exchange(failure_, {});
    const auto mark = here();
    const auto outer = std::exchange(scope_, ++timeline_.scopes);
    auto reply = unless_failed(found->second(*this, caller, request.SerializeAsString()));
    if (!reply) undo_to(mark);
    scope_ = outer;
    failure_ = failed_before;
    return reply;
  }
  if (const auto found = timeline_.queries.find(type); found != timeline_.queries.end()) {
    return found->second(caller, request.SerializeAsString());
  }
  const MethodInfo* method = find_method(request.GetDescriptor());
  return std::unexpected(service_away(method != nullptr ? method->service : type));
}

void Timeline::TurnImpl::settle() {
  while (!undelivered_.empty() && !failure_) {
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
  const auto mark = turn.here();
  Result<Bytes> reply;
  std::string threw;
  try {
    reply = body(turn);
    if (reply) turn.settle();
    reply = turn.unless_failed(std::move(reply));
  } catch (const std::exception& e) {
    threw = e.what();
    reply = fail(Code::internal, "rpc.bug", "the server made a mistake; see its log");
  }
  if (!reply) {
    if (!threw.empty()) tear(threw);
    if (turn.changed_anything()) {
      undone_total.add();
      log::warn("timeline", "{}: {} is undone: {}", config.world, input ? input->type : "a turn by time",
                reply.error().message);
    }
    turn.undo_to(mark);
    return reply;
  }
  // A tick in which nothing happened, a command without effect: not part of history. What the log holds is,
  // or a replay would count otherwise than the original did.
  const bool recorded = input != nullptr && config.replay;
  const bool consumes = input != nullptr && input->type == kTurnFailed;
  if (!recorded && !consumes && !turn.changed_anything() && turn.effects_.empty()) return reply;
  turn.write_rows();

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
    turn.put_statement("update timeline set game_ms = $1 where id = 1", Values{now.ms});
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
      static_cast<TurnImpl&>(turn).put_statement("update timeline set base_ms = $1 where id = 1",
                                                 Values{clock.base().ms});
      return Bytes();
    });
  }
  if (input.type == kPackTaken) return take_pack(input);
  if (input.type == kTurnFailed) return take_failure(input);
  const auto found = applies.find(input.type);
  if (found == applies.end()) {
    return fail(Code::not_found, "log.unknown_input", "nothing here applies '" + input.type + "'");
  }
  return run_turn(&input, [&](Turn& turn) { return found->second(turn, caller, input.payload); });
}

void Timeline::Impl::fire(const TimerKey& timer) {
  const TimerKey key = timer;  // `timer` points into the map
  const std::string payload = timers.at(key);
  const auto done = run_turn(nullptr, [&](Turn& turn) -> Result<Bytes> {
    turn.unschedule(key.service, key.key);
    timer_handlers.at(key.service)(turn, key.key, payload);
    return Bytes();
  });
  if (!done) consume(key.service, key.key, done.error());
}

// Once for each reason in a row: it would be told ten times a second.
void Timeline::Impl::tick_failed(const Error& error) {
  if (config.replay || std::exchange(tick_failure, error.reason) == error.reason) return;
  consume("tick", "", error);
}

void Timeline::Impl::consume(const std::string& what, const std::string& key, const Error& error) {
  if (config.replay) {
    awaits_failure = true;
    return;
  }
  pb::TurnFailed failed;
  failed.set_what(what);
  failed.set_key(key);
  failed.set_reason(error.reason + ": " + error.message);
  InputRecord input{.type = kTurnFailed, .payload = stable_bytes(failed)};
  (void)apply_input(input, Caller::server());
}

Result<Timeline::Bytes> Timeline::Impl::take_failure(InputRecord& input) {
  pb::TurnFailed failed;
  if (!failed.ParseFromString(input.payload))
    return fail(Code::internal, "log.damaged", "an input TurnFailed does not parse");
  awaits_failure = false;
  return run_turn(&input, [&](Turn& turn) -> Result<Bytes> {
    if (!failed.key().empty()) turn.unschedule(failed.what(), failed.key());
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
    const auto done = run_turn(nullptr, [&](Turn& turn) -> Result<Bytes> {
      run(turn);
      return Bytes();
    });
    if (!done) tick_failed(done.error());
  }
  return true;
}

bool Timeline::Impl::advance_some(GameTime to) {
  if (standing() || awaits_failure) return true;
  for (std::size_t done = 0; done < config.limits.steps_per_slice; ++done) {
    if (awaits_failure) return true;
    if (!step(to)) {
      now = std::max(now, to);
      return true;
    }
    if (pending.size() + committing >= config.limits.turns_max) return false;  // let the commits catch up
  }
  return false;
}

}  // namespace troupe

#include "services/npc/choice.h"

#include <algorithm>

#include "base/log.h"
#include "pack/query.h"
#include "services/npc/timers.h"
#include "talk/words.h"

namespace troupe::npc {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr double kDayMs = 86'400'000.0;

bool free_to_choose(const Mind& mind, std::int64_t now_ms) {
  const auto& record = mind.record();
  return !record.dead() && record.threats().empty() && record.path_size() < 2 &&
         now_ms >= record.busy_until_ms() && record.talking_to().empty();
}

}  // namespace

Choice::Choice(const Ground& ground, Minds& minds, Decisions& decisions, const Players& players, Day& day,
               Feelings& feelings, const Situation& situation)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      minds_(minds),
      decisions_(decisions),
      players_(players),
      day_(day),
      feelings_(feelings),
      situation_(situation),
      options_(ground),
      gaze_(ground, minds, players) {}

void Choice::mount() {
  host_.serve(&Choice::thinking, this);
  host_.serve(&Choice::chosen, this);
}

void Choice::start() {
  host_.spawn("thinking", [this]() -> boost::asio::awaitable<void> {
    pb::NpcThinking command;
    command.set_on(config_.thinks);
    (void)co_await host_.submit<pb::NpcThinking>(as_npc(host_.timeline().config().world), command);
  });
}

// Half a second to two of real time where a player could see it; every 20 to 40 game minutes elsewhere, and
// while somebody plays, no oftener than every 4 to 8 real seconds.
void Choice::think_again(Turn& turn, Mind& mind) const {
  const auto& tuning = config_.tuning;
  auto& record = minds_.edit(turn, mind);
  record.set_watched(players_.could_see(position(pack_, record, turn.now().ms)));
  const auto draw = turn.draw("npc.think", record.id());
  const auto tick = static_cast<std::uint64_t>(turn.now().ms);
  const auto between = [&](std::int64_t least, std::uint32_t which) {  // and twice as much
    return least + static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(least), tick, which));
  };
  const auto near_ms = tuning.near_real.count();
  std::int64_t pause = 0;
  if (record.watched()) {
    pause = real_ms(turn.clock(), rt::milliseconds(near_ms + between(near_ms, 0)));
  } else {
    pause = between(tuning.far_minutes * kMinuteMs, 0);
    if (players_.somebody_plays())
      pause = std::max(pause, real_ms(turn.clock(), rt::milliseconds(between(tuning.far_real.count(), 1))));
  }
  schedule(turn, Timer::think, record.id(), turn.now() + GameSpan{pause});
}

void Choice::think(Turn& turn, Mind& mind) {
  const auto& tuning = config_.tuning;
  const auto now = turn.now().ms;
  think_again(turn, mind);
  feelings_.fade_mood(turn, mind);
  auto& record = minds_.edit(turn, mind);
  goals_return(*mind.who, record, static_cast<double>(now - record.goals_decayed_ms()) / kDayMs);
  record.set_goals_decayed_ms(now);
  const auto choices = free_to_choose(mind, now) ? options_.of(turn, mind) : Choices{};
  if (choices.top.size() < 2) {
    // Somebody who is busy, walks or talks before a player's eyes still chooses whom to look at.
    if (record.watched()) gaze_.look_about(turn, mind);
    return;
  }
  // Real time between questions: of everybody together while nobody is near, of each person otherwise.
  const bool rested = record.watched()
                          ? now - record.gold_ms() >= real_ms(turn.clock(), tuning.watched_gold_real)
                          : now - minds_.last_gold_ms() >= turn.clock().span_of(tuning.idle_gold_real).ms;
  if (minds_.thinks() && record.asking() == 0 && rested && is_open(choices.top)) {
    record.set_gold_ms(now);
    ask_gold(turn, mind, choices);
  } else {
    decide_by_utility(turn, mind, choices);
  }
}

std::string Choice::reason(const Weighed& weighed) const {
  const auto& reasons = texts_.reason;
  switch (weighed.why) {
    case Why::time_to:
      return reasons.time_to.with({{"activity", weighed.about}});
    case Why::belongs_to:
      return reasons.belongs_to.with({{"activity", weighed.about}});
    case Why::serves:
      return reasons.serves.with({{"goal", weighed.about}});
    case Why::at_hand:
      break;
  }
  return reasons.at_hand.text();
}

void Choice::decide_by_utility(Turn& turn, Mind& mind, const Choices& choices) {
  const auto& [options, actions, top] = choices;
  pb::Decision decision;
  decision.set_kind("choose");
  decision.set_tier("reflex");
  decision.set_method("utility");
  for (const auto& w : top) decision.add_options(options[w.option].text);
  const auto shares = probabilities(top);
  decision.mutable_probabilities()->Assign(shares.begin(), shares.end());
  decision.set_choice(0);
  decision.set_output(options[top[0].option].text);
  decision.set_reason(reason(top[0]));
  decision.set_deadline_met(true);
  carry_out(turn, mind, std::move(decision), actions[top[0].option], options[top[0].option].text);
}

// Of the persona, its first sentence: what else it says takes attention from the scene (measured, ADR 4).
std::string Choice::chooser(const pack::Npc& who) const {
  const auto persona = talk::sentences(who.persona);
  return texts_.person.chooser.with({{"name", who.name},
                                     {"role", who.role},
                                     {"persona", persona.empty() ? std::string() : persona.front()}});
}

std::string Choice::scene(Turn& turn, const Mind& mind) const {
  std::string out = situation_.now(turn, mind);
  if (!mind.perceived.empty()) out += texts_.scene.just_now.with({{"text", mind.perceived.front().text}});
  if (!mind.who->goals.empty()) {
    const auto goal = std::ranges::max_element(mind.who->goals, {}, &pack::Goal::priority);
    out += texts_.scene.matters_most.with({{"goal", goal->text}});
  }
  return out;
}

void Choice::ask_gold(Turn& turn, Mind& mind, const Choices& choices) {
  auto& record = minds_.edit(turn, mind);
  record.set_asked(record.asked() + 1);
  record.set_asking(record.asked());
  minds_.set_last_gold(turn);
  schedule(turn, Timer::giveup, record.id(), turn.now() + turn.clock().span_of(config_.tuning.give_up_real));

  pb::AiChooseRequest request;
  request.set_npc(record.id());
  request.set_who(chooser(*mind.who));
  request.set_situation(scene(turn, mind));
  std::vector<pb::Action> actions;
  std::vector<std::string> reasons;
  for (const auto& w : choices.top) {
    request.add_options(choices.options[w.option].text);
    actions.push_back(choices.actions[w.option]);
    reasons.push_back(reason(w));
  }
  request.set_deadline_ms(config_.choose_within().count());
  turn.after_commit([this, request, asked = record.asked(), actions, reasons] {
    host_.spawn("choose " + request.npc(),
                [this, request, asked, actions, reasons] { return ask(request, asked, actions, reasons); });
  });
}

boost::asio::awaitable<void> Choice::ask(pb::AiChooseRequest request, std::uint64_t asked,
                                         std::vector<pb::Action> actions, std::vector<std::string> reasons) {
  const auto self = as_npc(host_.timeline().config().world);
  auto answer = co_await host_.call<pb::AiChooseReply>(self, request);
  pb::NpcChosen command;
  command.set_npc(request.npc());
  command.set_asked(asked);
  if (answer) {
    const auto index = static_cast<std::size_t>(answer->index());
    *command.mutable_decision() = answer->decision();
    command.mutable_decision()->set_reason(reasons[index]);
    *command.mutable_action() = actions[index];
  } else {
    // No model and no reflex engine: what weighed most, so that nobody stands about.
    auto& decision = *command.mutable_decision();
    decision.set_kind("choose");
    decision.set_tier("reflex");
    decision.set_method("utility");
    *decision.mutable_options() = request.options();
    decision.set_output(request.options(0));
    decision.set_reason(reasons[0]);
    decision.add_fallbacks(answer.error().message);
    *command.mutable_action() = actions[0];
  }
  const auto done = co_await host_.submit<pb::NpcChosenReply>(self, command);
  if (!done) log::warn("npc", "{}: a choice was lost: {}", request.npc(), done.error().message);
}

Result<pb::NpcThinking> Choice::thinking(Turn& turn, const Caller&, const pb::NpcThinking& command) {
  minds_.set_thinks(turn, command.on());
  return command;
}

Result<pb::NpcChosenReply> Choice::chosen(Turn& turn, const Caller&, const pb::NpcChosen& command) {
  TRY(Mind * mind, minds_.find(command.npc()));
  pb::NpcChosenReply reply;
  if (mind->record().asking() != command.asked()) {
    reply.set_why("the question is closed");
    return reply;
  }
  minds_.edit(turn, *mind).set_asking(0);
  unschedule(turn, Timer::giveup, command.npc());
  const bool still_free = free_to_choose(*mind, turn.now().ms);
  auto decision = command.decision();
  if (still_free) {
    carry_out(turn, *mind, decision, command.action(), decision.output());
  } else {
    decision.set_verdict("too late: something else came up");
    carry_out(turn, *mind, decision, {}, decision.output());
  }
  reply.set_taken(still_free);
  return reply;
}

void Choice::carry_out(Turn& turn, Mind& mind, pb::Decision decision, const pb::Action& action,
                       const std::string& what) {
  auto& record = minds_.edit(turn, mind);
  const auto now = turn.now().ms;
  std::string verdict = decision.verdict();
  std::string doing = what;
  std::int64_t minutes = 0;
  if (!action.verb().empty()) {
    pb::CapabilitiesExecuteRequest execute;
    execute.set_kind("npc");
    execute.set_actor(record.id());
    *execute.mutable_action() = action;
    const auto done = turn.call<pb::Verdict>(as_npc(turn.world()), execute);
    verdict = !done ? done.error().message : done->allowed() ? "done" : "refused: " + done->message();
    if (done && done->allowed()) {
      minutes = done->duration_minutes();
      doing = done->doing();
    }
    const bool acted = done && done->allowed();
    remember_deed(record, action.verb(), what, now, !acted);
    if (acted) feelings_.satisfied(turn, mind, action.verb());
  } else if (verdict.empty()) {
    verdict = "carries on";
    const auto& routine = pack::routine_at(*mind.who, clock_at(now));
    if (place_now(pack_, record, now) != routine.place.str()) day_.follow_routine(turn, mind);
  }
  decision.set_verdict(verdict);
  // That somebody goes on as before, unseen and unasked, is not worth a line of history.
  if (verdict == "carries on" && decision.tier() == "reflex" && !record.watched()) return;
  pb::NpcDecided event;
  event.set_npc(record.id());
  event.set_choice(what);
  event.set_reason(decision.reason());
  event.set_tier(decision.tier());
  *event.mutable_options() = decision.options();
  for (const double p : decision.probabilities()) event.add_probabilities(static_cast<float>(p));
  event.set_verdict(verdict);
  // The decision is called after its event, which is the next of the log.
  event.set_decision(decision_id(turn.next_sequence()));
  decision.set_event_sequence(turn.emit(event, {.subject = record.id(), .place = record.place()}));
  decisions_.keep(turn, mind, decision);
  if (verdict == "done") {
    const bool about_a_player = !players_named(pack_, action).empty();
    day_.take_up(turn, mind,
                 {.intent = action.verb(),
                  .activity = doing,
                  .reason = decision.reason(),
                  .tier = decision.tier(),
                  .scene = about_a_player ? texts_.doing.with_somebody.text() : std::string()});
    if (minutes > 0) {
      record.set_busy_until_ms(now + minutes * kMinuteMs);
      schedule(turn, Timer::done, record.id(), GameTime{record.busy_until_ms()});
    }
  }
}

}  // namespace troupe::npc

// What somebody does next: utility first; the gold tier where the choice is open and somebody could see it.
#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/steady.h"
#include "base/text.h"
#include "pack/query.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"

namespace troupe {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
// Real time between questions to the gold tier while nobody is near. A question that runs into its deadline
// takes 3 CPU seconds of two cores: 1 % of a core at most.
constexpr std::chrono::minutes kIdleGold{5};  // of real time

std::string place_in(const pb::Action& action) {
  for (const auto* key : {"place", "to", "target", "at"}) {
    if (const auto found = action.args().find(key); found != action.args().end()) return found->second;
  }
  return {};
}

}  // namespace

bool NpcService::interested(const Mind& mind) const {
  const auto now = host_.timeline().now().ms;
  const auto at = npc::position(pack_, mind.record, now);
  const std::int64_t fresh_ms = host_.timeline().clock().span_of(std::chrono::minutes(1)).ms;
  return std::ranges::any_of(players_, [&](const auto& entry) {
    const auto& player = entry.second;
    return now - player.seen_ms() <= fresh_ms &&
           steady_distance(player.x() - at.x, player.y() - at.y) <= config_.limits.interest_m;
  });
}

void NpcService::think(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  const bool watched = interested(mind);
  const auto tick = static_cast<std::uint64_t>(now / kMinuteMs);
  // Every 20 to 40 game minutes; every 5 to 10 where a player could see it.
  const auto pause =
      static_cast<std::int64_t>((watched ? 5 : 20) * kMinuteMs) +
      static_cast<std::int64_t>(turn.draw("npc.think", record.id())
                                    .below(static_cast<std::uint64_t>((watched ? 5 : 20) * kMinuteMs), tick));
  turn.schedule("npc", "think:" + record.id(), turn.now() + GameSpan{pause});

  // Goals fade when nothing is done about them.
  const double days = static_cast<double>(now - record.goals_decayed_ms()) / 86'400'000.0;
  for (auto& kept : *record.mutable_goals()) {
    for (const auto& goal : mind.who->goals) {
      if (goal.id == kept.id()) kept.set_priority(std::max(.05, kept.priority() - goal.decay * days));
    }
  }
  record.set_goals_decayed_ms(now);

  if (record.path_size() >= 2 || now < record.busy_until_ms() || !record.talking_to().empty()) {
    save(turn, mind);
    return;
  }
  const auto& routine =
      pack::routine_at(*mind.who, pack::Clock{static_cast<int>(now % 86'400'000 / kMinuteMs)});
  pb::CapabilitiesLegalRequest ask;
  ask.set_kind("npc");
  ask.set_actor(record.id());
  ask.set_limit(24);
  const auto legal = turn.call<pb::CapabilitiesLegalReply>(as_self(), ask);
  std::vector<npc::Option> options = {
      {.verb = "", .text = "carry on: " + routine.activity, .place = routine.place.str()}};
  std::vector<pb::Action> actions(1);
  if (legal) {
    for (const auto& option : legal->options()) {
      options.push_back({option.action().verb(), option.text(), place_in(option.action())});
      actions.push_back(option.action());
    }
  }
  auto weighed = npc::weigh(*mind.who, record, routine, options, turn.draw("npc.weigh", record.id()), tick);
  // One option a verb: five ways to walk would crowd out everything else.
  std::vector<npc::Weighed> top;
  for (const auto& w : weighed) {
    const bool again = std::ranges::any_of(
        top, [&](const auto& t) { return options[t.option].verb == options[w.option].verb; });
    if (!again && top.size() <= config_.limits.options_max) top.push_back(w);
  }
  if (top.size() < 2) {
    save(turn, mind);
    return;
  }
  const std::int64_t idle_gap = turn.clock().span_of(kIdleGold).ms;
  const bool may_ask = thinks_ && record.asking() == 0 && (watched || now - last_gold_ms_ >= idle_gap);
  if (may_ask && npc::is_open(top)) {
    ask_gold(turn, mind, options, actions, top);
  } else {
    decide_by_utility(turn, mind, options, actions, top);
  }
}

void NpcService::decide_by_utility(Turn& turn, Mind& mind, const std::vector<npc::Option>& options,
                                   const std::vector<pb::Action>& actions,
                                   const std::vector<npc::Weighed>& weighed) {
  pb::Decision decision;
  decision.set_kind("choose");
  decision.set_tier("reflex");
  decision.set_method("utility");
  for (const auto& w : weighed) decision.add_options(options[w.option].text);
  const auto probabilities = npc::probabilities(weighed);
  decision.mutable_probabilities()->Assign(probabilities.begin(), probabilities.end());
  decision.set_choice(0);
  decision.set_output(options[weighed[0].option].text);
  decision.set_reason(weighed[0].reason);
  decision.set_deadline_met(true);
  carry_out(turn, mind, std::move(decision), actions[weighed[0].option], options[weighed[0].option].text);
}

std::string NpcService::situation(const Mind& mind, const pb::TimeState& time,
                                  const std::string& weather) const {
  const auto* place = pack_.place(npc::place_now(pack_, mind.record, host_.timeline().now().ms));
  std::string text = "It is " + time.clock() + " (" + time.phase() + ")";
  if (!weather.empty()) text += ", " + weather;
  if (place != nullptr) text += ". " + mind.who->name + " is at " + place->name;
  text += ", " + mind.record.scene() + ".";
  return text;
}

std::string NpcService::weather_at(Turn* turn, const std::string& place_id) const {
  const auto* place = pack_.place(place_id);
  if (place == nullptr) return {};
  pb::WeatherGetRequest get;
  get.set_region(place->region.str());
  const auto caller = as_self();
  Result<pb::WeatherNow> now = std::unexpected(Error{});
  if (turn != nullptr) {
    now = turn->call<pb::WeatherNow>(caller, get);
  } else if (const auto bytes =
                 host_.timeline().query(caller, get.GetDescriptor()->full_name(), get.SerializeAsString())) {
    now = pb::WeatherNow();
    now->ParseFromString(*bytes);
  }
  if (!now) return {};
  std::string name = now->state() == "none" ? std::string() : now->state();
  std::ranges::replace(name, '_', ' ');
  return name;
}

void NpcService::ask_gold(Turn& turn, Mind& mind, const std::vector<npc::Option>& options,
                          const std::vector<pb::Action>& actions, const std::vector<npc::Weighed>& weighed) {
  auto& record = mind.record;
  record.set_asked(record.asked() + 1);
  record.set_asking(record.asked());
  last_gold_ms_ = turn.now().ms;
  save_counters(turn);
  save(turn, mind);
  turn.schedule("npc", "giveup:" + record.id(), turn.now() + turn.clock().span_of(std::chrono::seconds(30)));

  pb::AiChooseRequest ask;
  ask.set_npc(record.id());
  ask.set_who("You are " + mind.who->name + ", " + mind.who->role + ". " + mind.who->persona);
  const auto time = turn.call<pb::TimeState>(as_self(), pb::TimeGetRequest());
  std::string scene = situation(mind, time ? *time : pb::TimeState(), weather_at(&turn, record.place()));
  if (!mind.perceived.empty()) scene += " Just now: " + mind.perceived.front().text;
  if (!mind.who->goals.empty()) {
    const auto goal = std::ranges::max_element(mind.who->goals, {}, &pack::Goal::priority);
    scene += " What matters most: " + goal->text + ".";
  }
  ask.set_situation(scene);
  std::vector<pb::Action> offered;
  std::vector<std::string> reasons;
  for (const auto& w : weighed) {
    ask.add_options(options[w.option].text);
    offered.push_back(actions[w.option]);
    reasons.push_back(w.reason);
  }
  ask.set_deadline_ms(choose_deadline().count());
  turn.after_commit([this, id = record.id(), asked = record.asked(), ask, offered, reasons] {
    host_.spawn("choose " + id, [this, id, asked, ask, offered, reasons]() -> boost::asio::awaitable<void> {
      auto answer = co_await host_.call<pb::AiChooseReply>(as_self(), ask);
      pb::NpcChosen command;
      command.set_npc(id);
      command.set_asked(asked);
      if (answer) {
        *command.mutable_decision() = answer->decision();
        command.mutable_decision()->set_reason(reasons[static_cast<std::size_t>(answer->index())]);
        *command.mutable_action() = offered[static_cast<std::size_t>(answer->index())];
      } else {
        // No model and no reflex engine: what weighed most, so that nobody stands about.
        auto& decision = *command.mutable_decision();
        decision.set_kind("choose");
        decision.set_tier("reflex");
        decision.set_method("utility");
        *decision.mutable_options() = ask.options();
        decision.set_output(ask.options(0));
        decision.set_reason(reasons[0]);
        decision.add_fallbacks(answer.error().message);
        *command.mutable_action() = offered[0];
      }
      const auto done = co_await host_.submit<pb::NpcChosenReply>(as_self(), command);
      if (!done) log::warn("npc", "{}: a choice was lost: {}", id, done.error().message);
    });
  });
}

Result<pb::NpcThinking> NpcService::thinking(Turn& turn, const Caller& caller,
                                             const pb::NpcThinking& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  if (command.on() != thinks_) {
    thinks_ = command.on();
    save_counters(turn);
  }
  return command;
}

Result<pb::NpcChosenReply> NpcService::chosen(Turn& turn, const Caller& caller,
                                              const pb::NpcChosen& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  TRY(Mind * mind, find(command.npc()));
  pb::NpcChosenReply reply;
  if (mind->record.asking() != command.asked()) {
    reply.set_why("the question is closed");
    return reply;
  }
  mind->record.set_asking(0);
  turn.unschedule("npc", "giveup:" + command.npc());
  const bool still_free = mind->record.path_size() < 2 && turn.now().ms >= mind->record.busy_until_ms() &&
                          mind->record.talking_to().empty();
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

void NpcService::carry_out(Turn& turn, Mind& mind, pb::Decision decision, const pb::Action& action,
                           const std::string& what) {
  auto& record = mind.record;
  std::string verdict = decision.verdict();
  std::string doing = what;
  std::int64_t minutes = 0;
  if (!action.verb().empty()) {
    pb::CapabilitiesExecuteRequest execute;
    execute.set_kind("npc");
    execute.set_actor(record.id());
    *execute.mutable_action() = action;
    const auto done = turn.call<pb::Verdict>(as_self(), execute);
    verdict = !done ? done.error().message : done->allowed() ? "done" : "refused: " + done->message();
    if (done && done->allowed()) {
      minutes = done->duration_minutes();
      doing = done->doing();
      record.add_recent_verbs(action.verb());
      if (record.recent_verbs_size() > 3) record.mutable_recent_verbs()->erase(record.recent_verbs().begin());
    }
  } else if (verdict.empty()) {
    verdict = "carries on";
  }
  decision.set_verdict(verdict);
  pb::NpcDecided event;
  event.set_npc(record.id());
  event.set_choice(what);
  event.set_reason(decision.reason());
  event.set_tier(decision.tier());
  *event.mutable_options() = decision.options();
  for (const double p : decision.probabilities()) event.add_probabilities(static_cast<float>(p));
  event.set_verdict(verdict);
  // The decision is called after its event, which is the next of the log.
  event.set_decision("d-" + std::to_string(turn.next_sequence()));
  decision.set_event_sequence(turn.emit(event, {.subject = record.id(), .place = record.place()}));
  keep_decision(turn, mind, decision);
  if (verdict == "done") {
    const bool about_a_player = !npc::players_named(pack_, action).empty();
    set_intent(turn, mind, action.verb(), doing, decision.reason(), decision.tier(),
               about_a_player ? "busy with somebody" : "");
    if (minutes > 0) {
      record.set_busy_until_ms(turn.now().ms + minutes * kMinuteMs);
      turn.schedule("npc", "done:" + record.id(), GameTime{record.busy_until_ms()});
    }
  }
  save(turn, mind);
}

}  // namespace troupe

// What somebody does next: utility first; the gold tier where the choice is open and somebody could see it.
#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/steady.h"
#include "base/text.h"
#include "pack/query.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/state.pb.h"

namespace troupe {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kNearRealMs = 500;   // 500 to 1,500 ms between decisions where a player could see them
constexpr std::int64_t kFarRealMs = 4'000;  // 4 to 8 s elsewhere
constexpr std::int64_t kWatchedGoldRealMs = 5'000;  // between questions of one person to the gold tier
constexpr int kOptionsWeighed = 200;  // all that the verbs of a pack allow: utility sees them all
constexpr double kLookM = 15;
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

std::vector<const pb::PlayerRecord*> NpcService::present_players() const {
  constexpr std::int64_t kPresentRealMs = 60'000;
  const auto since = host_.timeline().now().ms - real_ms(host_.timeline().clock(), kPresentRealMs);
  std::vector<const pb::PlayerRecord*> present;
  for (const auto& [name, player] : players_) {
    if (player.seen_ms() >= since) present.push_back(&player);
  }
  return present;
}

bool NpcService::somebody_plays() const { return !present_players().empty(); }

bool NpcService::interested(const Mind& mind) const {
  const auto at = npc::position(pack_, mind.record, host_.timeline().now().ms);
  return std::ranges::any_of(present_players(), [&](const auto* player) {
    return steady_distance(player->x() - at.x, player->y() - at.y) <= config_.limits.interest_m;
  });
}

// When they think next: half a second to two of real time where a player could see it, whatever the scale;
// every 20 to 40 game minutes elsewhere, and while somebody plays, no oftener than every 4 to 8 real seconds.
void NpcService::think_again(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  record.set_watched(interested(mind));
  const auto draw = turn.draw("npc.think", record.id());
  const auto tick = static_cast<std::uint64_t>(turn.now().ms);
  const auto between = [&](std::int64_t least, std::uint32_t which) {  // and twice as much
    return least + static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(least), tick, which));
  };
  std::int64_t pause = 0;
  if (record.watched()) {
    pause = real_ms(turn.clock(), kNearRealMs + between(kNearRealMs, 0));
  } else {
    pause = between(20 * kMinuteMs, 0);
    if (somebody_plays()) pause = std::max(pause, real_ms(turn.clock(), between(kFarRealMs, 1)));
  }
  turn.schedule("npc", "think:" + record.id(), turn.now() + GameSpan{pause});
}

void NpcService::think(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  think_again(turn, mind);
  fade_mood(turn, mind);
  npc::goals_return(*mind.who, record, static_cast<double>(now - record.goals_decayed_ms()) / 86'400'000.0);
  record.set_goals_decayed_ms(now);
  if (!free_to_choose(mind, now)) {
    if (record.watched()) look_about(turn, mind);
    save(turn, mind);
    return;
  }
  const Choices choices = choices_of(turn, mind);
  if (choices.top.size() < 2) {
    if (record.watched()) look_about(turn, mind);
    save(turn, mind);
    return;
  }
  // Real time between questions: of everybody together while nobody is near, of each person otherwise.
  const bool rested = record.watched() ? now - record.gold_ms() >= real_ms(turn.clock(), kWatchedGoldRealMs)
                                       : now - last_gold_ms_ >= turn.clock().span_of(kIdleGold).ms;
  if (thinks_ && record.asking() == 0 && rested && npc::is_open(choices.top)) {
    record.set_gold_ms(now);
    ask_gold(turn, mind, choices.options, choices.actions, choices.top);
  } else {
    decide_by_utility(turn, mind, choices.options, choices.actions, choices.top);
  }
}

bool NpcService::free_to_choose(const Mind& mind, std::int64_t now_ms) {
  const auto& record = mind.record;
  return !record.dead() && record.threats().empty() && record.path_size() < 2 &&
         now_ms >= record.busy_until_ms() && record.talking_to().empty();
}

NpcService::Choices NpcService::choices_of(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  const auto& routine =
      pack::routine_at(*mind.who, pack::Clock{static_cast<int>(now % 86'400'000 / kMinuteMs)});
  npc::Chooser chooser{.pack = pack_,
                       .who = *mind.who,
                       .record = record,
                       .routine = routine,
                       .here = npc::place_now(pack_, record, now),
                       .now_ms = now};
  pb::StateGetRequest own;
  own.set_kind("npc");
  own.set_id(record.id());
  if (const auto document = turn.call<pb::StateDocument>(as_self(), own)) {
    const auto items = document->document().fields().find("items");
    if (items != document->document().fields().end()) {
      for (const auto& [good, count] : items->second.struct_value().fields())
        chooser.items[good] = static_cast<std::int64_t>(count.number_value());
    }
  }
  pb::CapabilitiesLegalRequest ask;
  ask.set_kind("npc");
  ask.set_actor(record.id());
  ask.set_limit(kOptionsWeighed);
  Choices out;
  out.options = {{.verb = "", .text = "carry on: " + routine.activity, .place = routine.place.str()}};
  out.actions.resize(1);
  std::deque<pb::RelationRecord> relations;  // that the options point to while they are weighed
  if (const auto legal = turn.call<pb::CapabilitiesLegalReply>(as_self(), ask)) {
    for (const auto& option : legal->options()) {
      const auto& action = option.action();
      npc::Option made{action.verb(), option.text(), place_in(action), pack_.verb(action.verb())};
      if (made.rules == nullptr) continue;
      for (const auto& param : made.rules->params) {
        const auto arg = action.args().find(param.name);
        if (arg == action.args().end()) continue;
        if (param.type == pack::ParamType::item) made.good = arg->second;
        if (param.type != pack::ParamType::npc && param.type != pack::ParamType::person &&
            param.type != pack::ParamType::player) {
          continue;
        }
        const bool npc = pack_.npc(arg->second) != nullptr && param.type != pack::ParamType::player;
        const bool prefixed = arg->second.starts_with("player:");
        made.towards = &relations.emplace_back(
            relation_or_default(mind, npc || prefixed ? arg->second : player_key(arg->second)));
      }
      out.options.push_back(std::move(made));
      out.actions.push_back(action);
    }
  }
  const auto weighed =
      npc::weigh(chooser, out.options, turn.draw("npc.weigh", record.id()), static_cast<std::uint64_t>(now));
  for (auto& option : out.options) option.towards = nullptr;
  // One option a verb: five ways to walk would crowd out everything else.
  for (const auto& w : weighed) {
    const bool again = std::ranges::any_of(
        out.top, [&](const auto& t) { return out.options[t.option].verb == out.options[w.option].verb; });
    if (!again && out.top.size() <= config_.limits.options_max) out.top.push_back(w);
  }
  return out;
}

// Somebody who is busy, walks or talks before a player's eyes still chooses whom to look at.
void NpcService::look_about(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  const auto at = npc::position(pack_, record, now);
  struct Seen {
    std::string key;
    std::string name;
    double metres = 0;
  };
  std::vector<Seen> seen;
  for (const auto* player : present_players()) {
    const double metres = steady_distance(player->x() - at.x, player->y() - at.y);
    if (metres <= kLookM) seen.push_back({player_key(player->player()), player->player(), metres});
  }
  for (const auto& [id, other] : minds_) {
    if (id == record.id() || other->record.dead()) continue;
    const auto there = npc::position(pack_, other->record, now);
    const double metres = steady_distance(there.x - at.x, there.y - at.y);
    if (metres <= kLookM) seen.push_back({id, other->who->name, metres});
  }
  std::ranges::sort(seen, [](const Seen& a, const Seen& b) {
    return a.metres != b.metres ? a.metres < b.metres : a.key < b.key;
  });
  if (seen.size() > config_.limits.options_max) seen.resize(config_.limits.options_max);
  const auto draw = turn.draw("npc.look", record.id());
  std::vector<npc::Weighed> weighed = {{.option = 0, .utility = .5, .reason = "keeps at it"}};
  const auto& t = mind.who->traits;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto relation = relation_or_default(mind, seen[i].key);
    double utility = .2 + .15 * (t.curiosity + t.sociability) + .2 * std::abs(npc::score(relation));
    if (seen[i].key == player_key(record.talking_to())) utility += .5;
    if (seen[i].key == record.looks_at()) utility -= .15;  // nobody stares
    weighed.push_back({.option = i + 1, .utility = utility, .reason = "looks at who is near"});
  }
  for (auto& w : weighed)
    w.utility += .2 * draw.uniform(static_cast<std::uint64_t>(now), static_cast<std::uint32_t>(w.option));
  std::ranges::sort(weighed, [](const auto& a, const auto& b) {
    return a.utility != b.utility ? a.utility > b.utility : a.option < b.option;
  });
  pb::NpcDecided event;
  event.set_npc(record.id());
  const auto text = [&](const npc::Weighed& w) {
    return w.option == 0 ? "keep at it: " + record.scene() : "look at " + seen[w.option - 1].name;
  };
  const auto probabilities = npc::probabilities(weighed);
  for (std::size_t i = 0; i < weighed.size(); ++i) {
    event.add_options(text(weighed[i]));
    event.add_probabilities(static_cast<float>(probabilities[i]));
  }
  event.set_choice(text(weighed[0]));
  event.set_reason(weighed[0].reason);
  event.set_tier("reflex");
  event.set_verdict(weighed[0].option == 0 ? "carries on" : "done");
  record.set_looks_at(weighed[0].option == 0 ? std::string() : seen[weighed[0].option - 1].key);
  turn.emit(event, {.subject = record.id(), .place = npc::place_now(pack_, record, now)});
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
  if (npc::mood_of(mind.record) != pack::Mood::calm)
    text += " " + mind.who->name + " is " + mind.record.mood() + ".";
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
    }
    const bool acted = done && done->allowed();
    npc::remember_deed(record, action.verb(), what, turn.now().ms, !acted);
    if (acted) satisfied(turn, mind, action.verb());
  } else if (verdict.empty()) {
    verdict = "carries on";
    const auto& routine =
        pack::routine_at(*mind.who, pack::Clock{static_cast<int>(turn.now().ms % 86'400'000 / kMinuteMs)});
    if (npc::place_now(pack_, record, turn.now().ms) != routine.place.str()) follow_routine(turn, mind);
  }
  decision.set_verdict(verdict);
  // That somebody goes on as before, unseen and unasked, is not worth a line of history.
  if (verdict == "carries on" && decision.tier() == "reflex" && !record.watched()) {
    save(turn, mind);
    return;
  }
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

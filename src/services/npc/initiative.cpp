#include "services/npc/initiative.h"

#include <algorithm>
#include <tuple>

#include "services/npc/appraisal_rules.h"
#include "services/npc/initiative_rules.h"
#include "services/npc/relation_rules.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr double kChance = .2;  // of a thought in which they would speak: not at once, and not all together

template <class List, class Value>
bool has(const List& list, const Value& value) {
  return std::ranges::find(list, value) != list.end();
}

// One of the lines that the pack has of them for this, or nullptr.
const std::string* line_of(const pack::Npc& who, pack::LineKind kind, const rt::Draw& draw,
                           std::uint64_t tick) {
  const auto lines = who.lines.find(kind);
  if (lines == who.lines.end() || lines->second.empty()) return nullptr;
  return &lines->second[draw.below(lines->second.size(), tick)];
}

}  // namespace

Initiative::Initiative(const Ground& ground, Minds& minds, Players& players, const Beliefs& beliefs,
                       Aloud& aloud)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      minds_(minds),
      players_(players),
      beliefs_(beliefs),
      aloud_(aloud) {}

void Initiative::mount() {
  host_.on(&Initiative::on_answer, this);
  host_.serve(&Initiative::address, this);
  host_.serve(&Initiative::join, this);
}

bool Initiative::stands_at(const std::string& player, const std::string& place) const {
  return has(players_.at(place), player);
}

bool Initiative::may_be_addressed(const std::string& player, std::int64_t now_ms) const {
  const auto& known = *players_.known().find(player);
  const auto pause = pack_.world.players.addressed_minutes * kMinuteMs;
  if (pause == 0 || !known.typing_to().empty()) return false;
  if (known.addressed_ms() != 0 && now_ms - known.addressed_ms() < pause) return false;
  return std::ranges::none_of(minds_.people(),
                              [&](const auto& one) { return one.second->record().talking_to() == player; });
}

void Initiative::look(Turn& turn, const Mind& mind) {
  const auto& record = mind.record();
  const auto now = turn.now().ms;
  if (!record.watched() || !has_time(pack_, record)) return;
  if (turn.draw("npc.address", record.id()).uniform(static_cast<std::uint64_t>(now)) >= kChance) return;
  for (const auto& player : players_.at(record.place())) {
    if (!may_be_addressed(player, now)) continue;
    const auto why = reason(turn, mind, player);
    if (!why) continue;
    pb::NpcAddress command;
    command.set_npc(record.id());
    command.set_player(player);
    command.set_text(why->text);
    command.set_subject(why->subject);
    command.set_goal(why->goal);
    turn.after_commit([this, command] {
      host_.spawn("address " + command.player(), [this, command] { return judge(command, "npc.Address"); });
    });
    return;
  }
}

std::optional<Initiative::Reason> Initiative::reason(Turn& turn, const Mind& mind,
                                                     const std::string& player) const {
  auto told = news(mind, player, turn.now().ms);
  auto wanted = goal(turn, mind, player);
  if (!told || (wanted && wanted->worth > told->worth)) return wanted;
  return told;
}

// Everything that they could tell a player whom they trust no more than that: no secrets, nothing twice.
std::vector<Topic> Initiative::topics(const Mind& mind, const std::string& player,
                                      std::int64_t now_ms) const {
  const BeliefLimits limits;
  const std::string key = player_key(player);
  std::vector<Topic> found;
  const auto add = [&](Topic topic) {
    if (found.size() >= limits.weighed || (topic.fact != nullptr && topic.fact->secret)) return;
    const std::string text = in_own_words(*mind.who, topic);
    if (was_told(mind, player, topic, text) || gives_away(pack_, text, mind.who->id, {})) return;
    found.push_back(topic);
  };
  for (const auto* fact : beliefs_.held(mind.record().id())) {
    add({.fact = fact, .confidence = sure_of(fact->source), .importance = importance_of(*fact)});
  }
  for (const auto* belief : beliefs_.of(mind.record().id())) {
    if (!is_live(*belief) || belief->confidence() < limits.worth_telling) continue;
    if (has(belief->about(), key)) continue;
    add({.fact = pack_.fact(fact_of(belief->subject())),
         .belief = belief,
         .confidence = belief->confidence(),
         .importance = belief->importance() * freshness(*belief, now_ms)});
  }
  return found;
}

std::optional<Initiative::Reason> Initiative::news(const Mind& mind, const std::string& player,
                                                   std::int64_t now_ms) const {
  std::optional<Reason> best;
  const double like = liking(relation_or_default(mind, player_key(player)));
  for (const auto& topic : topics(mind, player, now_ms)) {
    const double worth = worth_telling_a_player(topic.importance, like, mind.who->traits.sociability);
    const std::string subject =
        topic.fact != nullptr ? fact_subject(topic.fact->id) : topic.belief->subject();
    if (worth < kAddressLeast) continue;
    if (best && std::tuple(-best->worth, best->subject) <= std::tuple(-worth, subject)) continue;
    best = Reason{.text = in_own_words(*mind.who, topic), .subject = subject, .goal = {}, .worth = worth};
  }
  return best;
}

// What matters to them, and could be done with this player here and now: they greet whoever could help.
std::optional<Initiative::Reason> Initiative::goal(Turn& turn, const Mind& mind,
                                                   const std::string& player) const {
  const auto* line = line_of(*mind.who, pack::LineKind::greeting, turn.draw("npc.line", mind.record().id()),
                             static_cast<std::uint64_t>(turn.now().ms));
  if (line == nullptr) return std::nullopt;
  std::optional<Reason> best;
  pb::CapabilitiesLegalRequest ask;
  ask.set_kind("npc");
  ask.set_actor(mind.record().id());
  ask.set_limit(config_.limits.options_weighed);
  const auto legal = turn.call<pb::CapabilitiesLegalReply>(as_npc(turn.world()), ask);
  if (!legal) return std::nullopt;
  for (const auto& option : legal->options()) {
    const bool theirs = std::ranges::any_of(option.action().args(), [&](const auto& arg) {
      return arg.second == player || arg.second == player_key(player);
    });
    if (!theirs) continue;
    for (const auto& wanted : mind.who->goals) {
      if (!has(wanted.verbs, pack::VerbId(option.action().verb()))) continue;
      const auto kept = std::ranges::find(mind.record().goals(), wanted.id, &pb::GoalRecord::id);
      const double much = kept == mind.record().goals().end() ? wanted.priority : kept->priority();
      if (much < kAddressLeast || (best && best->worth >= much)) continue;
      best = Reason{.text = *line, .subject = {}, .goal = wanted.id, .worth = much};
    }
  }
  return best;
}

bool Initiative::was_told(const Mind& mind, const std::string& player, const Topic& topic,
                          const std::string& text) const {
  if (topic.fact != nullptr) {
    // By anybody: what one has told a player is no news from another.
    return std::ranges::any_of(minds_.people(), [&](const auto& one) {
      return std::ranges::any_of(one.second->record().told(), [&](const auto& told) {
        return told.player() == player && has(told.facts(), topic.fact->id.str());
      });
    });
  }
  return std::ranges::any_of(minds_.conversations().lines(mind.who->id.str(), player),
                             [&](const auto& line) { return !line.by_player() && line.text() == text; });
}

Result<pb::NpcSaidAloud> Initiative::address(Turn& turn, const Caller&, const pb::NpcAddress& command) {
  TRY(Mind * mind, minds_.find(command.npc()));
  const std::string& place = mind->record().place();
  if (!has_time(pack_, mind->record()) || !stands_at(command.player(), place) ||
      !may_be_addressed(command.player(), turn.now().ms)) {
    pb::NpcSaidAloud not_said;
    not_said.set_why("the moment has passed");
    return not_said;
  }
  pb::PlayerAddressed event;
  event.set_npc(command.npc());
  event.set_player(command.player());
  event.set_text(command.text());
  event.set_subject(command.subject());
  event.set_reason(texts_.rumour.news.text());
  for (const auto& goal : mind->who->goals) {
    if (goal.id == command.goal()) event.set_reason(texts_.reason.serves.with({{"goal", goal.text}}));
  }
  pb::NpcSaidAloud reply;
  reply.set_sequence(turn.emit(event, {.subject = command.npc(), .place = place}));
  players_.note_addressed(turn, command.player());
  note_said(turn, *mind, command.player(), command.subject(), command.text(), reply.sequence());
  return reply;
}

// It is part of what the two have said to each other, and the player knows it now.
void Initiative::note_said(Turn& turn, Mind& mind, const std::string& player, const std::string& subject,
                           const std::string& text, std::uint64_t sequence) const {
  pb::LineRecord line;
  line.set_player(player);
  line.set_talk(sequence);
  line.set_text(text);
  minds_.add_line(turn, mind, std::move(line));
  if (const std::string fact(fact_of(subject)); !fact.empty()) {
    auto& record = minds_.edit(turn, mind);
    auto& told = *record.mutable_told();
    auto known = std::ranges::find(told, player, &pb::ToldRecord::player);
    auto& theirs = known == told.end() ? *told.Add() : *known;
    theirs.set_player(player);
    if (!has(theirs.facts(), fact)) theirs.add_facts(fact);
    forget_strangers(record, *mind.who, player_key(player));
  }
}

}  // namespace troupe::npc

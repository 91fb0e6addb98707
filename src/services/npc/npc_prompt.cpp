// What somebody has in mind when they are spoken to: standing things first, so that they can be read ahead
// and are the same for a whole conversation; what depends on the line just said comes last and stays short.
#include <algorithm>

#include "base/text.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "services/npc/prompt.h"

namespace troupe {

namespace {

constexpr std::size_t kOwnFactsMax = 8;
constexpr std::size_t kBroughtUpMax = 2;
constexpr double kAsWell = .02;  // what fits the line less than the best by more is not brought up beside it
constexpr std::size_t kStandingMax = 2;  // memories, of each kind
// Least importance of what stands: of what this player had a part in, and of the rest, which is new every
// minute.
constexpr double kOwnStanding = .5;
constexpr double kOtherStanding = .7;
constexpr double kFitsMin = .3;
constexpr double kMemoryFitsMin = .4;
constexpr double kOwnWordsBonus = .1;  // what a writer wrote for this person before what everybody knows

// Something that could be said to the line.
struct Candidate {
  std::string says;
  double fits = 0;
  std::string fact;  // one of the two
  std::string memory;
};

bool better(const Candidate& a, const Candidate& b) {
  if (a.fits != b.fits) return a.fits > b.fits;
  return a.fact != b.fact ? a.fact < b.fact : a.memory < b.memory;
}

std::string memory_id(const npc::Memory& memory) { return "m-" + std::to_string(memory.id); }

void note(std::vector<std::string>& list, const std::string& id) {
  if (std::ranges::find(list, id) == list.end()) list.push_back(id);
}

}  // namespace

pack::Listener NpcService::listener_for(const Mind& mind, const std::string& player) const {
  pack::Listener listener;
  listener.trust = npc::confidence(relation_or_default(mind, player_key(player)), npc::mood_of(mind.record),
                                   npc::mood_now(mind.record, host_.timeline().now().ms));
  // What anybody here told this player, this player knows.
  for (const auto& [id, other] : minds_) {
    for (const auto& told : other->record.told()) {
      if (told.player() != player) continue;
      for (const auto& fact : told.facts()) listener.knows.insert(pack::FactId(fact));
    }
  }
  return listener;
}

double NpcService::fits(const pack::Fact& fact, const std::string& text,
                        const std::vector<float>& vector) const {
  const double by_words = npc::overlap(text, fact.text + " " + join(fact.topics, " "));
  const auto cached = fact_vectors_.find(fact.id.str());
  if (vector.empty() || cached == fact_vectors_.end()) return by_words;
  double dot = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) dot += static_cast<double>(vector[i]) * cached->second[i];
  return std::max(dot, by_words * .5);
}

void NpcService::add_conversation(const Mind& mind, const std::string& player, const pack::Listener& listener,
                                  Prompt& prompt) const {
  const auto found = mind.conversations.find(player);
  if (found == mind.conversations.end()) return;
  const auto& conversation = found->second;
  const auto add = [&](const Mind::Line& line) {
    if (!line.by_player && npc::gives_away(pack_, line.text, mind.who->id, listener)) return;
    auto* turn = prompt.request.mutable_context()->add_turns();
    turn->set_who(line.by_player ? player : mind.who->id.str());
    turn->set_player(line.by_player);
    turn->set_text(line.text);
  };
  // The past is what was answered, each line with its own answer: what was said just now is the task, and two
  // lines at once may be answered in any order.
  for (const auto& line : conversation.lines) {
    if (line.talk == 0) {  // of a world from before lines were paired
      add(line);
    } else if (!line.by_player) {
      if (conversation.question(line.talk) == nullptr) add(line);
    } else if (const auto* answer = conversation.answer(line.talk)) {
      add(line);
      add(*answer);
      prompt.talks.insert(line.talk);
    }
  }
}

// What may be said to this listener. What may not is not here at all: no model ever sees it. What is this
// person's own stands in the prompt's head in the pack's order and as plain facts ("Odo ..."). What this line
// asks about comes last and in the person's own words: a small model says what it read last, and of "he has
// been gone eleven nights" alone it cannot know who "he" is.
void NpcService::add_knowledge(const Mind& mind, const std::string& player, const pack::Listener& listener,
                               const std::string& text, const std::vector<float>& vector,
                               Prompt& prompt) const {
  const auto& who = *mind.who;
  auto& context = *prompt.request.mutable_context();
  std::vector<Candidate> candidates;
  std::vector<std::string> in_plain_words;
  for (const auto& fact : pack_.facts) {
    if (!pack::knows(fact, who.id) || !pack::may_share(fact, who.id, listener)) continue;
    const auto own = std::ranges::find(who.knows, fact.id, &pack::Knows::fact);
    const std::string plain = fact.secret && !fact.reveal.empty() ? fact.reveal : fact.text;
    if (own != who.knows.end() && static_cast<std::size_t>(context.knows_size()) < kOwnFactsMax) {
      context.add_knows(plain);
      prompt.facts.push_back(fact.id.str());
    }
    const bool in_own_words = own != who.knows.end() && !own->says.empty() && !fact.secret;
    const auto& says = in_own_words ? own->says : plain;
    (in_own_words ? prompt.sayable : in_plain_words).push_back(says);
    const double fit = fits(fact, text, vector);
    if (fit < kFitsMin) continue;
    candidates.push_back(
        {.says = says, .fits = fit + (in_own_words ? kOwnWordsBonus : 0), .fact = fact.id.str()});
  }

  prompt.sayable.insert(prompt.sayable.end(), in_plain_words.begin(), in_plain_words.end());

  const auto now = host_.timeline().now().ms;
  const auto usable = [&](const npc::Memory& memory) {
    return !npc::gives_away(pack_, memory.text, who.id, listener) && !prompt.talks.contains(memory.talk);
  };
  // Standing: what they would think of at the sight of this player. In the order in which it happened.
  auto standing = recall(mind, "", {}, 4 * kStandingMax, now, player_key(player));
  std::ranges::sort(standing, {}, [](const Recalled& one) { return one.memory.id; });
  for (const auto& [memory, parts, score] : standing) {
    auto& list = npc::is_players_text(memory) ? *context.mutable_said_before() : *context.mutable_memories();
    const bool theirs = std::ranges::find(memory.witnesses, player_key(player)) != memory.witnesses.end();
    if (memory.importance < (theirs ? kOwnStanding : kOtherStanding)) continue;
    if (static_cast<std::size_t>(list.size()) >= kStandingMax || !usable(memory)) continue;
    *list.Add() = memory.text;
    prompt.memories.push_back(memory_id(memory));
  }
  // And what the line makes them think of besides.
  for (const auto& [memory, parts, score] :
       recall(mind, text, vector, 4 * kStandingMax, now, player_key(player))) {
    if (parts.similarity < kMemoryFitsMin || !usable(memory)) continue;
    if (std::ranges::find(prompt.memories, memory_id(memory)) != prompt.memories.end()) continue;
    if (!npc::is_players_text(memory)) {
      candidates.push_back({.says = memory.text, .fits = parts.similarity, .memory = memory_id(memory)});
    } else if (context.reminded_of().empty()) {
      context.set_reminded_of(memory.text);
      prompt.memories.push_back(memory_id(memory));
    }
  }
  std::ranges::sort(candidates, better);
  if (candidates.size() > kBroughtUpMax) candidates.resize(kBroughtUpMax);
  for (const auto& candidate : candidates) {
    if (candidate.fits < candidates.front().fits - kAsWell) break;
    context.add_brought_up(candidate.says);
    if (!candidate.fact.empty()) note(prompt.facts, candidate.fact);
    if (!candidate.memory.empty()) note(prompt.memories, candidate.memory);
  }
}

// Only what the words could be about: the rest would be noise for a small model.
void NpcService::add_actions(const std::string& npc, const std::string& text, Prompt& prompt) const {
  pb::CapabilitiesLegalRequest legal;
  legal.set_kind("npc");
  legal.set_actor(npc);
  legal.set_limit(24);
  const auto bytes =
      host_.timeline().query(as_self(), legal.GetDescriptor()->full_name(), legal.SerializeAsString());
  pb::CapabilitiesLegalReply options;
  if (!bytes || !options.ParseFromString(*bytes)) return;
  for (const auto& option : options.options()) {
    if (npc::overlap(text, option.text()) <= 0 || prompt.actions.size() >= 4) continue;
    if (!prompt.actions.emplace(option.text(), option.action()).second) continue;
    prompt.request.mutable_context()->add_actions(option.text());
  }
}

Task<NpcService::Prompt> NpcService::make_prompt(Caller caller, std::string npc, std::string player,
                                                 std::string text) {
  std::vector<float> vector;
  if (!text.empty()) {
    if (auto embedded = co_await embed_one(caller, text)) vector = *std::move(embedded);
  }
  CO_TRY(const Mind* mind, find(npc));
  const auto& who = *mind->who;
  const auto listener = listener_for(*mind, player);
  Prompt prompt;
  auto& context = *prompt.request.mutable_context();
  context.set_name(who.name);
  context.set_world(pack::world_text(pack_.world));
  context.set_persona("You are " + who.name + ", " + std::to_string(who.age) + ", " + who.role + ". " +
                      who.persona + " Voice: " + who.voice);
  if (const auto greetings = who.lines.find(pack::LineKind::greeting); greetings != who.lines.end()) {
    context.set_sample_line(greetings->second.front());
  }
  add_conversation(*mind, player, listener, prompt);
  add_knowledge(*mind, player, listener, text, vector, prompt);

  pb::TimeState time;
  if (const auto bytes =
          host_.timeline().query(as_self(), pb::TimeGetRequest::descriptor()->full_name(), "")) {
    time.ParseFromString(*bytes);
  }
  // By the hour: a minute of the clock is a second for the player, and would be read anew each time.
  time.set_clock("about " + time.clock().substr(0, 2) + ":00");
  context.set_situation(situation(
      *mind, time, weather_at(nullptr, npc::place_now(pack_, mind->record, host_.timeline().now().ms))));
  const bool met = context.turns_size() > 0;
  context.set_listener(
      (met ? "Before you stands somebody you have talked to before. " : "Before you stands a stranger. ") +
      who.name + " " + std::string(npc::describe(relation_or_default(*mind, player_key(player)))) + " them.");
  context.set_player_text(text);
  if (!text.empty()) add_actions(npc, text, prompt);
  prompt.request.set_npc(npc);
  prompt.request.set_player(player);
  prompt.request.set_place(npc::place_now(pack_, mind->record, host_.timeline().now().ms));
  std::vector<pack::LineKind> kinds = {pack::LineKind::deflection, pack::LineKind::greeting};
  if (const auto mood = pack::find_name<pack::LineKind>(pack::kLineKindNames, mind->record.mood()))
    kinds.push_back(*mood);
  for (const auto kind : kinds) {
    const auto lines = who.lines.find(kind);
    if (lines == who.lines.end() || (met && kind == pack::LineKind::greeting)) continue;
    for (const auto& line : lines->second) prompt.request.add_fallback_lines(line);
  }
  co_return prompt;
}

}  // namespace troupe

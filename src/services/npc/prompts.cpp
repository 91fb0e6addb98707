#include "services/npc/prompts.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/queries.h"
#include "services/npc/scenes.h"

namespace troupe::npc {

namespace {

void note(std::vector<std::string>& list, const std::string& id) {
  if (std::ranges::find(list, id) == list.end()) list.push_back(id);
}

}  // namespace

Prompts::Prompts(const Ground& ground, const Minds& minds, const Memories& memories,
                 const Situation& situation)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      minds_(minds),
      memories_(memories),
      situation_(situation) {}

Result<Prompt> Prompts::make(const std::string& npc, const std::string& player, const ForLine& line) const {
  TRY(const Mind* mind, minds_.find(npc));
  const auto& who = *mind->who;
  const Said said{.player = player,
                  .text = line.text,
                  .vector = line.vector,
                  .notes = line.notes,
                  .listener = listener_for(minds_, *mind, player, host_.timeline().now().ms)};
  Prompt prompt;
  auto& context = *prompt.request.mutable_context();
  context.set_name(who.name);
  context.set_world(pack::world_text(pack_.world));
  context.set_persona(texts_.person.speaker.with({{"name", who.name},
                                                  {"age", std::to_string(who.age)},
                                                  {"role", who.role},
                                                  {"persona", who.persona},
                                                  {"voice", who.voice}}));
  if (const auto greetings = who.lines.find(pack::LineKind::greeting); greetings != who.lines.end()) {
    context.set_sample_line(greetings->second.front());
  }
  add_conversation(*mind, said, prompt);
  add_facts(*mind, said, prompt);
  add_standing(*mind, said, prompt);
  add_reminded(*mind, said, prompt);

  for (auto& words : withheld(pack_, who.id, said.listener)) prompt.request.add_never(std::move(words));
  context.set_situation(situation_.by_the_hour(*mind));
  const bool met = context.turns_size() > 0;
  const auto& before_you = met ? texts_.person.before_you_known : texts_.person.before_you_stranger;
  const auto feels = attitude(relation_or_default(*mind, player_key(player)));
  context.set_listener(before_you.with({{"name", who.name}, {"feels", words_of(feels).text()}}));
  context.set_player_text(line.text);
  prompt.request.set_npc(npc);
  prompt.request.set_player(player);
  prompt.request.set_place(place_now(pack_, mind->record(), host_.timeline().now().ms));
  add_written_lines(*mind, met, prompt);
  return prompt;
}

const pack::Phrase& Prompts::words_of(Attitude attitude) const {
  const auto& person = texts_.person;
  switch (attitude) {
    case Attitude::angry_with:
      return person.angry_with;
    case Attitude::afraid_of:
      return person.afraid_of;
    case Attitude::trusts:
      return person.trusts;
    case Attitude::likes:
      return person.likes;
    case Attitude::distrusts:
      return person.distrusts;
    case Attitude::wary_of:
      break;
  }
  return person.wary_of;
}

void Prompts::add_conversation(const Mind& mind, const Said& said, Prompt& prompt) const {
  const std::string& npc = mind.who->id.str();
  const auto& held = minds_.conversations();
  const auto add = [&](const pb::LineRecord& line) {
    if (!line.by_player() && gives_away(pack_, line.text(), mind.who->id, said.listener)) return;
    auto* turn = prompt.request.mutable_context()->add_turns();
    turn->set_who(line.by_player() ? said.player : npc);
    turn->set_player(line.by_player());
    turn->set_text(line.text());
  };
  // The past is what was answered, each line with its own answer: what was said just now is the task, and two
  // lines at once may be answered in any order.
  for (const auto& line : held.lines(npc, said.player)) {
    if (!line.by_player()) {
      if (held.question(npc, said.player, line.talk()) == nullptr) add(line);
    } else if (const auto* answer = held.answer(npc, said.player, line.talk())) {
      add(line);
      add(*answer);
      prompt.talks.insert(line.talk());
    }
  }
}

// What may be said to this listener. What may not is not here at all: no model ever sees it. What is this
// person's own stands in the prompt's head in the pack's order and as plain facts ("Odo ..."). What this line
// asks about comes last and in the person's own words: a small model says what it read last, and of "he has
// been gone eleven nights" alone it cannot know who "he" is.
void Prompts::add_facts(const Mind& mind, const Said& said, Prompt& prompt) const {
  const auto& who = *mind.who;
  auto& context = *prompt.request.mutable_context();
  const auto most = std::min(said.notes.size(), config_.tuning.brought_up);
  const std::span<const std::string> notes(said.notes.data(), most);
  for (const auto& text : notes) context.add_brought_up(text);
  std::vector<std::string> in_plain_words;
  for (const auto& fact : pack_.facts) {
    if (!pack::knows(fact, who.id) || !pack::may_share(fact, who.id, said.listener)) continue;
    const auto own = std::ranges::find(who.knows, fact.id, &pack::Knows::fact);
    const std::string plain = fact.secret && !fact.reveal.empty() ? fact.reveal : fact.text;
    if (own != who.knows.end() && static_cast<std::size_t>(context.knows_size()) < config_.tuning.own_facts) {
      context.add_knows(plain);
      prompt.facts.push_back(fact.id.str());
    }
    const bool in_own_words = own != who.knows.end() && !own->says.empty() && !fact.secret;
    const auto& says = in_own_words ? own->says : plain;
    (in_own_words ? prompt.sayable : in_plain_words).push_back(says);
    if (std::ranges::find(notes, says) != notes.end()) note(prompt.facts, fact.id.str());
  }
  prompt.sayable.insert(prompt.sayable.end(), in_plain_words.begin(), in_plain_words.end());
}

bool Prompts::usable(const pb::MemoryRecord& memory, const Mind& mind, const Said& said,
                     const Prompt& prompt) const {
  return !gives_away(pack_, memory.text(), mind.who->id, said.listener) &&
         !prompt.talks.contains(memory.talk());
}

// What they would think of at the sight of this player. In the order in which it happened.
void Prompts::add_standing(const Mind& mind, const Said& said, Prompt& prompt) const {
  const auto& tuning = config_.tuning;
  auto& context = *prompt.request.mutable_context();
  const auto listener = player_key(said.player);
  auto standing = memories_.recall(mind, "", {}, 4 * tuning.standing, host_.timeline().now().ms, listener);
  std::ranges::sort(standing, {}, [](const Recalled& one) { return one.memory->id(); });
  for (const auto& [memory, parts, score] : standing) {
    auto& list = is_players_text(*memory) ? *context.mutable_said_before() : *context.mutable_memories();
    const bool theirs = is_of(*memory, listener);
    if (memory->importance() < (theirs ? tuning.own_standing : tuning.other_standing)) continue;
    if (static_cast<std::size_t>(list.size()) >= tuning.standing || !usable(*memory, mind, said, prompt))
      continue;
    *list.Add() = memory->text();
    prompt.memories.push_back(memory_id(*memory));
  }
}

// And what the line makes them think of besides.
void Prompts::add_reminded(const Mind& mind, const Said& said, Prompt& prompt) const {
  const auto& tuning = config_.tuning;
  auto& context = *prompt.request.mutable_context();
  for (const auto& [memory, parts, score] :
       memories_.recall(mind, said.text, said.vector, 4 * tuning.standing, host_.timeline().now().ms,
                        player_key(said.player))) {
    if (parts.similarity < tuning.memory_fits_min || !usable(*memory, mind, said, prompt)) continue;
    if (std::ranges::find(prompt.memories, memory_id(*memory)) != prompt.memories.end()) continue;
    const bool theirs = is_players_text(*memory);
    if (theirs ? !context.reminded_of().empty() : context.brought_up_size() > 0) continue;
    if (theirs) {
      context.set_reminded_of(memory->text());
    } else {
      context.add_brought_up(memory->text());
    }
    prompt.memories.push_back(memory_id(*memory));
  }
}

// What is said where no model answers in time.
void Prompts::add_written_lines(const Mind& mind, bool met, Prompt& prompt) const {
  std::vector<pack::LineKind> kinds = {pack::LineKind::deflection, pack::LineKind::greeting};
  if (const auto mood = pack::find_name<pack::LineKind>(pack::kLineKindNames, mind.record().mood()))
    kinds.push_back(*mood);
  for (const auto kind : kinds) {
    const auto lines = mind.who->lines.find(kind);
    if (lines == mind.who->lines.end() || (met && kind == pack::LineKind::greeting)) continue;
    for (const auto& line : lines->second) prompt.request.add_fallback_lines(line);
  }
}

}  // namespace troupe::npc

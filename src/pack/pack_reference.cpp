#include "pack/pack_reference.h"

#include <fmt/format.h>

#include <algorithm>

#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

// What a key means. "*": in every mapping that says nothing else.
struct Meaning {
  std::string_view mapping;
  std::string_view key;
  std::string_view text;
};
constexpr Meaning kMeanings[] = {
    {"world.yaml", "format", "the pack format; 1 is the only one so far"},
    {"world.yaml", "name", "names the database; another name is another world"},
    {"world.yaml", "title", "for people"},
    {"world.yaml", "version", "yours; told when a world goes on with another"},
    {"world.yaml", "text", "one paragraph: what a new player reads first, and the head of every prompt"},
    {"world.yaml", "seed", "of everything that is drawn; counts when a world begins"},
    {"world.yaml", "start", "when a world begins"},
    {"world.yaml", "scale", "game seconds in a real second; counts when a world begins"},
    {"world.yaml", "money", "what money is called"},
    {"world.yaml", "rating", "what whoever nobody knows may hear and say; teen where it is not said"},
    {"world.yaml", "language",
     "that people speak: one that is built in (en, de), or of the pack's own `talk.<language>.yaml`; en "
     "where it is not "
     "said"},
    {"world.yaml", "players", "how far a player's own client is believed about where they are"},
    {"players", "speed_m_s", "metres in a real second, at most"},
    {"players", "addressed_minutes",
     "of the game, between two who speak to one player of their own accord; 0: nobody does; 240 where it is "
     "not said"},
    {"players", "positions", "`game`: only the game server's word counts; instead of a speed"},
    {"world.yaml", "sleep",
     "when a world that nobody is in falls asleep; without it only when somebody says so"},
    {"sleep", "after_minutes", "of real time, since the last one left or asked for something"},
    {"sleep", "time",
     "`passes`: what would have been is lived through when it wakes, a week of the game at most; `stands` where it is not said"},
    {"a verb", "asks", "false: players whom it would change are not asked first"},
    {"a verb", "wishes", "how people ask for it, and words for it"},
    {"a verb", "trust_at_least", "how far somebody must trust whoever asks them for it"},
    {"world.yaml", "arrival",
     "the place where new players appear, and whoever stands where there is no place any more"},
    {"start", "day", "counted from 1"},
    {"start", "clock", "the time of day"},
    {"money", "coin", "after a number: \"4 pence\"; amounts are whole numbers of it. Without it: coins"},
    {"money", "text", "one sentence about it, for prompts"},
    {"calendar.yaml", "months", "a year, in order"},
    {"calendar.yaml", "weekdays", "names, in order"},
    {"calendar.yaml", "festivals", "days that are told of"},
    {"a month", "days", "how long it is"},
    {"a month", "season", "which weather and light it has"},
    {"a festival", "month", "the id of a month"},
    {"a festival", "day", "of that month"},
    {"a festival", "duration_days", "1 where it is not said"},
    {"a festival", "place", "where people gather"},
    {"a festival", "text", "what is done"},
    {"climate.yaml", "regions", "each has a weather of its own"},
    {"a region", "start", "the weather of the world's first moment"},
    {"a region", "weather", "instead of start and seasons: `none`, or a state for ever"},
    {"a region", "temperature_offset_c", "added to each season's band"},
    {"a region", "temperatures",
     "`[coldest, warmest]` of the year, or of each season that is not as elsewhere"},
    {"a region", "hours", "how long a state lasts, where it is not as usual"},
    {"a region", "seasons", "for each state of each season the weights of what follows it"},
    {"places.yaml", "places", "the map"},
    {"a place", "kind", "harbour, street, shop, ...: free"},
    {"a place", "region", "whose weather it has"},
    {"a place", "x", "metres to the east"},
    {"a place", "y", "metres to the north"},
    {"a place", "indoors", "false where it is not said"},
    {"a place", "neighbours", "places next to it; each way leads back"},
    {"*", "aliases", "what people call them besides"},
    {"a place", "text", "what one sees"},
    {"a place", "features", "things that verbs work on"},
    {"a feature", "kind", "lamp, bell, boat, ...: what verbs ask for. Alone it is enough: `- bell`"},
    {"a feature", "name", "\"the bell\" where it is not said"},
    {"a feature", "id", "PLACE_KIND where it is not said"},
    {"a feature", "state", "what it remembers, and how it begins"},
    {"factions.yaml", "factions", "groups that hold places"},
    {"a faction", "text", "who they are"},
    {"a faction", "power", "at the beginning"},
    {"a faction", "treasury", "in coins"},
    {"a faction", "relations", "to other factions, -1 to 1; who is not named is 0"},
    {"a faction", "territory", "their places; each belongs to one at most"},
    {"a faction", "goals", "what they want, in words"},
    {"goods.yaml", "goods", "what is had, made and sold"},
    {"a good", "unit", "\"a basket\""},
    {"a good", "kind", "food, weapon, ...: what a parameter may ask for"},
    {"a good", "base_price", "in coins"},
    {"a good", "volatility", "how far the price swings"},
    {"a good", "sold_at", "its markets"},
    {"a good", "made", "supply"},
    {"a good", "used", "demand"},
    {"an entry of 'made'", "at", "the place"},
    {"an entry of 'made'", "per_day", "units of a day"},
    {"an entry of 'used'", "at", "the place"},
    {"an entry of 'used'", "per_day", "units of a day"},
    {"facts.yaml", "facts", "what is true"},
    {"facts.yaml", "mysteries", "what can be found out by asking"},
    {"a fact", "text", "one sentence in the third person"},
    {"a fact", "topics", "words that it is about"},
    {"a fact", "asks", "questions that it answers, as people ask them"},
    {"a fact", "source", "how it is known; canon wins"},
    {"a fact", "public", "true: everybody knows it"},
    {"a fact", "secret", "true: who may hear it is said in share_with"},
    {"a fact", "holders", "who knows it, besides those whose file lists it"},
    {"a fact", "about", "people it is about"},
    {"a fact", "reveal", "what a holder says who tells it"},
    {"a fact", "share_with", "`nobody`, or who may be told"},
    {"a fact", "telltale", "words that give a secret away: in no text that anybody may read"},
    {"share_with", "trust_at_least", "players and NPCs whom the holder trusts so far"},
    {"share_with", "after", "and who know these facts already"},
    {"share_with", "npcs", "these NPCs"},
    {"share_with", "factions", "members of these factions"},
    {"a mystery", "question", "what is to be found out"},
    {"a mystery", "answer", "a fact"},
    {"a mystery", "clues", "how one gets there"},
    {"a clue", "fact", "what is told"},
    {"a clue", "ask", "by whom"},
    {"a clue", "opens", "the facts to ask for next"},
    {"an NPC", "id", "as the file is called"},
    {"an NPC", "age", "in years"},
    {"an NPC", "role", "\"net mender\": as others name them"},
    {"an NPC", "persona", "two to four sentences in the third person"},
    {"an NPC", "voice", "how they speak"},
    {"an NPC", "look", "what a stranger sees"},
    {"an NPC", "traits", "their nature"},
    {"an NPC", "archetype", "merchant, guard, civilian, criminal, or one of your own"},
    {"an NPC", "home", "where they sleep, and where they are when their place is gone"},
    {"an NPC", "starts_at", "where a world begins for them; otherwise as the routine says"},
    {"an NPC", "faction", "whom they belong to"},
    {"an NPC", "routine", "a whole day"},
    {"an NPC", "relations", "how they feel about others"},
    {"an NPC", "strangers", "how they feel about everybody else"},
    {"an NPC", "goals", "what they want"},
    {"an NPC", "knows", "facts, with how they say them"},
    {"an NPC", "about",
     "what they tell of themselves when asked, in the first person; made of the persona otherwise"},
    {"an entry of 'about'", "says", "\"I have two sons.\" Alone it is enough"},
    {"an entry of 'about'", "asks", "questions that it answers"},
    {"an NPC", "goods", "what they own: good and count"},
    {"an NPC", "money", "in coins"},
    {"an NPC", "lines", "what they say without a model, by kind; six at least"},
    {"a relation", "to", "an NPC"},
    {"a relation", "note", "why, for prompts"},
    {"strangers", "note", "why, for prompts"},
    {"a goal", "text", "in words"},
    {"a goal", "priority", "at the beginning"},
    {"a goal", "decay", "how fast its satisfaction wears off"},
    {"a goal", "verbs", "that serve it"},
    {"a goal", "place", "where it is served"},
    {"a routine entry", "from", "when it begins; it lasts until the next"},
    {"a routine entry", "to", "need not be said; must agree with the next"},
    {"a routine entry", "place", "where"},
    {"a routine entry", "activity", "in words: \"mends nets\""},
    {"a routine entry", "says", "the same in the first person: \"I mend nets.\"; otherwise made by rule"},
    {"a routine entry", "private", "true: others do not know where they are then, nor what they do"},
    {"a routine entry", "verb", "what is done; it must be possible there and then"},
    {"an entry of 'knows'", "id", "a fact"},
    {"an entry of 'knows'", "says", "the fact in their own words"},
    {"verbs.yaml", "verbs", "what can be done"},
    {"a verb", "text", "what is done, with parameters in braces: \"light {lamp}\""},
    {"a verb", "does", "the same in the third person, where the rule for it is wrong"},
    {"a verb", "params", "what it is done with"},
    {"a verb", "preconditions", "what must hold"},
    {"a verb", "effects", "what comes of it"},
    {"a verb", "minutes", "of the game"},
    {"a verb", "who", "may do it"},
    {"a verb", "archetypes", "of NPCs who may; nobody named: all"},
    {"a parameter", "name", "as text and conditions call it"},
    {"a parameter", "type", "place, npc, player, person, item, fact, text, number, or a kind of feature"},
    {"a parameter", "required", "true where it is not said"},
    {"a parameter", "kind", "of an item: goods of this kind only"},
    {"a verb", "nature", "what kind of deed it is, where its parts do not show it"},
    {"a verb", "threat", "how dangerous it looks to those who see it"},
    {"a verb", "feels", "what witnesses come to feel for the actor, by feeling; otherwise by rule"},
    {"a verb", "mood", "moods that it puts people in"},
    {"mood", "actor", "who does it"},
    {"mood", "target", "the one it is done to"},
    {"mood", "witness", "who sees it"},
    {"verbs.yaml", "wears", "what wears off or is used up by itself"},
    {"verbs.yaml", "archetypes", "what people lean to by what they are"},
    {"an entry of 'wears'", "of", "a kind of thing, or `npc`"},
    {"an entry of 'wears'", "key", "of its state"},
    {"an entry of 'wears'", "by", "a number changes by so much, never below 0; or"},
    {"an entry of 'wears'", "to", "the state becomes this"},
    {"an entry of 'wears'", "hours", "of the game, 24 where it is not said"},
    {"an entry of 'wears'", "when", "only while its state says this"},
    {"an archetype", "likes", "-1 to 1 by nature of deeds"},
    {"an archetype", "strategy", "how they meet a threat"},
    {"a negation", "not", "a condition that must not hold"},
    {"*", "id", "short, in lower case"},
    {"*", "name", "for people"},
    {"*", "trust", "towards them"},
    {"*", "fear", "of them"},
    {"*", "respect", "for them"},
    {"*", "disgust", "at them"},
    {"*", "affection", "for them"},
    {"*", "anger", "at them"},
    {"*", "openness", "curious about what is new"},
    {"*", "conscientiousness", "careful, keeps at it"},
    {"*", "extraversion", "seeks company"},
    {"*", "agreeableness", "gives way"},
    {"*", "neuroticism", "easily upset"},
    {"*", "aggression", "fights"},
    {"*", "sociability", "talks"},
    {"*", "curiosity", "looks into things"},
    {"*", "count", "how many; 1 where it is not said"},
    {"*", "who", "whose; the actor's where it is not said"},
    {"*", "of", "whom or what it is about"},
    {"*", "from", "who gives; nobody: it comes from nowhere"},
    {"*", "to", "who gets it, or what it becomes"},
    {"*", "equals", "the value"},
    {"*", "at_least", "the least that counts"},
    {"*", "by", "how much"},
    {"the condition 'at_place'", "at_place", "the actor is there"},
    {"the condition 'at_feature'", "at_feature", "a thing of this kind is where the actor is"},
    {"the condition 'adjacent'", "adjacent", "the place is next to the actor's"},
    {"the condition 'has'", "has", "somebody has a good"},
    {"the condition 'near'", "near", "somebody or something is where the actor is"},
    {"the condition 'state'", "state",
     "`lamp.lit`: of a parameter, of `self`, or of the thing of that kind there"},
    {"the condition 'phase'", "phase", "the time of day is one of these"},
    {"the condition 'weather'", "weather", "the weather is one of these"},
    {"the condition 'relation'", "relation", "the actor's feeling"},
    {"the condition 'money'", "money", "somebody has so many coins, or the `price` of a good"},
    {"the condition 'indoors'", "indoors", "the actor is indoors"},
    {"the effect 'move'", "move", "the actor goes there"},
    {"the effect 'set'", "set", "`lamp.lit` becomes `to`"},
    {"the effect 'give'", "give", "a good changes hands"},
    {"the effect 'take'", "take", "a good is used up"},
    {"the effect 'pay'", "pay", "so many coins, or the `price` of a good, change hands"},
    {"the effect 'relation'", "relation", "a feeling moves"},
    {"the effect 'event'", "event", "a name in the past tense, for games"},
    {"the effect 'tell'", "tell", "a fact is told"},
};

const Meaning* meaning_of(const Schema::Key& key) {
  for (const std::string_view mapping : {std::string_view(key.mapping), std::string_view("*")}) {
    const auto found = std::ranges::find_if(
        kMeanings, [&](const Meaning& m) { return m.mapping == mapping && m.key == key.name; });
    if (found != std::end(kMeanings)) return found;
  }
  return nullptr;
}

// The sentence about an identifier's letters is once at the top.
std::string type_of(const Schema::Key& key) {
  std::vector<std::string> types;
  for (const std::string& type : key.types) {
    std::string word = type.starts_with("an identifier") ? "identifier" : type;
    if (std::ranges::find(types, word) == types.end()) types.push_back(std::move(word));
  }
  const std::string joined = fmt::format("{}", fmt::join(types, " or "));
  if (!key.list) return joined;
  return joined.empty() ? "list" : "list of " + joined;
}

}  // namespace

std::expected<std::string, std::vector<std::string>> pack_reference(
    const std::vector<std::filesystem::path>& samples) {
  std::vector<std::string> problems;
  Schema schema;
  for (const auto& sample : samples) {
    const auto loaded = load_pack(sample, {}, &schema);
    if (!loaded) problems.push_back(sample.string() + ": " + to_string(loaded.error().front()));
  }
  std::string out =
      "# Keys of a world pack\n\n"
      "Made from the loader (`src/pack/pack_reference.cpp`); a test says when it is not fresh. What a pack "
      "is made of, and the rules\n"
      "that no single key shows, are in [src/pack/README.md](../../src/pack/README.md).\n\n"
      "An identifier is lowercase letters, digits and `_`, a letter first, at most 48. **Bold** keys must be "
      "there.\n";
  std::vector<std::string> mappings;
  for (const Schema::Key* key : schema.keys()) {
    if (std::ranges::find(mappings, key->mapping) == mappings.end()) mappings.push_back(key->mapping);
  }
  for (const std::string& mapping : mappings) {
    out += fmt::format("\n## {}\n\n| key | value | |\n|---|---|---|\n", mapping);
    for (const Schema::Key* key : schema.keys()) {
      if (key->mapping != mapping) continue;
      const Meaning* meaning = meaning_of(*key);
      const std::string where = fmt::format("'{}' of {}", key->name, mapping);
      if (meaning == nullptr) problems.push_back(where + " has no meaning in pack_reference.cpp");
      if (key->types.empty() && !key->list) problems.push_back(where + " is in no sample");
      out += fmt::format("| {}`{}`{} | {} | {} |\n", key->required ? "**" : "", key->name,
                         key->required ? "**" : "", type_of(*key),
                         meaning == nullptr ? std::string_view() : meaning->text);
    }
  }
  if (!problems.empty()) return std::unexpected(problems);
  return out;
}

}  // namespace troupe::pack

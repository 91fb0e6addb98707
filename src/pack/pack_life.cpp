// What keeps a world alive, in verbs.yaml: what deeds mean to those who see them, what wears off, what
// archetypes lean to.
#include <fmt/format.h>

#include <algorithm>

#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

constexpr std::string_view kPeople = "npc";

std::optional<Mood> mood_of(Fields& fields, std::string_view key) {
  const auto found = fields.optional(key);
  const auto index = found ? found->choice(key, kMoodNames) : std::nullopt;
  return index ? std::optional(static_cast<Mood>(*index)) : std::nullopt;
}

void read_wear(const Cursor& item, Draft& draft) {
  Fields fields(item, "an entry of 'wears'");
  Wear wear;
  wear.at = item.at();
  const auto of = fields.required("of");
  if (of) wear.of = of->identifier("of");
  if (of && wear.of != kPeople) draft.refer(Thing::feature_kind, wear.of, of->at(), {std::string(kPeople)});
  const auto key = fields.required("key");
  if (key) wear.key = key->identifier("key");
  const auto by = fields.optional("by");
  const auto to = fields.optional("to");
  if (by) wear.by = by->number("by", -1'000'000, 1'000'000);
  if (to) wear.to = to->value("to");
  if (by.has_value() == to.has_value()) {
    item.problem("this wear has neither or both of 'by' and 'to'", "expected one of them");
  }
  wear.hours = static_cast<int>(fields.whole_or("hours", 24, 1, 24 * 365));
  const bool of_feature = !wear.of.empty() && wear.of != kPeople;
  if (const auto when = fields.optional("when")) {
    for (const auto& [name, value] : when->map("when")) {
      const std::string state = name.identifier("a state");
      wear.when[state] = value.value(state);
      if (of_feature) draft.state_keys.push_back({wear.of, state, wear.when[state], name.at()});
    }
  }
  if (of_feature && key && (by || to))
    draft.state_keys.push_back({wear.of, wear.key, wear.to.value_or(Value(wear.by)), key->at()});
  draft.pack.wears.push_back(std::move(wear));
}

void read_archetype(const Cursor& item, Draft& draft) {
  Fields fields(item, "an archetype");
  Archetype archetype;
  archetype.at = item.at();
  archetype.id = fields.identifier("id");
  if (const auto likes = fields.optional("likes")) {
    for (const auto& [name, value] : likes->map("likes")) {
      if (const auto index = name.choice("a nature", kNatureNames))
        archetype.likes[static_cast<Nature>(*index)] = value.number("a liking", -1, 1);
    }
  }
  if (const auto strategy = fields.optional("strategy")) {
    if (const auto index = strategy->choice("strategy", kStrategyNames))
      archetype.strategy = static_cast<Strategy>(*index);
  }
  draft.define("archetype", archetype.id, archetype.at);
  draft.pack.archetypes.push_back(std::move(archetype));
}

}  // namespace

void read_meaning(Fields& fields, Verb& verb) {
  for (const Cursor& word : fields.list_or("nature")) {
    if (const auto index = word.choice("a nature", kNatureNames))
      verb.nature.push_back(static_cast<Nature>(*index));
  }
  verb.threat = fields.number_or("threat", 0, 0, 1);
  if (const auto feels = fields.optional("feels")) {
    for (const auto& [name, by] : feels->map("feels")) {
      if (const auto index = name.choice("a feeling", kFeelingNames))
        verb.feels[std::string(kFeelingNames[*index])] = by.number("a feeling", -1, 1);
    }
  }
  if (const auto mood = fields.optional("mood")) {
    Fields who(*mood, "mood");
    verb.mood_actor = mood_of(who, "actor");
    verb.mood_target = mood_of(who, "target");
    verb.mood_witness = mood_of(who, "witness");
  }
}

void read_wears(Fields& fields, Draft& draft) {
  for (const Cursor& item : fields.list_or("wears")) read_wear(item, draft);
}

void read_archetypes(Fields& fields, Draft& draft) {
  for (const Cursor& item : fields.list_or("archetypes")) read_archetype(item, draft);
}

}  // namespace troupe::pack

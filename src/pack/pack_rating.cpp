#include "pack/pack_rating.h"

#include <fmt/format.h>

#include "moderation/moderation.h"

namespace troupe::pack {

namespace {
constexpr std::size_t kWarningsMax = 100;
}

std::vector<Problem> rating_warnings(const Pack& pack) {
  const auto allowed = moderation::levels_for(pack.world.rating);
  std::vector<Problem> out;
  const auto judge = [&](const std::string& text, const Source& at, const std::string& what,
                         bool is_said = false) {
    const auto found = moderation::judge(text, allowed);
    if (found.allowed || out.size() >= kWarningsMax) return;
    out.push_back({.file = at.file,
                   .line = at.line,
                   .column = at.column,
                   .what = fmt::format("{} has {} {} ('{}'), more than the rating {} allows", what,
                                       moderation::category_name(found.category), found.level, found.words,
                                       pack.world.rating),
                   .expected = fmt::format("expected other words, or another 'rating' in world.yaml: {}",
                                           is_said ? "whoever has no profile never hears it"
                                                   : "everybody reads it, whatever their profile says")});
  };
  judge(pack.world.text, pack.world.at, "the text of the world");
  judge(pack.world.money.coin, pack.world.at, "the coin");
  for (const auto& festival : pack.calendar.festivals) {
    judge(festival.name, festival.at, fmt::format("the name of festival '{}'", festival.id));
    judge(festival.text, festival.at, fmt::format("the text of festival '{}'", festival.id));
  }
  for (const auto& place : pack.places) {
    judge(place.name, place.at, fmt::format("the name of place '{}'", place.id));
    judge(place.text, place.at, fmt::format("the text of place '{}'", place.id));
    for (const auto& feature : place.features)
      judge(feature.name, feature.at, fmt::format("the name of feature '{}'", feature.id));
  }
  for (const auto& faction : pack.factions)
    judge(faction.name, faction.at, fmt::format("the name of faction '{}'", faction.id));
  for (const auto& good : pack.goods) {
    judge(good.name, good.at, fmt::format("the name of good '{}'", good.id));
    judge(good.unit, good.at, fmt::format("the unit of good '{}'", good.id));
  }
  for (const auto& fact : pack.facts) {
    judge(fact.text, fact.at, fmt::format("fact '{}'", fact.id));
    judge(fact.reveal, fact.at, fmt::format("what is said of fact '{}'", fact.id), true);
  }
  for (const auto& verb : pack.verbs) {
    judge(verb.text, verb.at, fmt::format("the text of verb '{}'", verb.id));
    judge(verb.does, verb.at, fmt::format("the text of verb '{}'", verb.id));
  }
  for (const auto& who : pack.npcs) {
    judge(who.name, who.at, fmt::format("the name of '{}'", who.id));
    judge(who.role, who.at, fmt::format("the role of '{}'", who.id));
    judge(who.look, who.at, fmt::format("the look of '{}'", who.id));
    judge(who.persona, who.at, fmt::format("the persona of '{}'", who.id));
    for (const auto& entry : who.routine)
      judge(entry.activity, entry.at, fmt::format("an activity of '{}'", who.id));
    for (const auto& goal : who.goals) judge(goal.text, who.at, fmt::format("a goal of '{}'", who.id));
    for (const auto& [kind, lines] : who.lines) {
      for (const auto& line : lines) judge(line, who.at, fmt::format("a line of '{}'", who.id), true);
    }
    for (const auto& known : who.knows)
      judge(known.says, who.at, fmt::format("what '{}' says", who.id), true);
  }
  for (const auto& document : pack.lore)
    judge(document.text, {.file = document.file, .line = 1, .column = 1}, "the lore");
  return out;
}

}  // namespace troupe::pack

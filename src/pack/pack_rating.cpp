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
  const auto judge = [&](const std::string& text, const Source& at, const std::string& what) {
    const auto found = moderation::judge(text, allowed);
    if (found.allowed || out.size() >= kWarningsMax) return;
    out.push_back(
        {.file = at.file,
         .line = at.line,
         .column = at.column,
         .what = fmt::format("{} has {} {} ('{}'), more than the rating {} allows", what,
                             moderation::category_name(found.category), found.level, found.words,
                             pack.world.rating),
         .expected = "expected other words, or another 'rating' in world.yaml: whoever has no profile never "
                     "hears it"});
  };
  judge(pack.world.text, pack.world.at, "the text of the world");
  for (const auto& place : pack.places)
    judge(place.text, place.at, fmt::format("the text of place '{}'", place.id));
  for (const auto& fact : pack.facts) judge(fact.text, fact.at, fmt::format("fact '{}'", fact.id));
  for (const auto& who : pack.npcs) {
    judge(who.name, who.at, fmt::format("the name of '{}'", who.id));
    for (const auto& [kind, lines] : who.lines) {
      for (const auto& line : lines) judge(line, who.at, fmt::format("a line of '{}'", who.id));
    }
    for (const auto& known : who.knows) judge(known.says, who.at, fmt::format("what '{}' says", who.id));
  }
  return out;
}

}  // namespace troupe::pack

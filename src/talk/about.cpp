// Words that no line asked for.
#include <algorithm>

#include "talk/answer.h"
#include "talk/reading.h"
#include "talk/say.h"
#include "talk/saying.h"

namespace troupe::talk {

std::string words_about(const World& world, const Person& person, const Scene& scene, std::string_view intent,
                        ThingType type, std::string_view id) {
  const auto thing = world.things.find(type, id);
  const auto ask = std::ranges::find_if(
      world.asks, [&](const Ask& one) { return one.intent == intent && one.thing == thing; });
  if (thing == Things::npos || ask == world.asks.end()) return {};
  const auto said = say(world, person, scene, Part(), *ask);
  if (!said || said->texts.empty()) return {};
  return pick(said->texts, scene.said, seed_of({person.npc->id.str(), scene.listener, intent, id})).text;
}

std::string which_of(const Language& language, const std::vector<std::string>& names) {
  const auto& forms = language.saying.which_one;
  return forms.empty() ? std::string()
                       : filled(forms.front(), {{"things", listed(names, language.saying.list_or)}});
}

}  // namespace troupe::talk

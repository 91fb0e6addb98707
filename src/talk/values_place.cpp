// What is said of a place: its text, who lives there, and what lies around it.
#include <algorithm>
#include <cmath>

#include "talk/saying.h"
#include "talk/values.h"

namespace troupe::talk {

SceneValues::Value SceneValues::of_place(std::string_view name) const {
  if (place_ == nullptr) return std::nullopt;
  if (name == "L") return upper_first(place_->name);
  if (name == "dwellers") return dwellers();
  // "What lies north of it?" is not answered by all that is around it.
  if (name == "place_near") return heading() == nullptr ? places_around(place_) : std::nullopt;
  if (name == "place_toward") return places_toward(place_);
  return name == "ltext" ? Value(tidied(place_->text)) : std::nullopt;
}

// Who lives or works at the place.
std::string SceneValues::dwellers() const {
  std::vector<std::string> out;
  for (const pack::Npc& npc : pack_.npcs) {
    if (npc.home != place_->id && world_.works_at.at(npc.id) != place_->id) continue;
    const std::string role =
        has_article(words_, npc.role) ? npc.role : filled(saying_.the_role, {{"role", npc.role}});
    out.push_back(filled(saying_.this_one, {{"P", npc.name}, {"a_prole", role}}));
  }
  return listed(out, saying_.list_last);
}

SceneValues::Value SceneValues::places_around(const pack::Place* from) const {
  if (from == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const pack::PlaceId& id : from->neighbours) {
    if (const Value found = place_name(id)) names.push_back(*found);
  }
  return listed(names, saying_.list_last);
}

const Heading* SceneValues::heading() const {
  const auto& headings = world_.language->asking.headings;
  const auto meant = std::ranges::find_if(
      headings, [&](const Heading& heading) { return heading.patterns.find_any(part_.folded); });
  return meant == headings.end() ? nullptr : &*meant;
}

// The nearest places that lie more this way than aside; none where the line names no way.
SceneValues::Value SceneValues::places_toward(const pack::Place* from) const {
  constexpr std::size_t kPlacesMax = 3;
  const Heading* to = heading();
  if (from == nullptr || to == nullptr) return std::nullopt;
  std::vector<std::pair<double, std::string>> found;
  for (const pack::Place& place : pack_.places) {
    const double x = place.x - from->x, y = place.y - from->y;
    const double ahead = x * to->x + y * to->y, aside = std::abs(x * to->y - y * to->x);
    if (ahead > 0 && ahead >= aside) found.emplace_back(ahead, place.name);
  }
  std::ranges::sort(found);
  std::vector<std::string> names;
  for (auto& [metres, name] : found) {
    if (names.size() < kPlacesMax) names.push_back(std::move(name));
  }
  return listed(names, saying_.list_last);
}

}  // namespace troupe::talk

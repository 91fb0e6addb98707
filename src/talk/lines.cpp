// Written lines: whose, by mood, and none twice while there is another.
#include "talk/answer.h"
#include "talk/saying.h"

namespace troupe::talk {

namespace {

constexpr double kCold = .5;  // anger or fear for the listener, from where on a greeting shows it

}  // namespace

std::string written_line(const World& world, const Person& person, const Scene& scene, pack::LineKind kind,
                         std::string_view draw) {
  using pack::LineKind;
  const auto own = [&](LineKind of) {
    const auto found = person.npc->lines.find(of);
    return found == person.npc->lines.end() ? std::vector<std::string>() : found->second;
  };
  // Whoever is angry with somebody or afraid of them does not greet them as others.
  if (kind == LineKind::greeting && scene.for_listener.anger >= kCold && !own(LineKind::angry).empty())
    kind = LineKind::angry;
  if (kind == LineKind::greeting && scene.for_listener.fear >= kCold && !own(LineKind::afraid).empty())
    kind = LineKind::afraid;
  // Small talk has the colour of the mood.
  if (kind == LineKind::idle || kind == LineKind::busy) {
    const auto mood = pack::find_name<LineKind>(pack::kLineKindNames, pack::name_of(scene.mood));
    if (mood && !own(*mood).empty()) kind = *mood;
  }
  std::vector<std::string> lines = own(kind);
  const auto common = world.language->saying.lines.find(std::string(pack::name_of(kind)));
  const bool has_common = common != world.language->saying.lines.end();
  if (lines.empty() && has_common) lines = common->second;
  if (lines.empty()) lines = own(LineKind::deflection);
  const std::uint64_t seed =
      seed_of({person.npc->id.str(), scene.listener, draw, std::to_string(scene.turn)});
  Picked picked = pick(lines, scene.said, seed);
  // When all of their own were said, one of everybody's comes before the same again.
  if (picked.again && has_common) {
    const Picked other = pick(common->second, scene.said, seed);
    if (!other.again) picked = other;
  }
  return picked.text;
}

}  // namespace troupe::talk

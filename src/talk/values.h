#pragma once
// The values that templates have names for, from pack and scene, each made when it is asked for; which
// conditions hold; what a claim comes to. Private to this room. Lives as long as one answer.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "talk/answer.h"

namespace troupe::talk {

// dawn, morning, afternoon, dusk or night: a key of Saying::phases.
std::string phase_name(const Scene& scene);

class SceneValues {
 public:
  SceneValues(const World& world, const Person& person, const Scene& scene, const Part& part, const Ask& ask);

  // The template with its values; none where one is not known. Notes what it used as evidence and keys.
  std::optional<std::string> fill(std::string_view text) const;
  bool holds(std::string_view condition) const;
  std::optional<bool> answer_to(const std::vector<Claim>& claims) const;

  const std::vector<Evidence>& evidence() const { return evidence_; }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  using Value = std::optional<std::string>;

  Value value(std::string_view name) const;
  Value of_self(std::string_view name) const;
  Value of_now(std::string_view name) const;
  Value of_here(std::string_view name) const;
  Value of_festival(std::string_view name) const;
  Value of_person(std::string_view name) const;
  Value of_place(std::string_view name) const;
  Value of_good(std::string_view name) const;
  Value way() const;
  Value place_name(const pack::PlaceId& id) const;
  Value price_of(const pack::Good& good) const;
  std::string wares_text() const;
  Value last_said() const;
  const Item* last_fact() const;    // that was said to the listener last
  const pack::Npc* teller() const;  // of it; null where they know it of themselves
  Value liked_most(bool most) const;
  Value doing_then() const;
  Value places_around(const pack::Place* from) const;
  Value places_toward(const pack::Place* from) const;
  const Heading* heading() const;
  std::optional<bool> holds_claim(Claim claim) const;
  std::optional<bool> holds_role(const pack::Npc* who) const;
  std::optional<bool> holds_aspect() const;
  std::optional<bool> holds_at() const;
  // Whether the words by which people ask for one of several states are those of what is now.
  std::optional<bool> says(
      const std::vector<std::pair<bool, const std::set<std::string, std::less<>>*>>& states) const;
  void note(std::string kind, std::string id) const;

  void find_thing();
  void find_market();
  void find_nearest_of_kinds();
  void find_festival();
  std::string dwellers() const;

  const World& world_;
  const pack::Pack& pack_;
  const Saying& saying_;
  const Words& words_;
  const Person& person_;
  const pack::Npc& npc_;
  const Scene& scene_;
  const Part& part_;
  const Ask& ask_;
  std::uint64_t seed_ = 0;

  const pack::Npc* who_ = nullptr;      // the person asked for, also oneself
  const pack::Place* place_ = nullptr;  // the place asked for: itself, of a feature, the nearest of a kind
  const pack::Good* good_ = nullptr;
  const pack::Festival* festival_ = nullptr;
  const pack::Faction* faction_ = nullptr;
  pack::PlaceId who_place_;
  pack::PlaceId market_;               // the nearest where the good is sold
  const pack::Npc* seller_ = nullptr;  // who sells it there, other than the speaker

  mutable pack::PlaceId goal_;  // where `way` leads: the last place that the template named
  mutable std::vector<Evidence> evidence_;
  mutable std::vector<std::string> keys_;
};

}  // namespace troupe::talk

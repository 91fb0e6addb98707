// What a question that wants yes or no is held against.
#include <algorithm>

#include "pack/query.h"
#include "talk/say.h"
#include "talk/values.h"

namespace troupe::talk {

namespace {

constexpr int kMinutesFar = 5;  // on foot: a longer way is far

using WordSet = std::set<std::string, std::less<>>;
using States = std::vector<std::pair<bool, const WordSet*>>;

States of_wordings(const std::map<std::string, Wording>& wordings, std::string_view now) {
  States out;
  for (const auto& [name, wording] : wordings) out.emplace_back(name == now, &wording.words);
  return out;
}

}  // namespace

std::optional<bool> SceneValues::holds_claim(Claim claim) const {
  const Asking& asking = world_.language->asking;
  // Names of the calendar as states: the line may have one of them.
  const auto of_names = [&](const std::vector<std::string>& names, std::size_t now) {
    std::vector<WordSet> sets;
    for (const std::string& name : names) sets.push_back({fold(name)});
    States states;
    for (std::size_t i = 0; i < sets.size(); ++i) states.emplace_back(i == now, &sets[i]);
    return says(states);
  };
  switch (claim) {
    case Claim::there:
      return place_ != nullptr || festival_ != nullptr ? std::optional(true) : std::nullopt;
    case Claim::far:
    case Claim::near: {
      const bool asked = (claim == Claim::far ? asking.far : asking.near).find_any(part_.folded);
      if (place_ == nullptr || !asked) return std::nullopt;
      return (minutes_on_foot(pack_, scene_.here, place_->id) > kMinutesFar) == (claim == Claim::far);
    }
    case Claim::weather:
      if (!scene_.weather) return std::nullopt;
      return says(of_wordings(saying_.weather, pack::name_of(*scene_.weather)));
    case Claim::warmth: {
      if (!scene_.temperature_c) return std::nullopt;
      States states;
      bool found = false;
      for (const Warmth& warmth : saying_.warmth) {
        const bool is_now = !found && *scene_.temperature_c < warmth.below;
        found |= is_now;
        states.emplace_back(is_now, &warmth.wording.words);
      }
      return says(states);
    }
    case Claim::season:
      if (!scene_.date) return std::nullopt;
      return says(of_wordings(saying_.seasons, pack::name_of(scene_.date->season)));
    case Claim::phase:
      return says(of_wordings(saying_.phases, phase_name(scene_)));
    case Claim::month: {
      if (!scene_.date) return std::nullopt;
      std::vector<std::string> names;
      for (const pack::Month& month : pack_.calendar.months) names.push_back(month.name);
      return of_names(names, scene_.date->month);
    }
    case Claim::weekday:
      if (!scene_.date) return std::nullopt;
      return of_names(pack_.calendar.weekdays, scene_.date->weekday);
    case Claim::role:
    case Claim::other_role:
      return holds_role(claim == Claim::role ? &npc_ : who_);
    case Claim::aspect:
      return holds_aspect();
    case Claim::at:
      return holds_at();
    case Claim::is_me:
      return part_.persons.second && who_ != nullptr ? std::optional(who_ == &npc_) : std::nullopt;
    case Claim::sells:
      return !scene_.sells.empty();
  }
  return std::nullopt;
}

// "Are you a sailor?", "Is Marta the net mender?": by the words of the role, besides the name.
std::optional<bool> SceneValues::holds_role(const pack::Npc* who) const {
  if (who == nullptr || part_.kinds != 0) return std::nullopt;
  // "Are you the priest?", "Is there a priest?": the ask has the role already.
  if (ask_.family == Family::by) return !part_.persons.second || who_ == &npc_;
  WordSet asked = part_.stems;
  for (const Token& token : tokens(who->name)) asked.erase(stem(words_, token.folded));
  std::erase_if(asked, [&](const std::string& one) { return words_.generic.contains(one); });
  if (asked.empty()) return std::nullopt;
  std::string texts = who->role;
  for (const std::string& alias : who->aliases) texts += " " + alias;
  const WordSet role = stems(words_, texts);
  const bool shares = std::ranges::any_of(asked, [&](const std::string& one) { return role.contains(one); });
  if (shares) return true;
  // No only where it is another's role, or one is asked for oneself.
  if (who == &npc_) return false;
  const bool of_another = std::ranges::any_of(part_.named, [&](const Things::Found& found) {
    const Thing& thing = world_.things.at(found.thing);
    return thing.type == ThingType::person && thing.id != who->id.str() && found.weight < kNamed;
  });
  return of_another ? std::optional(false) : std::nullopt;
}

// "Is Marta at the inn?", "Is the round table in the kitchen?"
std::optional<bool> SceneValues::holds_at() const {
  const bool feature = ask_.thing != kNothing && world_.things.at(ask_.thing).type == ThingType::feature;
  if (who_ == nullptr && !feature) return std::nullopt;
  const std::string at = who_ != nullptr ? who_place_.str() : place_->id.str();
  std::optional<bool> out;
  for (const Things::Found& found : part_.named) {
    const Thing& thing = world_.things.at(found.thing);
    if (thing.type == ThingType::place) out = out.value_or(false) || thing.id == at;
  }
  return out;
}

std::optional<bool> SceneValues::holds_aspect() const {
  Feelings feelings = scene_.for_listener;
  if (who_ == &npc_) return std::nullopt;
  if (who_ != nullptr) {
    const auto found = scene_.feelings.find(who_->id);
    feelings = found == scene_.feelings.end() ? Feelings::of(pack::relation_to(npc_, who_->id.str()))
                                              : found->second;
  }
  for (const Aspect& aspect : world_.language->asking.aspects) {
    if (!aspect.patterns.find_any(part_.folded)) continue;
    const bool yes = feelings.value(aspect.feeling) >= aspect.yes_from;
    // Neither yes nor no before an opinion that says the contrary.
    const Opinion* opinion = opinion_of(saying_, feelings);
    if (is_kind(aspect.feeling) && opinion != nullptr && !opinion->feeling.empty() &&
        speaks_well(*opinion) != yes)
      return std::nullopt;
    return yes;
  }
  return std::nullopt;
}

}  // namespace troupe::talk

#pragma once
// What a listener told of themselves, found again when they ask for it: the sentence of theirs that fits,
// said back with I and you exchanged. Pure.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "talk/heard.h"
#include "talk/scene.h"

namespace troupe::talk {

struct Thresholds;

struct Recalled {
  std::size_t told = 0;  // index into Scene::told
  double fit = 0;
  double needed = 0;          // it fits from here on
  std::string kind;           // the kind of thing that was asked for, an intent; "" for none of those
  bool needs_before = false;  // speaks of somebody whom the sentence before names
  bool fits() const { return fit >= needed; }
};
// `intent`: which kind of thing is asked for ("player.name"), or "" where it is not one of those.
std::optional<Recalled> recall(const World& world, const Scene& scene, const Part& part,
                               std::string_view intent, const Thresholds& thresholds,
                               const VectorTable& known, const VectorTable& heard);

// The name that a line gives, as it is to be said; "" where it gives none.
std::string name_given(const Asking& asking, const Words& words, std::string_view line);

// The sentences of a line that are worth keeping: what is no question and speaks of the one who says it, or
// is short.
std::vector<std::string> worth_keeping(const Asking& asking, std::string_view line);

}  // namespace troupe::talk

#pragma once
// What a service asks of a PackChanged event. Pure.
#include <algorithm>
#include <string_view>

#include "troupe/v1/world.pb.h"

namespace troupe::pack_change {

inline const v1::PackChanged::Part* part_of(const v1::PackChanged& change, std::string_view part) {
  const auto found = std::ranges::find_if(change.parts(), [&](const auto& p) { return p.part() == part; });
  return found == change.parts().end() ? nullptr : &*found;
}

inline bool added(const v1::PackChanged& change, std::string_view part, std::string_view id) {
  const auto* found = part_of(change, part);
  return found != nullptr && std::ranges::find(found->added(), id) != found->added().end();
}
inline bool removed(const v1::PackChanged& change, std::string_view part, std::string_view id) {
  const auto* found = part_of(change, part);
  return found != nullptr && std::ranges::find(found->removed(), id) != found->removed().end();
}
// Also where it is not known: then everything may be otherwise.
inline bool changed(const v1::PackChanged& change, std::string_view part, std::string_view id) {
  const auto* found = part_of(change, part);
  return change.unknown() ||
         (found != nullptr && std::ranges::find(found->changed(), id) != found->changed().end());
}

}  // namespace troupe::pack_change

#pragma once
// What is otherwise between two versions of a pack, part by part and id by id. Pure. A part is a list of
// things with ids ("npcs", "places", ...), or world.yaml, whose ids are its keys.
#include <string>
#include <vector>

#include "pack/pack.h"

namespace troupe::pack {

struct PartDiff {
  std::string part;
  std::vector<std::string> added;  // each in the order of the pack that has it
  std::vector<std::string> removed;
  std::vector<std::string> changed;
  bool operator==(const PartDiff&) const = default;
};

// The parts in which something is otherwise, in the order of part_names().
std::vector<PartDiff> diff(const Pack& before, const Pack& after);

// Every part of the format. A test runs a world through a change of each.
const std::vector<std::string>& part_names();
// Of the part "world" the keys that may differ. The same test changes each.
const std::vector<std::string>& world_keys();

}  // namespace troupe::pack

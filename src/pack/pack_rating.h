#pragma once
// Written lines that do not fit the world's own rating: no errors, for a player with another profile may hear
// them, but whoever has none never will. Pure.
#include <vector>

#include "pack/pack.h"

namespace troupe::pack {

// In the order of the pack; 100 at most.
std::vector<Problem> rating_warnings(const Pack& pack);

}  // namespace troupe::pack

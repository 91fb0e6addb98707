#pragma once
// What would make the people of a pack better to talk to: who has too few lines of their own, what nobody can
// ask for, what can never be said. Advice for whoever writes the pack, never an error. Pure.
#include <vector>

#include "pack/pack.h"
#include "talk/language.h"

namespace troupe::talk {

inline constexpr std::size_t kHintsMax = 100;

// At most kHintsMax, in the order of the pack.
std::vector<pack::Problem> hints_for(const pack::Pack& pack, const Language& language);

}  // namespace troupe::talk

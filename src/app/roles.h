#pragma once
// What a process is to the others. One process has all of them, or several share them over a bus that all of them reach.
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe {

enum class Role { gateway, world, mind, shared };
using Roles = std::set<Role>;

Roles all_roles();
// "gateway", "world,mind,shared", "all". `invalid_argument` roles.unknown (with the nearest name), roles.together.
Result<Roles> roles_from(std::string_view list);
// "all", "gateway", "world+mind+shared".
std::string name_of(const Roles& roles);

}  // namespace troupe

#include "app/roles.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace troupe {

namespace {
constexpr std::array<std::string_view, 4> kNames{"gateway", "world", "mind", "shared"};
}  // namespace

Roles all_roles() { return {Role::gateway, Role::world, Role::mind, Role::shared}; }

Result<Roles> roles_from(std::string_view list) {
  Roles roles;
  for (const auto& part : split(list, ',')) {
    const std::string name(trim(part));
    if (name == "all") {
      roles = all_roles();
      continue;
    }
    const auto found = std::ranges::find(kNames, name);
    if (found == kNames.end()) {
      std::vector<std::string> known(kNames.begin(), kNames.end());
      known.emplace_back("all");
      return fail(
          Code::invalid_argument, "roles.unknown",
          fmt::format("no role '{}'{}; there are {}", name, did_you_mean(name, known), join(known, ", ")));
    }
    roles.insert(static_cast<Role>(found - kNames.begin()));
  }
  const Roles rest{Role::world, Role::mind, Role::shared};
  const bool apart = std::ranges::includes(roles, rest) || roles == Roles{Role::gateway};
  if (apart) return roles;
  return fail(
      Code::invalid_argument, "roles.together",
      "the roles world, mind and shared are one process now: world,mind,shared and, in another, gateway");
}

std::string name_of(const Roles& roles) {
  if (roles == all_roles()) return "all";
  std::vector<std::string> names;
  for (const auto role : roles) names.emplace_back(kNames[static_cast<std::size_t>(role)]);
  return join(names, "+");
}

}  // namespace troupe

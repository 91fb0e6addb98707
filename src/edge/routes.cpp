#include "edge/routes.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace troupe::edge {

void Routes::add(Route route) {
  TROUPE_CHECK(route.path.starts_with('/'), "a path begins with '/'");
  TROUPE_CHECK(std::ranges::find(routes_, route.path, &Route::path) == routes_.end(), "one handler per path");
  routes_.push_back(std::move(route));
}

Result<const Route*> Routes::find(const std::string& path) const {
  const Route* best = nullptr;
  for (const auto& route : routes_) {
    const bool prefix = route.path.ends_with('/');
    if (!(path == route.path || (prefix && path.starts_with(route.path)))) continue;
    if (best == nullptr || route.path.size() > best->path.size()) best = &route;
  }
  if (best != nullptr) return best;
  std::vector<std::string> known;
  for (const auto& route : routes_) known.push_back(route.path);
  return fail(Code::not_found, "http.not_found",
              "nothing at '" + std::string(utf8_prefix(path, 128)) + "'" + did_you_mean(path, known));
}

}  // namespace troupe::edge

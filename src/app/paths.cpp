#include "app/paths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

namespace troupe {

std::filesystem::path home_path() {
  const char* home = std::getenv("TROUPE_HOME");
  return home != nullptr ? home : TROUPE_SOURCE_DIR;
}

std::filesystem::path catalogue_path(const std::filesystem::path& wanted) {
  if (!wanted.empty()) return wanted;
  auto file = home_path() / "models" / "catalogue.yaml";
  std::error_code error;
  return std::filesystem::exists(file, error) ? file : std::filesystem::path();  // then what was built in
}

std::filesystem::path models_path(const std::filesystem::path& wanted) {
  if (!wanted.empty()) return wanted;
  const char* models = std::getenv("TROUPE_MODELS_DIR");
  return models != nullptr ? models : TROUPE_MODELS_DIR;
}

std::filesystem::path tool_path(const std::string& name) { return home_path() / "tools" / name; }

std::filesystem::path acknowledged_path(const std::filesystem::path& data, const std::string& timeline) {
  return data / "acknowledged" / timeline;
}

std::string beginning_beside(const std::vector<std::string>& there, const std::string& where,
                             const std::string& world, const std::set<std::string>& known) {
  if (std::ranges::find(there, world) != there.end()) return {};
  std::set<std::string> others;
  for (const auto& name : there) {
    if (!name.contains('.') && !name.contains('@') && !known.contains(name)) others.insert(name);
  }
  if (others.empty()) return {};
  return fmt::format("'{}' begins; {} keeps {}, too, and a world goes on under its own name only", world,
                     where, fmt::join(others, ", "));
}

}  // namespace troupe

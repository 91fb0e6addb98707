#pragma once
// Game engines, their versions and what these can do: a table that is built in, and what designers registered
// on top. Pure; owned by CapabilitiesService.
#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "services/capabilities/verb_rules.h"

namespace troupe::capabilities {

struct EngineVersion {
  std::string engine;    // unreal, godot, or a name of one's own
  std::string version;   // "5.4"
  std::string released;  // "2024-04-23", may be empty
};

struct EngineFeature {
  std::string engine;
  std::string category;
  std::string name;
  std::string summary;
  std::string introduced;
  std::string deprecated;  // from this version on it is not to be used; "" = never
  std::map<std::string, std::string> parameters;
};

inline constexpr std::string_view kCategories[] = {"rendering", "audio",          "physics",
                                                   "ai",        "world_building", "animation"};

// Numbers with points between, at most four: "5", "5.10", "4.2.1"; none when it is something else.
std::optional<std::vector<int>> parse_version(std::string_view text);
// By number, part by part: 5.10 is later than 5.9, and 5 is 5.0. Both must parse.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

std::span<const EngineVersion> built_in_engines();
std::span<const EngineFeature> built_in_features();

class EngineTable {
 public:
  explicit EngineTable(const Limits& limits) : limits_(limits) {}

  void clear_registered();
  // `invalid_argument` capabilities.bad_engine or bad_feature; `exhausted` capabilities.full. Changes
  // nothing.
  Result<void> check(const EngineVersion& engine) const;
  Result<void> check(const EngineFeature& feature) const;
  // Replaces what has the same engine and version, or the same engine and name.
  void put(EngineVersion engine);
  void put(EngineFeature feature);

  // By engine, then version. `engine` "" = all; `not_found` capabilities.unknown_engine.
  Result<std::vector<EngineVersion>> engines(const std::string& engine) const;
  // What a version can do ("" = any version), by category and name.
  Result<std::vector<EngineFeature>> features(const std::string& engine, const std::string& version,
                                              const std::string& category) const;
  // Those that share words with `context`, best first; ties by name.
  Result<std::vector<EngineFeature>> suggest(const std::string& engine, const std::string& version,
                                             const std::string& context, std::size_t limit) const;

 private:
  Result<void> known(const std::string& engine) const;
  const Limits limits_;
  std::map<std::pair<std::string, std::string>, EngineVersion> registered_engines_;
  std::map<std::pair<std::string, std::string>, EngineFeature> registered_features_;
};

}  // namespace troupe::capabilities

#pragma once
// Game engines, their versions and what these can do: a table that is built in, and what designers registered
// on top, which replaces its rows. Pure; owned by CapabilitiesService.
#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "services/capabilities/verb_rules.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::capabilities {

namespace pb = troupe::v1;

inline constexpr std::string_view kCategories[] = {"rendering", "audio",          "physics",
                                                   "ai",        "world_building", "animation"};

// Numbers with points between, at most four: "5", "5.10", "4.2.1"; none when it is something else.
std::optional<std::vector<int>> parse_version(std::string_view text);
// By number, part by part: 5.10 is later than 5.9, and 5 is 5.0. Both must parse.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

std::span<const pb::EngineVersion> built_in_engines();
std::span<const pb::Feature> built_in_features();

class EngineTable {
 public:
  // What is registered, as Table keeps it: by engine and version, by engine and name.
  using Engines = std::map<std::string, pb::EngineVersion>;
  using Features = std::map<std::string, pb::Feature>;
  EngineTable(const Engines& engines, const Features& features, const Limits& limits)
      : limits_(limits), registered_engines_(engines), registered_features_(features) {}

  // Whether it may be registered: `invalid_argument` capabilities.bad_engine or bad_feature; `exhausted`
  // capabilities.full.
  Result<void> check(const pb::EngineVersion& engine) const;
  Result<void> check(const pb::Feature& feature) const;

  // By engine, then version. `engine` "" = all; `not_found` capabilities.unknown_engine.
  Result<std::vector<pb::EngineVersion>> engines(const std::string& engine) const;
  // What a version can do ("" = any version), by category and name.
  Result<std::vector<pb::Feature>> features(const std::string& engine, const std::string& version,
                                            const std::string& category) const;
  // Those that share words with `context`, best first; ties by name.
  Result<std::vector<pb::Feature>> suggest(const std::string& engine, const std::string& version,
                                           const std::string& context, std::size_t limit) const;

 private:
  Result<void> known(const std::string& engine) const;
  const Limits limits_;
  const Engines& registered_engines_;
  const Features& registered_features_;
};

}  // namespace troupe::capabilities

#include "services/capabilities/engine_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <set>
#include <tuple>

#include "base/text.h"

namespace troupe::capabilities {

namespace {

bool is_identifier(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, plain) &&
         (text[0] < '0' || text[0] > '9');
}

bool is_line(std::string_view text, std::size_t most) {
  return text.size() <= most && is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool is_date(std::string_view text) {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  }
  const int month = (text[5] - '0') * 10 + text[6] - '0';
  const int day = (text[8] - '0') * 10 + text[9] - '0';
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

std::unexpected<Error> bad_engine(std::string message) {
  return fail(Code::invalid_argument, "capabilities.bad_engine", std::move(message));
}
std::unexpected<Error> bad_feature(std::string message) {
  return fail(Code::invalid_argument, "capabilities.bad_feature", std::move(message));
}

std::vector<std::string> categories() { return {std::begin(kCategories), std::end(kCategories)}; }

Result<void> check_category(const std::string& category) {
  if (std::ranges::find(kCategories, category) != std::end(kCategories)) return {};
  const auto names = categories();
  return bad_feature(
      fmt::format("no category '{}'{} ({})", category, did_you_mean(category, names), join(names, ", ")));
}

// Words of three letters and more, without a plural's s: enough to see what two short texts share.
std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (word.size() > 4 && word.ends_with("s")) word.pop_back();
    if (word.size() >= 3) words.insert(word);
    word.clear();
  };
  for (const char c : lower_ascii(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word += c;
    } else {
      finish();
    }
  }
  finish();
  return words;
}

int shared(const std::set<std::string>& a, const std::set<std::string>& b) {
  return static_cast<int>(
      std::ranges::count_if(a, [&](const std::string& word) { return b.contains(word); }));
}

// A name says more than a category, a category more than a sentence.
int score(const pb::Feature& feature, const std::set<std::string>& context) {
  int points = 3 * shared(context, words_of(feature.name())) +
               2 * shared(context, words_of(feature.category())) +
               shared(context, words_of(feature.summary()));
  for (const auto& [name, text] : feature.parameters()) points += shared(context, words_of(name));
  return points;
}

// `name` is what tells those of one engine apart.
template <class Record>
bool is_registered(const std::map<std::string, Record>& rows, const Record& record,
                   const std::string& (Record::*name)() const) {
  return std::ranges::any_of(std::views::values(rows), [&](const Record& row) {
    return row.engine() == record.engine() && (row.*name)() == (record.*name)();
  });
}

bool usable(const pb::Feature& feature, const std::string& version) {
  if (version.empty()) return true;
  if (compare_versions(version, feature.introduced()) < 0) return false;
  return feature.deprecated().empty() || compare_versions(version, feature.deprecated()) < 0;
}

}  // namespace

std::optional<std::vector<int>> parse_version(std::string_view text) {
  std::vector<int> parts;
  for (const auto& part : split(text, '.')) {
    int number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (part.empty() || part.size() > 6 || error != std::errc() || end != part.data() + part.size() ||
        number < 0)
      return {};
    parts.push_back(number);
  }
  if (parts.size() > 4) return {};
  return parts;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  auto left = parse_version(a).value_or(std::vector<int>{});
  auto right = parse_version(b).value_or(std::vector<int>{});
  const auto parts = std::max(left.size(), right.size());
  left.resize(parts);
  right.resize(parts);
  return left <=> right;
}

Result<void> EngineTable::check(const pb::EngineVersion& engine) const {
  if (!is_identifier(engine.engine())) return bad_engine("engine is a word of small letters, digits and '_'");
  if (!parse_version(engine.version())) {
    return bad_engine(fmt::format("version is '{}'; expected numbers with points between, such as '5.4'",
                                  engine.version()));
  }
  if (!engine.released().empty() && !is_date(engine.released())) {
    return bad_engine(
        fmt::format("released is '{}'; expected a date such as '2024-04-23'", engine.released()));
  }
  if (!is_registered(registered_engines_, engine, &pb::EngineVersion::version) &&
      registered_engines_.size() >= limits_.engines_max) {
    return fail(Code::exhausted, "capabilities.full",
                fmt::format("{} engine versions are registered already", limits_.engines_max));
  }
  return {};
}

Result<void> EngineTable::check(const pb::Feature& feature) const {
  TRY_VOID(known(feature.engine()));
  TRY_VOID(check_category(feature.category()));
  if (!is_identifier(feature.name())) return bad_feature("name is a word of small letters, digits and '_'");
  if (feature.summary().empty() || !is_line(feature.summary(), 300))
    return bad_feature("summary is one line of 1 to 300 bytes");
  if (!parse_version(feature.introduced())) {
    return bad_feature(
        fmt::format("introduced is '{}'; expected a version such as '5.4'", feature.introduced()));
  }
  if (!feature.deprecated().empty()) {
    if (!parse_version(feature.deprecated())) {
      return bad_feature(fmt::format("deprecated is '{}'; expected a version such as '5.4', or nothing",
                                     feature.deprecated()));
    }
    if (compare_versions(feature.deprecated(), feature.introduced()) <= 0) {
      return bad_feature(fmt::format("deprecated in {} is not after introduced in {}", feature.deprecated(),
                                     feature.introduced()));
    }
  }
  if (feature.parameters().size() > 16) return bad_feature("a feature has at most 16 parameters");
  for (const auto& [name, text] : feature.parameters()) {
    if (!is_identifier(name) || !is_line(text, 200))
      return bad_feature("parameters are words with one line of at most 200 bytes");
  }
  if (!is_registered(registered_features_, feature, &pb::Feature::name) &&
      registered_features_.size() >= limits_.features_max) {
    return fail(Code::exhausted, "capabilities.full",
                fmt::format("{} features are registered already", limits_.features_max));
  }
  return {};
}

Result<void> EngineTable::known(const std::string& engine) const {
  std::set<std::string> names;
  for (const auto& built_in : built_in_engines()) names.insert(built_in.engine());
  for (const auto& [key, registered] : registered_engines_) names.insert(registered.engine());
  if (names.contains(engine)) return {};
  const std::vector<std::string> list(names.begin(), names.end());
  return fail(Code::not_found, "capabilities.unknown_engine",
              fmt::format("no engine '{}'{} ({})", engine, did_you_mean(engine, list), join(list, ", ")));
}

Result<std::vector<pb::EngineVersion>> EngineTable::engines(const std::string& engine) const {
  if (!engine.empty()) TRY_VOID(known(engine));
  std::map<std::pair<std::string, std::string>, pb::EngineVersion> merged;
  for (const auto& built_in : built_in_engines()) merged[{built_in.engine(), built_in.version()}] = built_in;
  for (const auto& [key, registered] : registered_engines_)
    merged[{registered.engine(), registered.version()}] = registered;
  std::vector<pb::EngineVersion> found;
  for (const auto& [key, version] : merged) {
    if (engine.empty() || key.first == engine) found.push_back(version);
  }
  std::ranges::sort(found, [](const pb::EngineVersion& a, const pb::EngineVersion& b) {
    return a.engine() != b.engine() ? a.engine() < b.engine()
                                    : compare_versions(a.version(), b.version()) < 0;
  });
  return found;
}

Result<std::vector<pb::Feature>> EngineTable::features(const std::string& engine, const std::string& version,
                                                       const std::string& category) const {
  if (!engine.empty()) TRY_VOID(known(engine));
  if (!category.empty()) TRY_VOID(check_category(category));
  if (!version.empty() && !parse_version(version)) {
    return bad_engine(
        fmt::format("version is '{}'; expected numbers with points between, such as '5.4'", version));
  }
  std::map<std::pair<std::string, std::string>, pb::Feature> merged;
  for (const auto& built_in : built_in_features()) merged[{built_in.engine(), built_in.name()}] = built_in;
  for (const auto& [key, registered] : registered_features_)
    merged[{registered.engine(), registered.name()}] = registered;
  std::vector<pb::Feature> found;
  for (const auto& [key, feature] : merged) {
    if (!engine.empty() && feature.engine() != engine) continue;
    if (!category.empty() && feature.category() != category) continue;
    if (usable(feature, version)) found.push_back(feature);
  }
  std::ranges::sort(found, {}, [](const pb::Feature& feature) {
    return std::tie(feature.category(), feature.name(), feature.engine());
  });
  return found;
}

Result<std::vector<pb::Feature>> EngineTable::suggest(const std::string& engine, const std::string& version,
                                                      const std::string& context, std::size_t limit) const {
  TRY(const auto possible, features(engine, version, {}));
  const auto words = words_of(context);
  std::vector<std::pair<int, const pb::Feature*>> ranked;
  for (const auto& feature : possible) {
    if (const int points = score(feature, words); points > 0) ranked.emplace_back(points, &feature);
  }
  std::ranges::sort(ranked, {}, [](const auto& entry) {
    return std::make_tuple(-entry.first, entry.second->name(), entry.second->engine());
  });
  std::vector<pb::Feature> found;
  for (const auto& [points, feature] : ranked) {
    if (found.size() == limit) break;
    found.push_back(*feature);
  }
  return found;
}

}  // namespace troupe::capabilities

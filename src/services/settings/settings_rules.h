#pragma once
// The declared settings, flags and tiers, and what may be said about them. Pure.
#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "troupe/v1/settings.pb.h"

namespace troupe::settings {

namespace pb = troupe::v1;

struct Limits {
  std::size_t flags_max = 500;
  std::size_t declared_max = 200;  // a game's own settings
  std::size_t choices_max = 50;
  std::size_t name_bytes_max = 64;   // of players and flags
  std::size_t text_bytes_max = 500;  // of a text value and of a summary
  std::size_t audit_max = 20'000;    // entries kept; the oldest go
  std::size_t audit_page_default = 100;
};

enum class Type { boolean, integer, number, text, choice };
std::string_view name_of(Type type);  // bool, integer, number, text, choice

using Value = std::variant<bool, double, std::string>;

// One declared setting. What is not declared does not exist.
struct Setting {
  std::string category;
  std::string key;
  Type type = Type::boolean;
  Value standard;      // the default
  double minimum = 0;  // of integer and number
  double maximum = 0;
  std::vector<std::string> choices;
  std::string summary;
  bool per_player = false;  // players may have their own

  std::string name() const { return category + "." + key; }
};

std::span<const Setting> all_settings();
inline constexpr std::string_view kCategories[] = {"audio", "video", "controls", "accessibility",
                                                   "ai",    "world", "game"};
inline constexpr std::string_view kOwn = "game";  // declared by the game

// A game's own setting. `invalid_argument` settings.bad_declaration, naming what would be right.
Result<Setting> declared(const pb::SettingsDeclareRequest& request, const Limits& limits);
// server: this server acts on it; game: the game does.
std::string_view used_by(const Setting& setting);

// `not_found` settings.unknown with the nearest name; `invalid_argument` settings.unknown_category.
Result<const Setting*> find(const std::string& category, const std::string& key);
Result<void> check_category(const std::string& category);

// A value as this setting wants it. `invalid_argument` settings.bad_value, naming what would be right.
Result<Value> parse(const Setting& setting, const google::protobuf::Value& value, const Limits& limits);
std::string wanted(const Setting& setting);  // "a number from 0 to 1"
std::string to_text(const Value& value);     // JSON, for tables and the audit
Result<Value> from_text(const std::string& json);
// Of a record: what was kept and does not read any more is as if nothing were there.
Value kept(const std::string& json);
Setting kept(const pb::SettingsDeclareRequest& declaration, const Limits& limits);
google::protobuf::Value to_proto(const Value& value);

struct Flag {
  std::string flag;
  bool on = false;
  double rollout_percent = 100;
  std::vector<std::string> tiers;  // only these; empty: all
  std::string summary;
  bool operator==(const Flag&) const = default;
};
// `invalid_argument` settings.bad_flag or settings.unknown_tier.
Result<void> check(const Flag& flag, const Limits& limits);
std::string describe(const Flag& flag);  // for the audit: "on for 30% of premium, whale"

// 0 to 9999, the same for ever: who has a feature at 10% still has it at 20%.
int bucket(std::string_view flag, std::string_view player);
struct FlagAnswer {
  bool on = false;
  std::string reason;
};
// `player` "" = nobody in particular: on only where it is on for everybody.
FlagAnswer evaluate(const Flag& flag, const std::string& player, const std::string& tier);

struct Tier {
  std::string name;
  int characters_max = 0;
  std::int64_t storage_mb_max = 0;
  std::vector<std::string> features;
};
std::span<const Tier> all_tiers();                       // free first: what everybody has
Result<const Tier*> find_tier(const std::string& name);  // `invalid_argument` settings.unknown_tier

// `invalid_argument` settings.bad_player.
Result<void> check_player(const std::string& player, const Limits& limits);

}  // namespace troupe::settings

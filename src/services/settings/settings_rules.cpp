#include "services/settings/settings_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace troupe::settings {

namespace {

bool is_line(std::string_view text, std::size_t most) {
  return text.size() <= most && is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::string shown(const google::protobuf::Value& value) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case google::protobuf::Value::kNumberValue:
      return fmt::format("{}", value.number_value());
    case google::protobuf::Value::kStringValue:
      return fmt::format("'{}'", utf8_prefix(value.string_value(), 40));
    case google::protobuf::Value::kListValue:
      return "a list";
    case google::protobuf::Value::kStructValue:
      return "an object";
    default:
      return "nothing";
  }
}

std::unexpected<Error> bad_flag(std::string message) {
  return fail(Code::invalid_argument, "settings.bad_flag", std::move(message));
}

std::string percent(double value) { return fmt::format("{:g}%", value); }

}  // namespace

std::string_view name_of(Type type) {
  constexpr std::string_view kNames[] = {"bool", "integer", "number", "text", "choice"};
  return kNames[static_cast<std::size_t>(type)];
}

Result<void> check_category(const std::string& category) {
  if (std::ranges::find(kCategories, category) != std::end(kCategories)) return {};
  const std::vector<std::string> names(std::begin(kCategories), std::end(kCategories));
  return fail(
      Code::invalid_argument, "settings.unknown_category",
      fmt::format("no category '{}'{} ({})", category, did_you_mean(category, names), join(names, ", ")));
}

Result<const Setting*> find(const std::string& category, const std::string& key) {
  std::vector<std::string> names;
  for (const auto& setting : all_settings()) {
    if (setting.category == category && setting.key == key) return &setting;
    names.push_back(setting.name());
  }
  const std::string name = category + "." + key;
  return fail(Code::not_found, "settings.unknown", "no setting '" + name + "'" + did_you_mean(name, names));
}

std::string wanted(const Setting& setting) {
  switch (setting.type) {
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return fmt::format("a whole number from {} to {}", setting.minimum, setting.maximum);
    case Type::number:
      return fmt::format("a number from {} to {}", setting.minimum, setting.maximum);
    case Type::text:
      return "one line of text";
    case Type::choice:
      return "one of " + join(setting.choices, ", ");
  }
  return {};
}

Result<Value> parse(const Setting& setting, const google::protobuf::Value& value, const Limits& limits) {
  const auto bad = [&](const std::string& more = {}) {
    return fail(Code::invalid_argument, "settings.bad_value",
                fmt::format("{} is {}; expected {}{}", setting.name(), shown(value), wanted(setting), more));
  };
  using Kind = google::protobuf::Value;
  switch (setting.type) {
    case Type::boolean:
      if (value.kind_case() != Kind::kBoolValue) return bad();
      return Value(value.bool_value());
    case Type::integer:
    case Type::number: {
      const double number = value.number_value();
      // Written so that what is no number fails too.
      const bool in_range = number >= setting.minimum && number <= setting.maximum;
      if (value.kind_case() != Kind::kNumberValue || !in_range) return bad();
      if (setting.type == Type::integer && number != std::trunc(number)) return bad();
      return Value(number);
    }
    case Type::text:
      if (value.kind_case() != Kind::kStringValue || !is_line(value.string_value(), limits.text_bytes_max)) {
        return bad(fmt::format(" of at most {} bytes", limits.text_bytes_max));
      }
      return Value(value.string_value());
    case Type::choice:
      if (value.kind_case() != Kind::kStringValue) return bad();
      if (std::ranges::find(setting.choices, value.string_value()) == setting.choices.end()) {
        return bad(did_you_mean(value.string_value(), setting.choices));
      }
      return Value(value.string_value());
  }
  return bad();
}

std::string to_text(const Value& value) {
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) return nlohmann::json(*text).dump();
  const double number = std::get<double>(value);
  if (number == std::trunc(number) && std::abs(number) < 1e15)
    return fmt::format("{}", static_cast<std::int64_t>(number));
  return nlohmann::json(number).dump();
}

Result<Value> from_text(const std::string& json) {
  const auto parsed = parse_json(json).value_or(nullptr);
  if (parsed.is_boolean()) return Value(parsed.get<bool>());
  if (parsed.is_number()) return Value(parsed.get<double>());
  if (parsed.is_string()) return Value(parsed.get<std::string>());
  return fail(Code::internal, "settings.damaged", "a stored value is no value: " + json);
}

google::protobuf::Value to_proto(const Value& value) {
  google::protobuf::Value out;
  if (const auto* yes = std::get_if<bool>(&value)) out.set_bool_value(*yes);
  if (const auto* number = std::get_if<double>(&value)) out.set_number_value(*number);
  if (const auto* text = std::get_if<std::string>(&value)) out.set_string_value(*text);
  return out;
}

Result<void> check(const Flag& flag, const Limits& limits) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  if (flag.flag.empty() || flag.flag.size() > limits.name_bytes_max ||
      !std::ranges::all_of(flag.flag, plain)) {
    return bad_flag(
        fmt::format("a flag has 1 to {} small letters, digits, '_' and '.'", limits.name_bytes_max));
  }
  if (!is_line(flag.summary, limits.text_bytes_max)) {
    return bad_flag(fmt::format("summary is one line of at most {} bytes", limits.text_bytes_max));
  }
  if (flag.tiers.size() > all_tiers().size()) return bad_flag("a tier is named twice");
  for (const auto& tier : flag.tiers) TRY_VOID(find_tier(tier));
  return {};
}

std::string describe(const Flag& flag) {
  if (!flag.on) return "off";
  return fmt::format("on for {} of {}", percent(flag.rollout_percent),
                     flag.tiers.empty() ? "all" : join(flag.tiers, ", "));
}

int bucket(std::string_view flag, std::string_view player) {
  Sha256 hash;
  hash.add_field(flag);
  hash.add_field(player);
  const std::string digest = hash.finish();
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i)
    number = number << 8 | static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]);
  return static_cast<int>(number % 10'000);
}

FlagAnswer evaluate(const Flag& flag, const std::string& player, const std::string& tier) {
  if (!flag.on) return {false, "off"};
  if (!flag.tiers.empty() && std::ranges::find(flag.tiers, tier) == flag.tiers.end()) {
    return {false, "only for " + join(flag.tiers, ", ")};
  }
  if (flag.rollout_percent >= 100) return {true, "on"};
  const bool in = !player.empty() && bucket(flag.flag, player) < flag.rollout_percent * 100;
  return {in, (in ? "among " : "not among ") + percent(flag.rollout_percent)};
}

Result<const Tier*> find_tier(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& tier : all_tiers()) {
    if (tier.name == name) return &tier;
    names.push_back(tier.name);
  }
  return fail(Code::invalid_argument, "settings.unknown_tier",
              fmt::format("no tier '{}'{} ({})", name, did_you_mean(name, names), join(names, ", ")));
}

Result<void> check_player(const std::string& player, const Limits& limits) {
  if (!player.empty() && is_line(player, limits.name_bytes_max)) return {};
  return fail(
      Code::invalid_argument, "settings.bad_player",
      fmt::format("a player's name has 1 to {} bytes and no control characters", limits.name_bytes_max));
}

}  // namespace troupe::settings

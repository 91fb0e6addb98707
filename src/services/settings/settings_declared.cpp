// A game's own settings: declared at run time, then as good as any other.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/settings/settings_service.h"

namespace troupe {

using settings::Setting;

namespace settings {

namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(Code::invalid_argument, "settings.bad_declaration", std::move(message));
}

bool is_key(std::string_view key, std::size_t most) {
  return !key.empty() && key.size() <= most && key[0] >= 'a' && key[0] <= 'z' &&
         std::ranges::all_of(
             key, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

std::string_view used_by(const Setting& setting) {
  if (setting.key == "initiative" || setting.key == "language") return "game";  // until the server reads them
  return setting.category == "ai" || setting.category == "world" ? "server" : "game";
}

Result<Setting> declared(const pb::SettingsDeclareRequest& request, const Limits& limits) {
  if (!is_key(request.key(), limits.name_bytes_max)) {
    return bad(fmt::format("key is {} lower-case letters, digits and _ at most, a letter first",
                           limits.name_bytes_max));
  }
  static const std::vector<std::string> kTypes = {"bool", "integer", "number", "text", "choice"};
  const auto type = std::ranges::find(kTypes, request.type());
  if (type == kTypes.end()) {
    return bad(fmt::format("no type '{}'{} ({})", utf8_prefix(request.type(), 40),
                           did_you_mean(request.type(), kTypes), join(kTypes, ", ")));
  }
  Setting setting{.category = std::string(kOwn),
                  .key = request.key(),
                  .type = static_cast<Type>(type - kTypes.begin()),
                  .minimum = request.minimum(),
                  .maximum = request.maximum(),
                  .choices = {request.choices().begin(), request.choices().end()},
                  .summary = request.summary(),
                  .per_player = request.per_player()};
  const bool ranged = setting.type == Type::integer || setting.type == Type::number;
  if (ranged && !(setting.minimum < setting.maximum)) return bad("minimum is below maximum");
  if ((setting.type == Type::choice) != !setting.choices.empty()) return bad("choices belong to type choice");
  if (setting.type == Type::choice &&
      (setting.choices.size() < 2 || setting.choices.size() > limits.choices_max)) {
    return bad(fmt::format("a choice is between 2 to {} choices", limits.choices_max));
  }
  for (const auto& choice : setting.choices) {
    if (choice.empty() || choice.size() > limits.name_bytes_max)
      return bad(fmt::format("a choice has 1 to {} bytes", limits.name_bytes_max));
  }
  if (setting.summary.empty() || setting.summary.size() > limits.text_bytes_max) {
    return bad(fmt::format("summary says what it is, in at most {} bytes", limits.text_bytes_max));
  }
  TRY(setting.standard, parse(setting, request.default_value(), limits));
  return setting;
}

Value kept(const std::string& json) { return from_text(json).value_or(Value()); }

Setting kept(const pb::SettingsDeclareRequest& declaration, const Limits& limits) {
  auto setting = declared(declaration, limits);
  if (setting) return *std::move(setting);
  return {.category = std::string(kOwn), .key = declaration.key(), .summary = declaration.summary()};
}

}  // namespace settings

namespace {

pb::SettingsDeclareRequest record_of(const Setting& setting) {
  pb::SettingsDeclareRequest record;
  record.set_key(setting.key);
  record.set_type(std::string(name_of(setting.type)));
  *record.mutable_default_value() = settings::to_proto(setting.standard);
  record.set_minimum(setting.minimum);
  record.set_maximum(setting.maximum);
  for (const auto& choice : setting.choices) record.add_choices(choice);
  record.set_summary(setting.summary);
  record.set_per_player(setting.per_player);
  return record;
}

}  // namespace

void SettingsService::mount_declared() {
  host_.serve(&SettingsService::declare, this);
  host_.serve(&SettingsService::withdraw, this);
}

Result<const Setting*> SettingsService::setting_of(const std::string& category,
                                                   const std::string& key) const {
  if (category != settings::kOwn) return settings::find(category, key);
  if (const auto* found = own_.find(key)) return found;
  std::vector<std::string> names;
  for (const auto& [name, setting] : own_.rows()) names.push_back(setting.key);
  return fail(
      Code::not_found, "settings.unknown",
      fmt::format("the game declared no setting '{}'{}", utf8_prefix(key, 60), did_you_mean(key, names)));
}

std::vector<const Setting*> SettingsService::every_setting() const {
  std::vector<const Setting*> all;
  for (const auto& setting : settings::all_settings()) all.push_back(&setting);
  for (const auto& [key, setting] : own_.rows()) all.push_back(&setting);
  return all;
}

// What was set for a setting that is gone or has another shape.
void SettingsService::forget_values(Turn& turn, const std::string& name) {
  values_.erase(turn, name);
  std::vector<TableKey> gone;
  for (const auto& [key, preference] : preferences_.rows()) {
    if (preference.name() == name) gone.push_back(key);
  }
  for (auto& key : gone) preferences_.erase_at(turn, std::move(key));
}

Result<pb::Setting> SettingsService::declare(Turn& turn, const Caller& caller,
                                             const pb::SettingsDeclareRequest& request) {
  TRY(Setting setting, settings::declared(request, limits_));
  const auto* known = declared_.find(setting.key);
  if (known == nullptr && declared_.size() >= limits_.declared_max) {
    return fail(Code::exhausted, "settings.full",
                fmt::format("the game has {} settings of its own already", limits_.declared_max));
  }
  pb::DeclaredRecord record;
  record.set_key(setting.key);
  *record.mutable_declaration() = record_of(setting);
  if (known != nullptr && stable_bytes(*known) == stable_bytes(record)) return view(*own_.find(setting.key));
  const std::string name = setting.name();
  const bool other_shape = known != nullptr;
  if (other_shape) forget_values(turn, name);
  declared_.put(turn, std::move(record));
  note(turn, caller, (other_shape ? "declare anew " : "declare ") + name, "",
       settings::to_text(setting.standard));
  pb::SettingChanged event;
  event.set_category(setting.category);
  event.set_key(setting.key);
  *event.mutable_value() = settings::to_proto(setting.standard);
  turn.emit(event, {.subject = name, .place = {}});
  return view(setting);
}

Result<pb::SettingsWithdrawReply> SettingsService::withdraw(Turn& turn, const Caller& caller,
                                                            const pb::SettingsWithdrawRequest& request) {
  pb::SettingsWithdrawReply reply;
  const auto* known = own_.find(request.key());
  if (known == nullptr) return reply;
  const Setting setting = *known;
  forget_values(turn, setting.name());
  declared_.erase(turn, setting.key);
  note(turn, caller, "withdraw " + setting.name(), settings::to_text(setting.standard), "");
  pb::SettingChanged event;
  event.set_category(setting.category);
  event.set_key(setting.key);
  event.mutable_value()->set_null_value(google::protobuf::NULL_VALUE);
  turn.emit(event, {.subject = setting.name(), .place = {}});
  reply.set_removed(true);
  return reply;
}

}  // namespace troupe

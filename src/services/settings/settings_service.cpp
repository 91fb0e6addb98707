#include "services/settings/settings_service.h"

#include <fmt/format.h>

namespace troupe {

using settings::Setting;
using settings::Value;

namespace {
constexpr const char* kDefault = "default";
}  // namespace

SettingsService::SettingsService(Host& host, const settings::Limits& limits)
    : host_(host),
      limits_(limits),
      values_(host.timeline()),
      preferences_(host.timeline()),
      declared_(host.timeline()),
      flags_(host.timeline()),
      tiers_(host.timeline()),
      audit_(host.timeline()),
      set_(values_.view<Value>([](const auto& record) { return settings::kept(record.value()); })),
      preferred_(preferences_.view<Value>([](const auto& record) { return settings::kept(record.value()); })),
      own_(declared_.view<Setting>(
          [limits](const auto& record) { return settings::kept(record.declaration(), limits); })) {}

void SettingsService::mount() {
  host_.serve(&SettingsService::get, this);
  host_.serve(&SettingsService::list, this);
  host_.serve(&SettingsService::set, this);
  host_.serve(&SettingsService::get_preferences, this);
  host_.serve(&SettingsService::set_preference, this);
  mount_declared();
  mount_flags();
}

Result<std::string> SettingsService::player_of(const Caller& caller, const std::string& wanted) const {
  if (!caller.acts_for_others() && !wanted.empty() && wanted != caller.name) {
    return fail(Code::permission_denied, "settings.not_yours",
                "'" + caller.name + "' has their own settings, not another's");
  }
  const std::string player = caller.acts_for_others() ? wanted : caller.name;
  TRY_VOID(settings::check_player(player, limits_));
  return player;
}

// Every change leaves a line: who, what, from what to what.
void SettingsService::note(Turn& turn, const Caller& caller, const std::string& what,
                           const std::string& before, const std::string& after) {
  const auto& rows = audit_.rows();
  pb::AuditRecord entry;
  entry.set_id(rows.empty() ? 1 : rows.rbegin()->second.id() + 1);
  entry.set_who(caller.name);
  entry.set_role(role_name(caller.role));
  entry.set_what(what);
  entry.set_before_value(before);
  entry.set_after_value(after);
  entry.set_wall_ms(host_.env().clock.wall_ms());
  audit_.put(turn, std::move(entry));
  if (rows.size() > limits_.audit_max) audit_.erase_at(turn, rows.begin()->first);
}

const Value& SettingsService::value_of(const Setting& setting) const {
  const auto* found = set_.find(setting.name());
  return found == nullptr ? setting.standard : *found;
}

pb::Setting SettingsService::view(const Setting& setting) const {
  pb::Setting out;
  out.set_category(setting.category);
  out.set_key(setting.key);
  *out.mutable_value() = settings::to_proto(value_of(setting));
  *out.mutable_default_value() = settings::to_proto(setting.standard);
  out.set_type(std::string(name_of(setting.type)));
  out.set_minimum(setting.minimum);
  out.set_maximum(setting.maximum);
  for (const auto& choice : setting.choices) out.add_choices(choice);
  out.set_summary(setting.summary);
  out.set_per_player(setting.per_player);
  out.set_used_by(std::string(settings::used_by(setting)));
  return out;
}

Result<pb::Setting> SettingsService::get(const Caller&, const pb::SettingsGetRequest& request) const {
  TRY(const Setting* setting, setting_of(request.category(), request.key()));
  return view(*setting);
}

Result<pb::SettingsListReply> SettingsService::list(const Caller&,
                                                    const pb::SettingsListRequest& request) const {
  if (!request.category().empty()) TRY_VOID(settings::check_category(request.category()));
  pb::SettingsListReply reply;
  for (const auto* setting : every_setting()) {
    if (request.category().empty() || setting->category == request.category())
      *reply.add_settings() = view(*setting);
  }
  return reply;
}

Result<pb::Setting> SettingsService::set(Turn& turn, const Caller& caller,
                                         const pb::SettingsSetRequest& request) {
  TRY(const Setting* setting, setting_of(request.category(), request.key()));
  const std::string name = setting->name();
  const bool reset =
      request.value().kind_case() == google::protobuf::Value::kNullValue;  // null: the default again
  Value value = setting->standard;
  if (!reset) {
    TRY(value, settings::parse(*setting, request.value(), limits_));
  }
  const Value before = value_of(*setting);
  if (before == value) return view(*setting);
  if (value == setting->standard) {
    values_.erase(turn, name);
  } else {
    pb::SettingRecord record;
    record.set_name(name);
    record.set_value(settings::to_text(value));
    values_.put(turn, std::move(record));
  }
  note(turn, caller, "set " + name, settings::to_text(before), settings::to_text(value));
  pb::SettingChanged event;
  event.set_category(setting->category);
  event.set_key(setting->key);
  *event.mutable_value() = settings::to_proto(value);
  turn.emit(event, {.subject = name, .place = {}});
  return view(*setting);
}

pb::Preferences SettingsService::preferences_of(const std::string& player) const {
  pb::Preferences out;
  out.set_player(player);
  for (const auto* setting : every_setting()) {
    if (!setting->per_player) continue;
    const Value* value = preferred_.find(player, setting->name());
    if (value == nullptr) value = &value_of(*setting);
    (*out.mutable_values()->mutable_fields())[setting->name()] = settings::to_proto(*value);
  }
  return out;
}

Result<pb::Preferences> SettingsService::get_preferences(
    const Caller& caller, const pb::SettingsGetPreferencesRequest& request) const {
  TRY(const std::string player, player_of(caller, request.player()));
  return preferences_of(player);
}

Result<pb::Preferences> SettingsService::set_preference(Turn& turn, const Caller& caller,
                                                        const pb::SettingsSetPreferenceRequest& request) {
  TRY(const std::string player, player_of(caller, request.player()));
  TRY(const Setting* setting, setting_of(request.category(), request.key()));
  const std::string name = setting->name();
  if (!setting->per_player) {
    return fail(Code::invalid_argument, "settings.not_per_player", name + " is the same for everybody");
  }
  const bool reset = request.value().kind_case() == google::protobuf::Value::kNullValue;
  Value value;
  if (!reset) {
    TRY(value, settings::parse(*setting, request.value(), limits_));
  }
  const auto* old = preferred_.find(player, name);
  const std::string before = old == nullptr ? kDefault : settings::to_text(*old);
  const std::string after = reset ? kDefault : settings::to_text(value);
  if (before == after) return preferences_of(player);
  if (reset) {
    preferences_.erase(turn, player, name);  // there was one, or nothing would change
  } else {
    pb::PreferenceRecord record;
    record.set_player(player);
    record.set_name(name);
    record.set_value(after);
    preferences_.put(turn, std::move(record));
  }
  note(turn, caller, "preference " + name + " of " + player, before, after);
  pb::PreferenceChanged event;
  event.set_player(player);
  event.set_category(setting->category);
  event.set_key(setting->key);
  *event.mutable_value() = settings::to_proto(reset ? value_of(*setting) : value);
  turn.emit(event, {.subject = player, .place = {}});
  return preferences_of(player);
}

}  // namespace troupe

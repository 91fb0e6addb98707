#include "services/settings/settings_service.h"

#include <fmt/format.h>

namespace troupe {

using db::Values;
using settings::Setting;
using settings::Value;

namespace {
constexpr const char* kDefault = "default";
}  // namespace

SettingsService::SettingsService(Host& host, const settings::Limits& limits) : host_(host), limits_(limits) {}

void SettingsService::mount() {
  auto& timeline = host_.timeline();
  timeline.add_migrations({{"settings", 1, R"sql(
    create table settings_values (
      name text not null primary key,
      value text not null
    );
    create table settings_preferences (
      player text not null,
      name text not null,
      value text not null,
      primary key (player, name)
    );
    create table settings_flags (
      flag text not null primary key,
      is_on bigint not null,
      rollout_percent double precision not null,
      tiers text not null,
      summary text not null
    );
    create table settings_tiers (
      player text not null primary key,
      tier text not null
    );
    create table settings_audit (
      id bigint not null primary key,
      who text not null,
      role text not null,
      what text not null,
      before_value text not null,
      after_value text not null,
      wall_ms bigint not null
    ))sql"}});
  timeline.add_table("settings_values", "name");
  timeline.add_table("settings_flags", "flag");
  timeline.add_table("settings_tiers", "player");
  timeline.add_table("settings_preferences", "player, name");
  timeline.add_table("settings_audit", "id");
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
  host_.serve(&SettingsService::get, this);
  host_.serve(&SettingsService::list, this);
  host_.serve(&SettingsService::set, this);
  host_.serve(&SettingsService::get_preferences, this);
  host_.serve(&SettingsService::set_preference, this);
  mount_declared();
  mount_flags();
}

Result<void> SettingsService::load(db::Reader& reader) {
  TRY_VOID(load_declared(reader));
  values_.clear();
  preferences_.clear();
  TRY(const auto values, reader.query("select name, value from settings_values"));
  for (const auto& row : values) {
    TRY(values_[row.text(0)], settings::from_text(row.text(1)));
  }
  TRY(const auto preferences, reader.query("select player, name, value from settings_preferences"));
  for (const auto& row : preferences) {
    TRY(preferences_[row.text(0)][row.text(1)], settings::from_text(row.text(2)));
  }
  return load_flags(reader);
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
  ++audit_last_;
  turn.write(
      "insert into settings_audit (id, who, role, what, before_value, after_value, wall_ms) "
      "values ($1, $2, $3, $4, $5, $6, $7)",
      Values{audit_last_, caller.name, role_name(caller.role), what, before, after,
             host_.env().clock.wall_ms()});
  const auto kept = static_cast<std::int64_t>(limits_.audit_max);
  if (audit_last_ > kept) turn.write("delete from settings_audit where id <= $1", Values{audit_last_ - kept});
}

const Value& SettingsService::value_of(const Setting& setting) const {
  const auto found = values_.find(setting.name());
  return found == values_.end() ? setting.standard : found->second;
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
    values_.erase(name);
    turn.write("delete from settings_values where name = $1", Values{name});
  } else {
    values_[name] = value;
    turn.write(
        "insert into settings_values (name, value) values ($1, $2) on conflict (name) do update set value = "
        "excluded.value",
        Values{name, settings::to_text(value)});
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
  const auto own = preferences_.find(player);
  pb::Preferences out;
  out.set_player(player);
  for (const auto* setting : every_setting()) {
    if (!setting->per_player) continue;
    const Value* value = &value_of(*setting);
    if (own != preferences_.end()) {
      if (const auto found = own->second.find(setting->name()); found != own->second.end())
        value = &found->second;
    }
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
  const auto known = preferences_.find(player);
  if (known == preferences_.end() && !reset && preferences_.size() >= limits_.players_max) {
    return fail(Code::exhausted, "settings.full",
                fmt::format("{} players have preferences already", limits_.players_max));
  }
  const auto old = known == preferences_.end() ? nullptr : [&]() -> const Value* {
    const auto found = known->second.find(name);
    return found == known->second.end() ? nullptr : &found->second;
  }();
  const std::string before = old == nullptr ? kDefault : settings::to_text(*old);
  const std::string after = reset ? kDefault : settings::to_text(value);
  if (before == after) return preferences_of(player);
  if (reset) {
    known->second.erase(name);  // there was one, or nothing would change
    if (known->second.empty()) preferences_.erase(known);
    turn.write("delete from settings_preferences where player = $1 and name = $2", Values{player, name});
  } else {
    preferences_[player][name] = value;
    turn.write(
        "insert into settings_preferences (player, name, value) values ($1, $2, $3) "
        "on conflict (player, name) do update set value = excluded.value",
        Values{player, name, after});
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

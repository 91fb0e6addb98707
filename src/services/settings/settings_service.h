#pragma once
// Configuration, preferences, feature flags and player tiers of all worlds. Owned by app; lives on the shared
// timeline, on the io thread. Everything but the audit is in memory (Limits).
#include <map>
#include <string>

#include "host/host.h"
#include "services/settings/settings_rules.h"
#include "troupe/v1/settings.pb.h"

namespace troupe {

class SettingsService {
 public:
  explicit SettingsService(Host& host, const settings::Limits& limits = {});
  void mount();

 private:
  // settings_service.cpp: configuration and preferences
  Result<pb::Setting> get(const Caller& caller, const pb::SettingsGetRequest& request) const;
  Result<pb::SettingsListReply> list(const Caller& caller, const pb::SettingsListRequest& request) const;
  Result<pb::Setting> set(Turn& turn, const Caller& caller, const pb::SettingsSetRequest& request);
  Result<pb::Preferences> get_preferences(const Caller& caller,
                                          const pb::SettingsGetPreferencesRequest& request) const;
  Result<pb::Preferences> set_preference(Turn& turn, const Caller& caller,
                                         const pb::SettingsSetPreferenceRequest& request);
  pb::Setting view(const settings::Setting& setting) const;
  pb::Preferences preferences_of(const std::string& player) const;
  const settings::Value& value_of(const settings::Setting& setting) const;

  // settings_declared.cpp: a game's own settings
  Result<pb::Setting> declare(Turn& turn, const Caller& caller, const pb::SettingsDeclareRequest& request);
  Result<pb::SettingsWithdrawReply> withdraw(Turn& turn, const Caller& caller,
                                             const pb::SettingsWithdrawRequest& request);
  Result<const settings::Setting*> setting_of(const std::string& category, const std::string& key) const;
  std::vector<const settings::Setting*> every_setting() const;
  void forget_values(Turn& turn, const std::string& name);
  void mount_declared();
  Result<void> load_declared(db::Reader& reader);

  // settings_flags.cpp: flags, tiers, audit
  Result<pb::FlagState> get_flag(const Caller& caller, const pb::SettingsGetFlagRequest& request) const;
  Result<pb::SettingsListFlagsReply> list_flags(const Caller& caller,
                                                const pb::SettingsListFlagsRequest& request) const;
  Result<pb::Flag> set_flag(Turn& turn, const Caller& caller, const pb::SettingsSetFlagRequest& request);
  Result<pb::PlayerTier> get_tier(const Caller& caller, const pb::SettingsGetTierRequest& request) const;
  Result<pb::PlayerTier> set_tier(Turn& turn, const Caller& caller,
                                  const pb::SettingsSetTierRequest& request);
  Task<pb::SettingsAuditReply> audit(Caller caller, pb::SettingsAuditRequest request);
  const settings::Tier& tier_of(const std::string& player) const;
  void mount_flags();
  Result<void> load_flags(db::Reader& reader);

  Result<void> load(db::Reader& reader);
  // The player that a request is about: a player only themselves. `permission_denied` settings.not_yours.
  Result<std::string> player_of(const Caller& caller, const std::string& wanted) const;
  void note(Turn& turn, const Caller& caller, const std::string& what, const std::string& before,
            const std::string& after);

  Host& host_;
  const settings::Limits limits_;
  std::map<std::string, settings::Value> values_;  // by "category.key": those that are not at their default
  std::map<std::string, std::map<std::string, settings::Value>> preferences_;  // player -> the same
  std::map<std::string, settings::Setting> declared_;                          // by key, in the category game
  std::map<std::string, settings::Flag> flags_;
  std::map<std::string, std::string> tiers_;  // player -> tier: those that are not free
  std::int64_t audit_last_ = 0;
};

}  // namespace troupe

#pragma once
// Configuration, preferences, feature flags and player tiers of all worlds. Owned by app; lives on the shared
// timeline, on the io thread. Bounds: Limits, and those of the tables.
#include <string>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "services/settings/settings_rules.h"
#include "troupe/v1/settings.pb.h"

namespace troupe {

class SettingsService final : public Service {
 public:
  explicit SettingsService(Host& host, const settings::Limits& limits = {});
  void mount() override;

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

  // settings_flags.cpp: flags, tiers, audit
  Result<pb::FlagState> get_flag(const Caller& caller, const pb::SettingsGetFlagRequest& request) const;
  Result<pb::SettingsListFlagsReply> list_flags(const Caller& caller,
                                                const pb::SettingsListFlagsRequest& request) const;
  Result<pb::Flag> set_flag(Turn& turn, const Caller& caller, const pb::SettingsSetFlagRequest& request);
  Result<pb::PlayerTier> get_tier(const Caller& caller, const pb::SettingsGetTierRequest& request) const;
  Result<pb::PlayerTier> set_tier(Turn& turn, const Caller& caller,
                                  const pb::SettingsSetTierRequest& request);
  Result<pb::SettingsAuditReply> audit(const Caller& caller, const pb::SettingsAuditRequest& request) const;
  const settings::Tier& tier_of(const std::string& player) const;
  void mount_flags();

  // The player that a request is about: a player only themselves. `permission_denied` settings.not_yours.
  Result<std::string> player_of(const Caller& caller, const std::string& wanted) const;
  void note(Turn& turn, const Caller& caller, const std::string& what, const std::string& before,
            const std::string& after);

  Host& host_;
  const settings::Limits limits_;
  Table<pb::SettingRecord> values_;          // those that are not at their default
  Table<pb::PreferenceRecord> preferences_;  // the same of players
  Table<pb::DeclaredRecord> declared_;       // of the category game
  Table<pb::FlagRecord> flags_;
  Table<pb::PlayerTierRecord> tiers_;
  Table<pb::AuditRecord> audit_;
  const TableView<pb::SettingRecord, settings::Value>& set_;
  const TableView<pb::PreferenceRecord, settings::Value>& preferred_;
  const TableView<pb::DeclaredRecord, settings::Setting>& own_;
};

}  // namespace troupe

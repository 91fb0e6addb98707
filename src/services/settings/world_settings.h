#pragma once
// What is set, as one world knows it. Settings live on the shared timeline; what shapes a world has to stand
// in the world's own log, or a replay would not know it. So each change there becomes a recorded input here,
// which tells the world's clients and services. Owned by app, one per world; io thread. Bounded by the
// declared settings.
#include <deque>
#include <string>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "services/settings/settings_rules.h"
#include "troupe/v1/settings.pb.h"

namespace troupe {

class WorldSettings final : public Service {
 public:
  explicit WorldSettings(Host& host);
  void mount() override;
  // Listens to the shared timeline, and catches up with what was set while this world did not run.
  void start() override;

  // What is set, or the default. The name must be one of the table: "ai.reflection".
  double number(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;

 private:
  Result<pb::SettingsHeardReply> heard(Turn& turn, const Caller& caller, const pb::SettingsHeard& command);
  boost::asio::awaitable<void> catch_up();
  void hear(std::string event, std::string subject, std::string payload);
  boost::asio::awaitable<void> tell();
  const settings::Value& value(const std::string& name) const;

  Host& host_;
  bus::Subscription shared_;
  static constexpr std::size_t kWaitingMax = 1000;
  std::deque<pb::SettingsHeard> waiting_;  // told in their order; beyond kWaitingMax the oldest goes
  bool telling_ = false;
  Table<pb::WorldSettingRecord> values_;  // those that are not at their default
  const TableView<pb::WorldSettingRecord, settings::Value>& set_;
};

}  // namespace troupe

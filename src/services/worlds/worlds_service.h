#pragma once
// The worlds of one server: which there are, and whether they are awake. Owned by app; lives on the shared
// timeline, on the io thread. Bounds: WorldsLimits, and the table's.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "services/worlds/world_runner.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {

struct WorldsLimits {
  std::size_t name_bytes_max = 64;  // of a file, a subject and a label of metrics
  std::size_t awake_max = 500;      // some five threads and files each
};

class WorldsService final : public Service, public Worlds {
 public:
  WorldsService(Host& host, WorldRunner& runner, const WorldsLimits& limits = {});
  void mount() override;
  // Wakes those that were awake when the server stopped.
  void start() override;

  std::string unnamed() const override;
  bool exists(const std::string& world) const override;
  std::vector<std::string> names() const override;
  Task<std::shared_ptr<Visit>> enter(std::string world) override;

 private:
  Result<pb::WorldsListReply> list(const Caller& caller, const pb::WorldsListRequest& request) const;
  Task<pb::WorldView> create(Caller caller, pb::WorldsCreateRequest request);
  Task<pb::WorldView> sleep(Caller caller, pb::WorldsSleepRequest request);
  Task<pb::WorldView> wake(Caller caller, pb::WorldsWakeRequest request);
  Task<pb::WorldsDeleteReply> remove(Caller caller, pb::WorldsDeleteRequest request);

  Result<pb::WorldsNoted> begun(Turn& turn, const Caller& caller, const pb::WorldsBegun& command);
  Result<pb::WorldsNoted> slept(Turn& turn, const Caller& caller, const pb::WorldsSlept& command);
  Result<pb::WorldsNoted> woke(Turn& turn, const Caller& caller, const pb::WorldsWoke& command);
  Result<pb::WorldsNoted> gone(Turn& turn, const Caller& caller, const pb::WorldsGone& command);

  Result<WorldPlan> plan_of(const pb::WorldsCreateRequest& request) const;
  const WorldPlan* started_with(const std::string& world) const;
  WorldPlan plan(const std::string& world) const;
  pb::WorldView view(const std::string& world) const;
  // What opens and closes a world does so alone: who comes meanwhile waits.
  class Alone;
  Task<std::shared_ptr<Alone>> alone(std::string world);
  Task<void> open(std::string world);
  Task<void> close(std::string world);
  template <class Command>
  Task<void> note(Command command);

  Host& host_;
  WorldRunner& runner_;
  const WorldsLimits limits_;
  Table<pb::WorldRecord> created_;
  std::map<std::string, std::uint64_t>
      asleep_;  // of those it was started with: the last event of each that sleeps
  std::map<std::string, std::vector<rt::OneShot<void>>>
      moving_;  // who waits, by world that is opened or closed
};

}  // namespace troupe

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
#include "services/worlds/alone.h"
#include "services/worlds/guests.h"
#include "services/worlds/world_lines.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {

struct WorldsLimits {
  GameSpan passed_max = game_days(7);  // that are lived through when a world wakes: some eight seconds
  std::size_t awake_max = 500;         // some five threads and files each
};

class WorldsService final : public Service, public Worlds {
 public:
  WorldsService(Host& host, WorldRunner& runner, const WorldsLimits& limits = {});
  void mount() override;
  // Wakes those that were awake when the server stopped.
  void start() override;

  // How it is opened: its pack, and the database of its current line.
  WorldPlan plan(const std::string& world) const;

  std::string unnamed() const override;
  bool exists(const std::string& world) const override;
  std::vector<std::string> names() const override;
  Task<std::shared_ptr<Visit>> enter(std::string world) override;
  HistoryLine line(const std::string& world) const override;

 private:
  Result<pb::WorldsListReply> list(const Caller& caller, const pb::WorldsListRequest& request) const;
  Task<pb::WorldView> create(Caller caller, pb::WorldsCreateRequest request);
  Task<pb::WorldView> sleep(Caller caller, pb::WorldsSleepRequest request);
  Task<pb::WorldView> wake(Caller caller, pb::WorldsWakeRequest request);
  Task<pb::WorldsDeleteReply> remove(Caller caller, pb::WorldsDeleteRequest request);
  Task<pb::WorldsVisitReply> visit(Caller caller, pb::WorldsVisitRequest request);
  boost::asio::awaitable<void> fall_asleep();
  Task<void> live_through(std::string world, std::int64_t wall_slept_ms);

  void mount_history();
  Result<pb::WorldsLinesReply> lines(const Caller& caller, const pb::WorldsLinesRequest& request) const;
  Task<pb::WorldsLinesReply> save(Caller caller, pb::WorldsSaveRequest request);
  Task<pb::WorldsLinesReply> branch(Caller caller, pb::WorldsBranchRequest request);
  Task<pb::WorldsLinesReply> roll_back(Caller caller, pb::WorldsRollbackRequest request);
  Result<pb::WorldsNoted> saved(Turn& turn, const Caller& caller, const pb::WorldsSaved& command);
  Result<pb::WorldsNoted> rolled_back(Turn& turn, const Caller& caller, const pb::WorldsRolledBack& command);
  Task<pb::WorldsFile> write_file(Caller caller, pb::WorldsExportRequest request);
  Task<pb::WorldsLinesReply> read_file(Caller caller, pb::WorldsImportRequest request);
  Task<pb::WorldsLinesReply> begin_made(WorldPlan made);
  Moment present(const std::string& world) const;
  Task<Moment> make(WorldPlan from, Moment moment, WorldPlan to);
  // Where there is one world, nobody needs to name it.
  std::string named(const std::string& world) const { return world.empty() ? unnamed() : world; }

  Result<pb::WorldsNoted> begun(Turn& turn, const Caller& caller, const pb::WorldsBegun& command);
  Result<pb::WorldsNoted> slept(Turn& turn, const Caller& caller, const pb::WorldsSlept& command);
  Result<pb::WorldsNoted> woke(Turn& turn, const Caller& caller, const pb::WorldsWoke& command);
  Result<pb::WorldsNoted> gone(Turn& turn, const Caller& caller, const pb::WorldsGone& command);

  Result<void> check_new_name(const std::string& name) const;
  Result<WorldPlan> plan_of(const pb::WorldsCreateRequest& request) const;
  const WorldPlan* started_with(const std::string& world) const;
  pb::WorldView view(const std::string& world) const;
  Task<void> open(std::string world);
  Task<void> close(std::string world, std::string why);
  // Makes a command of the server's own part of the shared history.
  template <class Command>
  Task<void> note(Command command) {
    CO_TRY_VOID(co_await host_.submit<pb::WorldsNoted>(Caller::server(), std::move(command)));
    co_return Result<void>();
  }

  Host& host_;
  WorldRunner& runner_;
  const WorldsLimits limits_;
  Table<pb::WorldRecord> created_;
  WorldLines lines_;
  std::map<std::string, std::uint64_t> seeds_;  // of worlds that were closed since the start
  struct Asleep {
    Moment last;
    std::int64_t wall_ms = 0;
  };
  Guests guests_;
  std::map<std::string, Asleep> asleep_;            // of those it was started with: how each fell asleep
  std::map<std::string, rt::Instant> alone_since_;  // of awake worlds that nobody is in, or asked of since
  Alone alone_;
};

}  // namespace troupe

#pragma once
// The rooms of worlds that are awake: each its database, timeline, services and tasks; opened and closed while
// the server runs. Owned by the server; io thread, which opening blocks.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/databases.h"
#include "app/kept_packs.h"
#include "app/replay.h"
#include "app/services.h"
#include "host/room.h"
#include "rt/pool.h"
#include "services/worlds/world_runner.h"

namespace troupe {

// What all worlds of a server are made with.
struct WorldMaking {
  std::shared_ptr<const Databases> databases;
  bool accept_loss = false;
  std::optional<std::uint64_t> seed;  // of a world that the server is started with
  OnlyServices only;
  std::shared_ptr<CallLimiter> limiter;
  RouterConfig router = {};
  NpcConfig npc = {};
  AiConfig ai = {};
  ModelsConfig models = {};
};

class WorldRooms final : public WorldRunner {
 public:
  using Packs = std::vector<std::shared_ptr<const pack::Pack>>;

  // `data`: where packs are kept that worlds were lived with.
  WorldRooms(const rt::Env& env, bus::Bus& bus, Metrics& metrics, Packs packs,
             const std::filesystem::path& data);
  ~WorldRooms() override;

  // Before open().
  WorldMaking& making() { return making_; }
  // A database that can be written no more.
  void on_fatal(std::function<void(const std::string& world, const Error&)> fatal) {
    fatal_ = std::move(fatal);
  }

  // Time goes on in those that are open, and at once in those that are opened from now on.
  void start();
  // Of those that the server was started with.
  Result<void> health() const;

  const std::vector<WorldPlan>& started_with() const override { return own_; }
  Result<void> open(const WorldPlan& plan) override;
  bool is_open(const std::string& world) const override;
  Moment present(const std::string& world) const override;
  std::uint64_t seed(const std::string& world) const override;
  std::shared_ptr<Visit> visit(const std::string& world) override;
  bool is_visited(const std::string& world) const override;
  WorldRest rest(const WorldPlan& plan) const override;
  Task<Moment> close(std::string world, std::string why) override;
  Task<Moment> branch(WorldPlan from, Moment moment, WorldPlan to) override;
  Task<File> write_file(WorldPlan from, Moment end, std::string name) override;
  Task<File> look_at_file(std::string name) override;
  Task<Moment> read_file(std::string name, WorldPlan to) override;
  Result<void> erase(const std::string& file) override;

  // All of them; what they have applied is durable then.
  boost::asio::awaitable<void> close_all();

 private:
  struct Awake;

  void start(Awake& world) const;
  const pack::Pack* pack(const std::string& name) const;
  Result<pack::Pack> pack_of(const std::string& hash) const;  // any thread
  // Reads the log of an open world from another thread.
  ReadLog log_of(const std::string& world);
  boost::asio::awaitable<void> wind_down(Awake& world);
  Task<void> until_durable(std::string world, Moment end);
  // Who is in it, through whatever door, has to leave it.
  void say_closing(const std::string& world, const std::string& why);

  rt::Env env_;
  bus::Bus& bus_;
  Metrics& metrics_;
  const Packs packs_;
  std::map<std::string, std::shared_ptr<const PackParts>> parts_;  // by pack
  std::vector<WorldPlan> own_;
  const KeptPacks kept_;
  const std::filesystem::path exports_;
  WorldMaking making_;
  std::function<void(const std::string&, const Error&)> fatal_;
  bool started_ = false;
  std::map<std::string, std::unique_ptr<Awake>> awake_;
  std::atomic<bool> stopping_ = false;
  rt::Group reads_;
  rt::Pool branches_{"troupe-branch", 1, 16};  // last: its threads use what is above
};

}  // namespace troupe

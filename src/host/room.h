#pragma once
// A room: one database, one timeline, one host, and the services that are mounted on it. The unit of
// consistency, of replay and of ownership; its name is its timeline's. A world is a room, and so is what
// worlds share.
//
// Owner    app (and the rigs of tests); io thread. It does not move: services keep references into it.
// Life     made -> services are mounted -> open() -> start() -> stop() -> drain() -> gone, after its services.
#include <memory>
#include <string>

#include "host/host.h"
#include "host/room_log.h"
#include "host/timeline.h"

namespace troupe {

class Room {
 public:
  // `limiter` as in Host.
  Room(const rt::Env& env, bus::Bus& bus, Metrics& metrics, std::unique_ptr<db::Db> database,
       TimelineConfig config, std::shared_ptr<CallLimiter> limiter = nullptr)
      : db_(std::move(database)),
        timeline_(env, *db_, bus, metrics, std::move(config)),
        host_(env, bus, metrics, timeline_, std::move(limiter)),
        log_(std::make_shared<DbLog>(*db_, name())) {}
  ~Room() { log_->over(); }
  Room(const Room&) = delete;

  const std::string& name() const { return timeline_.config().world; }
  Timeline& timeline() { return timeline_; }
  Host& host() { return host_; }
  db::Db& db() { return *db_; }

  // Migrates, loads, begins the world where it has not begun. Blocks.
  Result<void> open() {
    TRY_VOID(timeline_.open());
    TRY(log_served_, serve_log(host_.env(), host_.bus(), name(), log_));
    return {};
  }
  // Time goes on.
  void start(rt::Group& group) { timeline_.start(group); }
  // What its services do by themselves is cancelled; where rooms end together, of all before one is drained.
  void stop() { host_.group().cancel(); }
  // Until that has ended, and everything that was applied is durable.
  boost::asio::awaitable<void> drain() {
    co_await host_.group().join();
    co_await timeline_.drain();
  }
  // Ends it; another goes on with its database.
  static std::unique_ptr<db::Db> database_of(std::unique_ptr<Room> room) {
    auto database = std::move(room->db_);
    room.reset();
    return database;
  }

 private:
  std::unique_ptr<db::Db> db_;
  Timeline timeline_;
  Host host_;
  const std::shared_ptr<DbLog> log_;
  bus::Subscription log_served_;
};

}  // namespace troupe

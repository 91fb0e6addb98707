#pragma once
// The log of a room (ports/log.h) where the room is, and everywhere else: a room serves it on the bus as
// svc.<room>.log.Read, for the role `service` alone. On the io thread.
#include <memory>
#include <string>

#include "ports/bus.h"
#include "ports/db.h"
#include "ports/log.h"
#include "rt/clock.h"

namespace troupe {

// Reads the database, on its reader threads.
class DbLog final : public Log {
 public:
  DbLog(db::Db& db, std::string room) : db_(&db), room_(std::move(room)) {}
  Task<LogPage> read(std::uint64_t after, std::size_t limit, LogReader each) override;
  // `unavailable` world.asleep.
  Result<db::Db*> db() const;
  // The database goes: who reads from now on is answered `unavailable` world.asleep.
  void over() { db_ = nullptr; }

 private:
  db::Db* db_;
  const std::string room_;
};

// Asks whoever has the room.
class BusLog final : public Log {
 public:
  BusLog(const rt::Env& env, bus::Bus& bus, std::string room)
      : env_(env), bus_(bus), room_(std::move(room)) {}
  Task<LogPage> read(std::uint64_t after, std::size_t limit, LogReader each) override;

 private:
  rt::Env env_;
  bus::Bus& bus_;
  const std::string room_;
};

// Answers until the subscription goes; requests that are under way hold `log`.
Result<bus::Subscription> serve_log(const rt::Env& env, bus::Bus& bus, const std::string& room,
                                    std::shared_ptr<Log> log);

}  // namespace troupe

#pragma once
// Whose a room's schema is. One process at a time owns it: it holds an advisory lock for as long as its
// connection lives, and its name stands in the room's row, which every commit checks. Used by the writer's
// thread, or before there is one.
#include <memory>
#include <string>

#include "adapters/db_postgres/pg_session.h"

namespace troupe::db {

class PgRoom {
 public:
  // `owner` is an id of this opening, made of letters, digits and dashes.
  PgRoom(PgTarget target, std::string room, std::string owner, std::int64_t lock_ms);

  struct Owned {
    std::unique_ptr<PgSession> session;
    std::int64_t commits = 0;  // that the database has
  };
  // Connects and takes what is ours: the first time from whoever had it before, and makes schema and row where
  // there are none; later only where nobody took it meanwhile. `unavailable` db.locked, db.open, db.away; db.failed:
  // another process took it over.
  Result<Owned> own();

  // What a transaction ends with, its commit itself excepted: its number, which says later whether it is there. Fails
  // where the room is no longer ours.
  Result<void> number_commit(PgSession& session, std::int64_t commits) const;
  // Whether any constraint may be checked at the end of a transaction only.
  Result<bool> has_deferrable(PgSession& session) const;

  const PgTarget& target() const { return target_; }
  const std::string& name() const { return room_; }

 private:
  Result<void> check_server(PgSession& session) const;
  Result<void> lock(PgSession& session) const;
  Result<void> still_ours(PgSession& session) const;
  Result<std::int64_t> take(PgSession& session) const;

  const PgTarget target_;
  const std::string room_;
  const std::string owner_;
  const std::int64_t lock_ms_;
  bool owned_ = false;
};

// The schema of a room; `invalid_argument` db.room for a name that cannot be one.
Result<std::string> schema_of(std::string_view room);
// The room of a schema; "" where it is none of ours.
std::string room_of(std::string_view schema);
// The number of the advisory lock of a schema.
std::int64_t lock_of(std::string_view schema);

}  // namespace troupe::db

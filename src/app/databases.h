#pragma once
// Where the rooms of a server have their databases: a file each in its data folder (SQLite), or a schema each
// in one PostgreSQL. A room is named by its world's line ("moor", "moor@2"), or kSharedRoom. Immutable; any
// thread. Everything here blocks.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/db.h"

namespace troupe {

// Makes a database and opens it, wherever it is.
using OpenDatabase = std::function<Result<std::unique_ptr<db::Db>>(const rt::Env& env)>;

class Databases {
 public:
  virtual ~Databases() = default;

  // Made where there is none. `accept_loss`: goes on where acknowledged writes are missing.
  virtual Result<std::unique_ptr<db::Db>> open(const rt::Env& env, const std::string& room,
                                               bool accept_loss = false) const = 0;
  virtual Result<bool> exists(const std::string& room) const = 0;
  // With all that belongs to it; nobody has it open. One that is not there is gone already.
  virtual Result<void> erase(const std::string& room) const = 0;
  // Of worlds and their lines, sorted.
  virtual Result<std::vector<std::string>> worlds() const = 0;
  // For people: "data/worlds/moor.db", and what keeps them all.
  virtual std::string place(const std::string& room) const = 0;
  virtual std::string keeper() const = 0;
};

// `address`: what the key `db` says; "" and "sqlite" are files in `data`.
std::shared_ptr<const Databases> databases_at(const std::filesystem::path& data, const std::string& address);
// What is wrong with an address, in one line; "" = nothing. Asks nobody.
std::string database_address_problem(const std::string& address);
// For messages: without a password, where somebody wrote one into it.
std::string database_address_shown(const std::string& address);

// A file of SQLite by itself, beside no server, and away with it.
OpenDatabase sqlite_file(const std::filesystem::path& file);
void remove_sqlite_file(const std::filesystem::path& file);
// Only what SQLite and its adapter keep beside it.
void remove_beside_sqlite_file(const std::filesystem::path& file);

}  // namespace troupe

#pragma once
// Test only: a SQLite file in a directory of its own, removed at the end.
#include <stdlib.h>

#include <filesystem>

#include "adapters/db_sqlite/sqlite_db.h"
#include "base/check.h"
#include "ports/db_under_test.h"

namespace troupe::db {

class SqliteUnderTest final : public DbUnderTest {
 public:
  SqliteUnderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "troupe-db-XXXXXX").string();
    TROUPE_CHECK(::mkdtemp(name.data()) != nullptr, "a temporary directory");
    directory_ = name;
  }
  ~SqliteUnderTest() override { std::filesystem::remove_all(directory_); }

  Result<std::unique_ptr<Db>> open(const rt::Env& env, Limits limits) override {
    return open_sqlite(env, {.path = path(), .limits = limits});
  }
  std::string path() const { return (directory_ / "world.db").string(); }

 private:
  std::filesystem::path directory_;
};

}  // namespace troupe::db

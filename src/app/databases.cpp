#include "app/databases.h"

#include <algorithm>
#include <array>

#include "adapters/db_postgres/postgres_db.h"
#include "adapters/db_sqlite/sqlite_db.h"
#include "app/paths.h"
#include "host/registry.h"

namespace troupe {

namespace {

constexpr std::array kSuffixes = {"", "-wal", "-shm", ".lock", ".acknowledged"};

class SqliteFiles final : public Databases {
 public:
  explicit SqliteFiles(std::filesystem::path data) : data_(std::move(data)) {}

  Result<std::unique_ptr<db::Db>> open(const rt::Env& env, const std::string& room,
                                       bool accept_loss) const override {
    return db::open_sqlite(env, {.path = file(room).string(),
                                 .acknowledged = acknowledged_path(data_, room).string(),
                                 .accept_loss = accept_loss});
  }

  Result<bool> exists(const std::string& room) const override {
    std::error_code error;
    return std::filesystem::exists(file(room), error);
  }

  Result<void> erase(const std::string& room) const override {
    std::error_code error;
    for (const char* suffix : kSuffixes) {
      const auto gone = file(room).string() + suffix;
      std::filesystem::remove(gone, error);
      if (error)
        return fail(Code::unavailable, "worlds.not_erased", gone + " cannot be removed: " + error.message());
    }
    std::filesystem::remove(acknowledged_path(data_, room), error);
    return {};
  }

  Result<std::vector<std::string>> worlds() const override {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(data_ / "worlds", error)) {
      if (entry.path().extension() == ".db") names.push_back(entry.path().stem().string());
    }
    std::ranges::sort(names);
    return names;
  }

  std::string place(const std::string& room) const override { return file(room).string(); }
  std::string keeper() const override { return data_.string(); }

 private:
  std::filesystem::path file(const std::string& room) const {
    return room == kSharedRoom ? data_ / "troupe.db" : data_ / "worlds" / (room + ".db");
  }

  const std::filesystem::path data_;
};

// (--accept-loss is about files: what a PostgreSQL has acknowledged it keeps, or it was set up not to.)
class PostgresSchemas final : public Databases {
 public:
  explicit PostgresSchemas(std::string url) : url_(std::move(url)) {}

  Result<std::unique_ptr<db::Db>> open(const rt::Env& env, const std::string& room, bool) const override {
    return db::open_postgres(env, {.url = url_, .room = room});
  }
  Result<bool> exists(const std::string& room) const override { return db::has_postgres_room(url_, room); }
  Result<void> erase(const std::string& room) const override { return db::drop_postgres_room(url_, room); }
  Result<std::vector<std::string>> worlds() const override {
    TRY(auto names, db::postgres_rooms(url_));
    std::erase(names, kSharedRoom);
    return names;
  }
  std::string place(const std::string& room) const override {
    return "schema troupe_" + room + " of " + keeper();
  }
  std::string keeper() const override { return db::postgres_place(url_); }

 private:
  const std::string url_;
};

bool is_sqlite(const std::string& address) { return address.empty() || address == "sqlite"; }

}  // namespace

std::shared_ptr<const Databases> databases_at(const std::filesystem::path& data, const std::string& address) {
  if (is_sqlite(address)) return std::make_shared<SqliteFiles>(data);
  return std::make_shared<PostgresSchemas>(address);
}

std::string database_address_problem(const std::string& address) {
  return is_sqlite(address) ? std::string() : db::postgres_url_problem(address);
}

std::string database_address_shown(const std::string& address) {
  const auto begin = address.find("://");
  if (begin == std::string::npos) return address;
  const auto user = address.substr(begin + 3, address.find('@', begin) - begin - 3);
  const bool secret = (address.contains('@') && user.contains(':')) || address.contains("password");
  return secret ? address.substr(0, begin + 3) + "..." : address;
}

OpenDatabase sqlite_file(const std::filesystem::path& file) {
  return [file](const rt::Env& env) { return db::open_sqlite(env, {.path = file.string()}); };
}

void remove_sqlite_file(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  remove_beside_sqlite_file(file);
}

void remove_beside_sqlite_file(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const std::string suffix : kSuffixes) {
    if (!suffix.empty()) std::filesystem::remove(file.string() + suffix, ignored);
  }
}

}  // namespace troupe

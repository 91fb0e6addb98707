#include "app/world_file.h"

#include <fmt/core.h>

#include "adapters/db_sqlite/sqlite_db.h"
#include "host/exported_log.h"
#include "rt/virtual_clock.h"

namespace troupe {

namespace {

namespace fs = std::filesystem;

// A database apart from any server.
struct Apart {
  boost::asio::io_context io{1};
  rt::VirtualClock clock{io};
  rt::SeededIds ids{1};
  rt::Env env{io.get_executor(), clock, ids};
  std::filesystem::path file;
  std::unique_ptr<db::Db> db;

  ~Apart() {
    db.reset();  // what stands in its journal goes into the file
    if (!file.empty()) remove_beside_sqlite_file(file);
  }
};

std::unexpected<Error> not_written(const fs::path& file, const std::string& why) {
  return fail(Code::unavailable, "worlds.file", fmt::format("{} cannot be written: {}", file.string(), why));
}

Result<std::unique_ptr<Apart>> open_file(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error))
    return fail(Code::not_found, "worlds.no_file", fmt::format("no world file {}", file.filename().string()));
  auto apart = std::make_unique<Apart>();
  // The log vouches for itself, and is held against its hashes when it is read.
  auto opened = db::open_sqlite(apart->env, {.path = file.string(), .accept_loss = true});
  apart->file = file;
  if (!opened)
    return fail(Code::invalid_argument, "worlds.bad_file",
                fmt::format("{} is no world that was exported: {}", file.filename().string(),
                            opened.error().message));
  apart->db = *std::move(opened);
  return apart;
}

Result<WorldFile> head_of(Apart& from, const fs::path& file) {
  const auto head = exported_log::head(*from.db);
  if (!head)
    return fail(
        Code::invalid_argument, "worlds.bad_file",
        fmt::format("{} is no world that was exported: {}", file.filename().string(), head.error().message));
  if (head->format > exported_log::kFormat)
    return fail(Code::conflict, "worlds.newer_file",
                fmt::format("{} has the format {} of a newer version; this one knows {}",
                            file.filename().string(), head->format, exported_log::kFormat));
  std::error_code error;
  return WorldFile{.world = head->world,
                   .pack = head->pack,
                   .seed = head->seed,
                   .end = {.sequence = head->events, .at = head->at, .inputs = head->inputs},
                   .bytes = fs::file_size(file, error)};
}

Result<void> fill(const ReadLog& recorded, const WorldPlan& of, const Moment& end, const KeptPacks& kept,
                  db::Db& to) {
  const exported_log::Head head{
      .world = of.name, .pack = of.pack, .events = end.sequence, .inputs = end.inputs, .at = end.at};
  TRY(const auto packs, exported_log::copy(recorded, head, to));
  for (const auto& hash : packs) {
    TRY(const auto files, kept.files(hash));
    TRY_VOID(exported_log::add_pack(to, hash, files));
  }
  return exported_log::finish(to, head);
}

}  // namespace

Result<WorldFile> write_world_file(const ReadLog& recorded, const WorldPlan& of, const Moment& end,
                                   const KeptPacks& kept, const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error))
    return fail(Code::conflict, "worlds.file_exists",
                fmt::format("there is a file {} already; choose another name", file.filename().string()));
  fs::create_directories(file.parent_path(), error);
  if (error) return not_written(file, error.message());
  const fs::path half = file.string() + ".half";
  remove_sqlite_file(half);
  Apart apart;
  TRY(apart.db, db::open_sqlite(apart.env, {.path = half.string()}));
  const auto filled = fill(recorded, of, end, kept, *apart.db);
  apart.db.reset();
  if (filled) fs::rename(half, file, error);
  remove_sqlite_file(half);
  if (!filled) return std::unexpected(filled.error());
  if (error) return not_written(file, error.message());
  return look_at_world_file(file);
}

Result<WorldFile> look_at_world_file(const fs::path& file) {
  TRY(const auto from, open_file(file));
  return head_of(*from, file);
}

Result<Moment> read_world_file(const fs::path& file, const KeptPacks& kept, const PackOf& pack_of,
                               const OpenDatabase& copy, const std::string& world) {
  TRY(const auto from, open_file(file));
  TRY(const auto head, head_of(*from, file));
  TRY_VOID(from->db->read_now([&](db::Reader& reader) -> Result<void> {
    TRY(const auto tail, event_log::verify(reader));
    if (tail.events == head.end.sequence && tail.inputs == head.end.inputs) return {};
    return fail(Code::conflict, "log.damaged",
                fmt::format("the log ends after event {} and input {}; it should after {} and {}",
                            tail.events, tail.inputs, head.end.sequence, head.end.inputs));
  }));
  TRY(const auto packs, exported_log::packs(*from->db));
  for (const auto& [hash, files] : packs) TRY_VOID(kept.put(hash, files));
  const ReadLog read = [&](const auto& fn) { return from->db->read_now(fn); };
  return replay_until(read, pack_of, head.end, copy, world);
}

}  // namespace troupe

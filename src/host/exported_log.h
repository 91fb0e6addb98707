#pragma once
// A log in a database of its own, from the beginning and with the packs that it was lived with: what a world is in a file
// (app/world_file.h). The log's own tables, `export` (one row, written last) and `packs` (a row each file). Blocks; any thread.
#include <functional>
#include <map>
#include <set>
#include <string>

#include "host/event_log.h"

namespace troupe {

// Reads a log, blocking: of a database, or of a world that is open.
using ReadLog = std::function<Result<void>(const std::function<Result<void>(db::Reader&)>& read)>;

namespace exported_log {

inline constexpr std::int64_t kFormat = 1;

struct Head {
  std::int64_t format = kFormat;
  std::string world;  // as it was called there
  std::string pack;   // as world.yaml calls it
  std::uint64_t seed = 0;
  std::uint64_t events = 0;
  std::uint64_t inputs = 0;
  GameTime at;
};
using Files = std::map<std::string, std::string>;  // of a pack, by path

// Everything up to `end` (its format and seed are not looked at) into the empty database `to`. The hashes of its packs.
Result<std::set<std::string>> copy(const ReadLog& recorded, const Head& end, db::Db& to);
Result<void> add_pack(db::Db& to, const std::string& hash, const Files& files);
// Whole: without it a file is none. The seed is the recorded one.
Result<void> finish(db::Db& to, Head head);

// `invalid_argument` export.not_whole.
Result<Head> head(db::Db& from);
Result<std::map<std::string, Files>> packs(db::Db& from);

}  // namespace exported_log
}  // namespace troupe

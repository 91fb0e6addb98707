#pragma once
// A world as one file that another server takes: its log from the beginning, and the packs that it was lived with. Its tables are not
// in it, since they follow from the log: who takes it lives through it again, and finds out by that whether it is whole.
//
// A SQLite file, whatever database the world is in; host/exported_log.h has its tables. Blocks; any thread.
#include <filesystem>
#include <string>

#include "app/kept_packs.h"
#include "app/replay.h"

namespace troupe {

struct WorldFile {
  std::string world;  // as it was called there
  std::string pack;   // as world.yaml calls it
  std::uint64_t seed = 0;
  Moment end;
  std::uint64_t bytes = 0;
};

// Whole or not at all. `conflict` worlds.file_exists; `unavailable` worlds.file.
Result<WorldFile> write_world_file(const ReadLog& recorded, const WorldPlan& of, const Moment& end,
                                   const KeptPacks& kept, const std::filesystem::path& file);

// Only what it is of. `not_found` worlds.no_file; `invalid_argument` worlds.bad_file; `conflict` worlds.newer_file.
Result<WorldFile> look_at_world_file(const std::filesystem::path& file);

// Its log is held against its hashes, its packs are kept, and it is lived through into the new database `copy`, called `world`.
// Besides: `conflict` log.damaged, worlds.not_repeatable.
Result<Moment> read_world_file(const std::filesystem::path& file, const KeptPacks& kept,
                               const PackOf& pack_of, const OpenDatabase& copy, const std::string& world);

}  // namespace troupe

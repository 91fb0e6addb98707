#pragma once
// Packs that worlds of this data folder were run with, by hash: DATA/packs/HASH/. A replay takes each stretch
// of a world with the pack that it was lived with, and a change of pack is told as a difference. Owned by
// whoever opens a world; blocks; before the io thread runs.
//
// Bounds      kKeptMax packs and kKeptBytesMax bytes; then the one that was used longest ago goes, and
// stretches
//             that were lived with it cannot be replayed any more (replay.pack_gone).
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "host/exported_log.h"
#include "pack/pack.h"
#include "troupe/v1/world.pb.h"

namespace troupe {

class KeptPacks {
 public:
  static constexpr std::size_t kKeptMax = 64;
  static constexpr std::uint64_t kKeptBytesMax = 256 << 20;

  explicit KeptPacks(const std::filesystem::path& data) : folder_(data / "packs") {}

  // Copies what counts towards the pack's hash. Nothing to do where it is kept already.
  Result<void> keep(const pack::Pack& pack) const;
  // `not_found` replay.pack_gone; `conflict` replay.pack_refused where this version of the program does not
  // take it any more.
  Result<pack::Pack> load(const std::string& hash) const;

  // By their paths in the pack. Of another server's: put() keeps them where they are what the hash says, else `conflict`
  // replay.pack_refused.
  using Files = exported_log::Files;
  Result<Files> files(const std::string& hash) const;
  Result<void> put(const std::string& hash, const Files& files) const;

 private:
  // `write` fills the folder that it is given.
  Result<void> keep_as(
      const std::string& hash,
      const std::function<std::error_code(const std::filesystem::path& folder)>& write) const;
  void forget_old(const std::string& but) const;

  std::filesystem::path folder_;
};

// What is otherwise in `after`, as the world's log tells it.
pb::PackChanged change_since(const KeptPacks& kept, const std::string& before, const pack::Pack& after);
// One line for people: "npcs +eve, goods -eel, places ~hut; seed holds as the world began".
std::string in_words(const pb::PackChanged& change);

}  // namespace troupe

#pragma once
// Kept prefixes across a restart: one file for each, in a folder that belongs to this model file, this
// llama.cpp and these cell types. A file is named by its SHA-256 and is refused when its bytes are not those;
// it is written beside its place and renamed into it. Engine thread only. Bounded: `bytes_max` for all models
// together; what is there from before is replaced.
#include <cstdint>
#include <filesystem>
#include <string>

#include "adapters/engine_llama/inbox.h"
#include "adapters/engine_llama/lane.h"

namespace troupe::engine {

class PrefixStore {
 public:
  // `dir` "" = nothing is written or read.
  PrefixStore(std::string dir, std::uint64_t bytes_max) : dir_(std::move(dir)), bytes_max_(bytes_max) {}

  // Reads what fits on the lane's shelf; what cannot be read is removed.
  void restore(ChatLane& lane, Inbox& inbox) const;

  void begin_saving() { bytes_left_ = bytes_max_; }
  // Those that are likely to be used soonest go first.
  void save(ChatLane& lane, rt::Instant now);

 private:
  std::filesystem::path folder(const Model& model) const;

  std::string dir_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_left_ = 0;
};

}  // namespace troupe::engine

#pragma once
// What was acknowledged, said outside of the database: a small file that names it and counts its commits. A
// start compares the two, so that a lost end of the log or an empty file in the place of a used one does not
// pass for a world. Written after each commit and before its answer, without waiting for the disk: after a
// kill it is exact, after a power cut it may be behind, never ahead. Two slots, written in turn, each with a
// checksum. Used by one thread.
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace troupe::db {

struct Acknowledged {
  std::string identity;  // of the database
  std::uint64_t commits = 0;
};

// Nothing where there is no record; `unavailable` db.damaged when no slot is whole.
Result<std::optional<Acknowledged>> read_acknowledged(const std::string& path);

class AcknowledgedFile {
 public:
  // Makes the file where there is none. Durable when it returns.
  static Result<AcknowledgedFile> open(const std::string& path, const Acknowledged& state);
  AcknowledgedFile(AcknowledgedFile&& other) noexcept;
  AcknowledgedFile& operator=(AcknowledgedFile&&) = delete;
  ~AcknowledgedFile();

  void note(std::uint64_t commits);
  void sync();

 private:
  AcknowledgedFile(int fd, std::string identity) : fd_(fd), identity_(std::move(identity)) {}

  int fd_ = -1;
  std::string identity_;
  bool warned_ = false;
};

}  // namespace troupe::db

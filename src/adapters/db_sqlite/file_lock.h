#pragma once
// One process per database file: flock on `<path>.lock`, which holds the owner's process id and is never
// removed (removing it would let two processes lock two different files). Released when destroyed or when the
// process ends.
#include <string>

#include "base/error.h"

namespace troupe::db {

class FileLock {
 public:
  static Result<FileLock> take(const std::string& path);
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// A new name in a directory is durable only when the directory is synced.
Result<void> sync_directory_of(const std::string& path);

}  // namespace troupe::db

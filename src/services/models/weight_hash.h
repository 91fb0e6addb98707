#pragma once
// SHA-256 of weight files. Reading a gigabyte takes most of a second, so a hash is remembered beside the file
// (.hashes.json in its folder) with all by which a change shows: size, both times, inode. Plain functions
// over files; at start or on a pool.
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace troupe::models {

// What is remembered of the file as it is now; nothing where it changed, or was never read.
std::optional<std::string> remembered_hash(const std::filesystem::path& file);

// The same, or read and remembered. `unavailable` models.unreadable; `conflict` models.changing when the file
// changed meanwhile. A folder that cannot be written to costs the reading again at the next start.
Result<std::string> hash_of(const std::filesystem::path& file);

// The hash that the file had when it was first read here, whatever became of it: what a file that was made on
// this machine is held to where nobody wrote down its hash.
std::optional<std::string> first_hash(const std::filesystem::path& file);

}  // namespace troupe::models

#include "adapters/db_sqlite/acknowledged.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "adapters/db_sqlite/file_lock.h"
#include "adapters/db_sqlite/seals.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe::db {

namespace {

constexpr std::size_t kSlotBytes = 128;
constexpr off_t kSlotAt[] = {0, 4096};  // not in the same block of the disk
constexpr std::string_view kMagic = "troupe-acknowledged-1";

std::string checksum(std::string_view text) {
  RowHash hash;
  hash.text(text);
  return fmt::format("{:016x}", hash.finish()[0]);
}

std::string slot_of(const std::string& identity, std::uint64_t commits) {
  std::string text = fmt::format("{} {} {}", kMagic, identity, commits);
  text += " " + checksum(text);
  text.resize(kSlotBytes - 1, ' ');
  return text + "\n";
}

std::optional<Acknowledged> parse(std::string_view slot) {
  const auto words = split(std::string(trim(slot)), ' ');
  if (words.size() != 4 || words[0] != kMagic) return std::nullopt;
  if (checksum(fmt::format("{} {} {}", words[0], words[1], words[2])) != words[3]) return std::nullopt;
  Acknowledged state{.identity = words[1]};
  const auto [end, error] =
      std::from_chars(words[2].data(), words[2].data() + words[2].size(), state.commits);
  if (error != std::errc() || end != words[2].data() + words[2].size()) return std::nullopt;
  return state;
}

Error problem(const std::string& path, const char* what) {
  return {Code::unavailable, "db.open", fmt::format("{}: {}: {}", path, what, std::strerror(errno))};
}

}  // namespace

Result<std::optional<Acknowledged>> read_acknowledged(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return std::optional<Acknowledged>();
    return std::unexpected(problem(path, "cannot be read"));
  }
  std::optional<Acknowledged> newest;
  bool empty = true;
  for (const off_t at : kSlotAt) {
    std::array<char, kSlotBytes> bytes{};
    const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), at);
    if (count <= 0) continue;
    empty = false;
    const auto found = parse({bytes.data(), static_cast<std::size_t>(count)});
    if (found && (!newest || found->commits > newest->commits)) newest = found;
  }
  ::close(fd);
  if (newest || empty) return newest;  // empty: made, and never written before the power went
  return fail(Code::unavailable, "db.damaged", path + ": the record of what was acknowledged is damaged");
}

Result<AcknowledgedFile> AcknowledgedFile::open(const std::string& path, const Acknowledged& state) {
  // A copy of the databases alone has no folder for it yet.
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(problem(path, "cannot be written"));
  AcknowledgedFile file(fd, state.identity);
  // Both slots, whole: what was accepted as lost must not come back from the other one.
  const std::string slot = slot_of(state.identity, state.commits);
  for (const off_t at : kSlotAt) {
    if (::pwrite(fd, slot.data(), slot.size(), at) != static_cast<ssize_t>(slot.size()))
      return std::unexpected(problem(path, "cannot be written"));
  }
  if (::fsync(fd) != 0) return std::unexpected(problem(path, "cannot be synced"));
  TRY_VOID(sync_directory_of(path));
  return file;
}

AcknowledgedFile::AcknowledgedFile(AcknowledgedFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), identity_(std::move(other.identity_)), warned_(other.warned_) {}

AcknowledgedFile::~AcknowledgedFile() {
  if (fd_ >= 0) ::close(fd_);
}

void AcknowledgedFile::note(std::uint64_t commits) {
  const std::string slot = slot_of(identity_, commits);
  const ssize_t written = ::pwrite(fd_, slot.data(), slot.size(), kSlotAt[commits % 2]);
  if (written == static_cast<ssize_t>(slot.size()) || warned_) return;
  // A start then compares with what was written last: less is found, nothing is found that is not so.
  warned_ = true;
  log::warn("db", "the record of what was acknowledged is not kept: {}", std::strerror(errno));
}

void AcknowledgedFile::sync() { (void)::fsync(fd_); }

}  // namespace troupe::db

#include "services/models/weight_hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "services/models/json_file.h"

namespace troupe::models {

namespace {

using Json = nlohmann::json;

constexpr const char* kMemory = ".hashes.json";

std::mutex& memory_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::optional<Json> identity_of(const struct stat& found) {
  if (!S_ISREG(found.st_mode)) return std::nullopt;
  const auto ns = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return Json::array({found.st_size, ns(found.st_mtim), ns(found.st_ctim), found.st_ino});
}

std::optional<Json> identity_of(const std::filesystem::path& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return std::nullopt;
  return identity_of(found);
}

Json read_memory(const std::filesystem::path& file) {
  std::ifstream in(file.parent_path() / kMemory);
  auto memory = Json::parse(in, nullptr, false);
  return memory.is_object() ? memory : Json::object();
}

std::optional<std::string> text_in(const Json& memory, const std::filesystem::path& file, const char* key) {
  const auto entry = memory.find(file.filename().string());
  if (entry == memory.end() || !entry->is_object() || !entry->contains(key) || !(*entry)[key].is_string())
    return std::nullopt;
  return (*entry)[key].get<std::string>();
}

void remember(const std::filesystem::path& file, const Json& identity, const std::string& hash) {
  const std::lock_guard lock(memory_mutex());
  auto memory = read_memory(file);
  const auto first = text_in(memory, file, "first");
  memory[file.filename().string()] = {{"is", identity}, {"sha256", hash}, {"first", first.value_or(hash)}};
  const auto place = file.parent_path() / kMemory;
  if (!write_json(memory, place))
    log::info("models", "{} cannot be written: weights are read again at each start", place.string());
}

}  // namespace

std::optional<std::string> remembered_hash(const std::filesystem::path& file) {
  const auto now = identity_of(file);
  if (!now) return std::nullopt;
  const auto memory = read_memory(file);
  const auto entry = memory.find(file.filename().string());
  if (entry == memory.end() || !entry->is_object() || entry->value("is", Json()) != *now) return std::nullopt;
  return text_in(memory, file, "sha256");
}

std::optional<std::string> first_hash(const std::filesystem::path& file) {
  return text_in(read_memory(file), file, "first");
}

Result<std::string> hash_of(const std::filesystem::path& file) {
  if (auto known = remembered_hash(file)) return *known;
  const auto unreadable = [&] {
    return fail(Code::unavailable, "models.unreadable", file.string() + " cannot be read to its end");
  };
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return unreadable();
  struct stat before{};
  std::optional<Json> identity;
  if (::fstat(opened, &before) == 0) identity = identity_of(before);
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20);
  ssize_t got = identity ? 1 : -1;
  while (got > 0 && (got = ::read(opened, buffer.data(), buffer.size())) > 0)
    hash.add({buffer.data(), static_cast<std::size_t>(got)});
  ::close(opened);
  if (got < 0) return unreadable();
  if (identity_of(file) != identity)
    return fail(Code::conflict, "models.changing", file.string() + " changed while it was read");
  auto found = hex(hash.finish());
  remember(file, *identity, found);
  return found;
}

}  // namespace troupe::models

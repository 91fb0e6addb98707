#include "app/private_files.h"

#include <sys/stat.h>

namespace troupe {

namespace {

namespace fs = std::filesystem;

bool is_database(const fs::path& file) {
  const std::string end = file.extension().string();
  return end == ".db" || end == ".db-wal" || end == ".db-shm";
}

void close_to_others(const fs::path& path) {
  std::error_code ignored;
  const auto status = fs::symlink_status(path, ignored);
  if (fs::is_symlink(status)) return;
  fs::permissions(path, fs::perms::group_all | fs::perms::others_all, fs::perm_options::remove, ignored);
}

}  // namespace

void write_privately() { ::umask(077); }

Result<void> open_data_folder(const fs::path& data) {
  std::error_code error;
  for (const char* folder : {"worlds", "acknowledged"}) {
    if (!error) fs::create_directories(data / folder, error);
  }
  if (error) return fail(Code::unavailable, "data.create", data.string() + ": " + error.message());
  if (!fs::exists(data / "troupe.db", error)) return {};
  close_to_others(data);
  close_to_others(data / "worlds");
  for (const auto& folder : {data, data / "worlds"}) {
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (is_database(entry.path())) close_to_others(entry.path());
    }
  }
  for (const char* ours : {"acknowledged", "prefixes", "packs"}) {
    if (!fs::is_directory(data / ours, error)) continue;
    close_to_others(data / ours);
    for (const auto& entry : fs::recursive_directory_iterator(data / ours, error))
      close_to_others(entry.path());
  }
  return {};
}

std::vector<std::string> private_paths(const std::vector<fs::path>& folders) {
  std::vector<std::string> paths;
  for (const auto& folder : folders) {
    if (folder.empty()) continue;
    std::error_code error;
    for (const auto& one : {folder, fs::absolute(folder, error), fs::weakly_canonical(folder, error)}) {
      std::string text = one.lexically_normal().string();
      while (text.size() > 1 && text.ends_with('/')) text.pop_back();
      if (one.is_absolute() && text.size() > 1) paths.push_back(std::move(text));
    }
  }
  return paths;
}

}  // namespace troupe

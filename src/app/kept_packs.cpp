#include "app/kept_packs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <vector>

#include "base/log.h"
#include "pack/pack_diff.h"

namespace troupe {

namespace {

namespace fs = std::filesystem;

// Keys of world.yaml that say how a world begins: what has begun keeps its own.
constexpr std::string_view kBeginnings[] = {"seed", "start", "scale"};

std::uint64_t bytes_of(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error)) sum += entry->file_size(error);
  }
  return sum;
}

}  // namespace

Result<pack::Pack> KeptPacks::load(const std::string& hash) const {
  std::error_code error;
  const fs::path folder = folder_ / hash;
  if (hash.empty() || !fs::is_directory(folder, error)) {
    return fail(Code::not_found, "replay.pack_gone",
                fmt::format("the pack {}... is not kept in {}: the last {} packs are, up to {} MB",
                            hash.substr(0, 12), folder_.string(), kKeptMax, kKeptBytesMax >> 20));
  }
  auto loaded = pack::load_pack(folder);
  if (!loaded) {
    return fail(Code::conflict, "replay.pack_refused",
                fmt::format("this version does not take the pack {}... any more: {}", hash.substr(0, 12),
                            pack::to_string(loaded.error().front())));
  }
  if (loaded->hash != hash) {
    return fail(Code::conflict, "replay.pack_refused",
                fmt::format("{} is not the pack that it was", folder.string()));
  }
  return *std::move(loaded);
}

Result<void> KeptPacks::keep(const pack::Pack& pack) const {
  return keep_as(pack.hash, [&](const fs::path& half) {
    std::error_code error;
    for (const auto& name : pack.files) {
      const fs::path to = half / name;
      if (!error) fs::create_directories(to.parent_path(), error);
      if (!error) fs::copy_file(pack.root / name, to, error);
      // A copy may be read by whoever may read the original; in the data folder nobody else may.
      if (!error) fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, error);
    }
    return error;
  });
}

// Nothing to do where it is kept already. A copy that was broken off has another name, and another hash.
Result<void> KeptPacks::keep_as(const std::string& hash,
                                const std::function<std::error_code(const fs::path&)>& write) const {
  const fs::path folder = folder_ / hash;
  std::error_code error;
  if (load(hash)) {
    fs::last_write_time(folder, fs::file_time_type::clock::now(), error);  // used now
    return {};
  }
  const fs::path half = folder_ / (".half-" + hash);
  fs::remove_all(half, error);
  fs::remove_all(folder, error);
  error = write(half);
  if (!error) fs::rename(half, folder, error);
  if (error) {
    return fail(Code::unavailable, "data.packs",
                fmt::format("the pack cannot be kept in {}: {}", folder.string(), error.message()));
  }
  forget_old(hash);
  return {};
}

Result<KeptPacks::Files> KeptPacks::files(const std::string& hash) const {
  TRY(const auto pack, load(hash));
  Files out;
  for (const auto& name : pack.files) {
    std::ifstream in(pack.root / name, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) return fail(Code::unavailable, "data.packs", (pack.root / name).string() + " cannot be read");
    out[name] = std::move(bytes);
  }
  return out;
}

Result<void> KeptPacks::put(const std::string& hash, const Files& files) const {
  const auto inside = [](const fs::path& path) {
    return path.is_relative() &&
           std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
  };
  const bool plain = hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!plain || !std::ranges::all_of(files, [&](const auto& one) { return inside(one.first); }))
    return fail(Code::conflict, "replay.pack_refused", "what came with it is no pack");
  TRY_VOID(keep_as(hash, [&](const fs::path& half) {
    std::error_code error;
    for (const auto& [name, bytes] : files) {
      if (!error) fs::create_directories((half / name).parent_path(), error);
      std::ofstream out(half / name, std::ios::binary);
      out << bytes;
      if (!error && !out.flush()) error = std::make_error_code(std::errc::io_error);
    }
    return error;
  }));
  const auto kept = load(hash);
  if (kept) return {};
  std::error_code ignored;
  fs::remove_all(folder_ / hash, ignored);
  return std::unexpected(kept.error());
}

void KeptPacks::forget_old(const std::string& but) const {
  struct Kept {
    fs::path folder;
    fs::file_time_type used;
    std::uint64_t bytes;
  };
  std::vector<Kept> all;
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    all.push_back({entry->path(), fs::last_write_time(entry->path(), error), bytes_of(entry->path())});
    bytes += all.back().bytes;
  }
  std::ranges::sort(all, {}, [](const Kept& kept) { return std::pair(kept.used, kept.folder); });
  std::size_t left = all.size();
  for (const auto& old : all) {
    if (left <= kKeptMax && bytes <= kKeptBytesMax) break;
    if (old.folder.filename() == but) continue;
    log::info("pack", "the pack {} was used longest ago and is not kept any more",
              old.folder.filename().string().substr(0, 12));
    fs::remove_all(old.folder, error);
    bytes -= old.bytes;
    --left;
  }
}

pb::PackChanged change_since(const KeptPacks& kept, const std::string& before, const pack::Pack& after) {
  pb::PackChanged out;
  out.set_to_version(after.world.version);
  const auto old = kept.load(before);
  if (!old) {
    out.set_unknown(true);
    return out;
  }
  out.set_from_version(old->world.version);
  for (const auto& found : pack::diff(*old, after)) {
    auto& part = *out.add_parts();
    part.set_part(found.part);
    part.mutable_added()->Assign(found.added.begin(), found.added.end());
    part.mutable_removed()->Assign(found.removed.begin(), found.removed.end());
    part.mutable_changed()->Assign(found.changed.begin(), found.changed.end());
    if (found.part != "world") continue;
    for (const auto& key : found.changed) {
      if (std::ranges::find(kBeginnings, key) != std::end(kBeginnings)) out.add_holds(key);
    }
  }
  return out;
}

std::string in_words(const pb::PackChanged& change) {
  constexpr int kShown = 8;  // of each kind of change in a part
  if (change.unknown()) return "the one before is not kept, so that what is otherwise cannot be told";
  std::string out;
  const auto list = [&](char sign, const auto& ids) {
    for (int i = 0; i < std::min(ids.size(), kShown); ++i) out += fmt::format(" {}{}", sign, ids[i]);
    if (ids.size() > kShown) out += fmt::format(" and {} more", ids.size() - kShown);
  };
  for (const auto& part : change.parts()) {
    out += (out.empty() ? "" : ", ") + part.part();
    list('+', part.added());
    list('-', part.removed());
    list('~', part.changed());
  }
  if (out.empty()) out = "nothing that is kept";
  for (int i = 0; i < change.holds_size(); ++i) {
    out += fmt::format("{}{}", i == 0 ? "; as the world began: " : ", ", change.holds(i));
  }
  return out;
}

}  // namespace troupe

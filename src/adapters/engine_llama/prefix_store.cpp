#include "adapters/engine_llama/prefix_store.h"

#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "adapters/engine_llama/gguf_file.h"
#include "base/log.h"

namespace troupe::engine {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEnding = ".prefix";
// A file holds its whole prompt: for fewer tokens that no other file has, reading them again is better.
constexpr std::size_t kWorthAFile = 64;

// "03-<sha256>.prefix": in the order of their worth.
bool name_matches(const fs::path& file) {
  const auto hash = hash_file(file.string());
  const auto name = file.filename().string();
  return hash && name.size() > 3 && name.substr(3) == *hash + std::string(kEnding);
}

bool load(ChatLane& lane, const fs::path& file, rt::Instant now) {
  auto& model = lane.model();
  std::vector<llama_token> tokens(static_cast<std::size_t>(model.config().kv_tokens));
  std::size_t count = 0;
  const auto seq = lane.sequences().take();
  const auto read =
      llama_state_seq_load_file(model.context(), file.c_str(), seq, tokens.data(), tokens.size(), &count);
  const bool whole = read > 0 && count >= PrefixShelf::kLeastShared &&
                     llama_memory_seq_pos_max(model.memory(), seq) == static_cast<llama_pos>(count) - 1 &&
                     llama_memory_seq_pos_min(model.memory(), seq) == 0;
  if (whole) lane.shelf().keep(seq, std::span(tokens).first(count), {.used = now});
  lane.sequences().free(seq);
  return whole;
}

}  // namespace

fs::path PrefixStore::folder(const Model& model) const {
  return fs::path(dir_) /
         fmt::format("{}-{}-{}", model.config().name, model.info().hash.substr(0, 16), TROUPE_LLAMA_BUILD);
}

void PrefixStore::restore(ChatLane& lane, Inbox& inbox) const {
  if (dir_.empty()) return;
  const auto& config = lane.model().config();
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder(lane.model()), ignored)) {
    if (entry.path().extension() == kEnding) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    const auto& shelf = lane.shelf();
    if (shelf.kept().size() >= static_cast<std::size_t>(config.cached_prefixes)) break;
    if (shelf.bytes() + fs::file_size(file, ignored) > config.prefix_bytes) break;
    if (name_matches(file) && load(lane, file, inbox.env().now())) {
      inbox.counters().prefixes_restored.fetch_add(1);
      continue;
    }
    log::warn("engine", "{} is damaged or too large: removed", file.string());
    fs::remove(file, ignored);
  }
}

void PrefixStore::save(ChatLane& lane, rt::Instant now) {
  if (dir_.empty()) return;
  auto& model = lane.model();
  const auto place = folder(model);
  std::error_code error;
  fs::remove_all(place, error);
  fs::create_directories(place, error);
  if (error) return log::warn("engine", "{}: {}; prefixes are not saved", place.string(), error.message());
  const auto& kept = lane.shelf().kept();
  auto ids = kept.ids();
  std::ranges::sort(ids, {}, [&](int id) { return std::pair(inference::next_use(kept.use(id), now), id); });
  inference::PrefixTree saved;
  int rank = 0;
  for (const auto id : ids) {
    if (rank > 99) break;
    const auto tokens = kept.tokens(id);
    if (saved.find(tokens).length + std::min(kWorthAFile, tokens.size()) > tokens.size()) continue;
    const auto draft = place / "draft";
    const auto seq = lane.sequences().take();
    std::size_t written = 0;
    bool fits = false;
    if (lane.shelf().restore(id, 0, tokens.size(), seq, now) == tokens.size()) {
      fits = llama_state_seq_get_size(model.context(), seq) <= bytes_left_;
      if (fits)
        written =
            llama_state_seq_save_file(model.context(), draft.c_str(), seq, tokens.data(), tokens.size());
    }
    lane.sequences().free(seq);
    if (!fits) continue;
    const auto hash = hash_file(draft.string());
    if (written == 0 || !hash) {
      fs::remove(draft, error);
      return log::warn("engine", "{} cannot be written; prefixes are not saved", draft.string());
    }
    fs::rename(draft, place / fmt::format("{:02}-{}{}", rank++, *hash, kEnding), error);
    bytes_left_ -= std::min(bytes_left_, static_cast<std::uint64_t>(written));
    saved.insert(id, tokens, kept.use(id));
  }
}

}  // namespace troupe::engine

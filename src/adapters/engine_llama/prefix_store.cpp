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

// "03-<sha256>.prefix": in the order of their worth.
bool name_matches(const fs::path& file) {
  const auto hash = hash_file(file.string());
  const auto name = file.filename().string();
  return hash && name.size() > 3 && name.substr(3) == *hash + std::string(kEnding);
}

bool load(Model& model, Sequences& sequences, llama_seq_id seq, const fs::path& file, std::size_t tokens_max,
          rt::Instant now) {
  std::vector<llama_token> tokens(tokens_max);
  std::size_t count = 0;
  const auto read =
      llama_state_seq_load_file(model.context(), file.c_str(), seq, tokens.data(), tokens.size(), &count);
  const bool whole = read > 0 && count >= Sequences::kLeastShared &&
                     llama_memory_seq_pos_max(model.memory(), seq) == static_cast<llama_pos>(count) - 1 &&
                     llama_memory_seq_pos_min(model.memory(), seq) == 0;
  if (whole) {
    sequences.keep(seq, std::span(tokens).first(count), {.used = now});
  } else {
    sequences.free(seq);
  }
  return whole;
}

}  // namespace

fs::path PrefixStore::folder(const Model& model) const {
  return fs::path(dir_) /
         fmt::format("{}-{}-{}", model.config().name, model.info().hash.substr(0, 16), TROUPE_LLAMA_BUILD);
}

void PrefixStore::restore(Model& model, Sequences& sequences, Inbox& inbox) const {
  if (dir_.empty()) return;
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder(model), ignored)) {
    if (entry.path().extension() == kEnding) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  const auto most = static_cast<std::size_t>(model.config().kv_tokens) / 2;
  for (const auto& file : files) {
    const auto used = sequences.kept().total_tokens();
    if (used >= most || sequences.kept().size() >= static_cast<std::size_t>(model.config().cached_prefixes))
      break;
    const auto seq = sequences.take();
    if (!seq) break;
    if (name_matches(file)) {
      if (load(model, sequences, *seq, file, most - used, inbox.env().now())) {
        inbox.counters().prefixes_restored.fetch_add(1);
        continue;
      }
    } else {
      sequences.free(*seq);
    }
    log::warn("engine", "{} is damaged or too large: removed", file.string());
    fs::remove(file, ignored);
  }
}

void PrefixStore::save(Model& model, const Sequences& sequences, rt::Instant now) {
  if (dir_.empty()) return;
  const auto place = folder(model);
  std::error_code error;
  fs::remove_all(place, error);
  fs::create_directories(place, error);
  if (error) return log::warn("engine", "{}: {}; prefixes are not saved", place.string(), error.message());
  const auto& kept = sequences.kept();
  auto ids = kept.ids();
  std::ranges::sort(ids, {}, [&](int id) { return std::pair(inference::next_use(kept.use(id), now), id); });
  int rank = 0;
  for (const auto id : ids) {
    const auto bytes = llama_state_seq_get_size(model.context(), id);
    if (rank > 99 || bytes == 0 || bytes > bytes_left_) continue;
    const auto tokens = kept.tokens(id);
    const auto draft = place / "draft";
    const auto written =
        llama_state_seq_save_file(model.context(), draft.c_str(), id, tokens.data(), tokens.size());
    const auto hash = hash_file(draft.string());
    if (written == 0 || !hash) {
      fs::remove(draft, error);
      return log::warn("engine", "{} cannot be written; prefixes are not saved", draft.string());
    }
    fs::rename(draft, place / fmt::format("{:02}-{}{}", rank++, *hash, kEnding), error);
    bytes_left_ -= std::min(bytes_left_, static_cast<std::uint64_t>(written));
  }
}

}  // namespace troupe::engine

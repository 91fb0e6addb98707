#pragma once
// A studio's own weights: from an address or a file into the models' folder, with what must be known of them
// beside (model.json: hash, licence, source, tiers). Needs nothing but this program. Blocking: the command
// line, or a pool.
//
// Of a listed model nobody knows the hash before it is pulled: its publisher is asked first, told as a step,
// and what comes is held to the answer (publisher.json beside the file).
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/models/catalogue.h"

namespace troupe::models {

struct PullOptions {
  std::string source;   // https://.../x.gguf, a file, or a name of the catalogue
  std::string name;     // "" = made of the file's name
  std::string sha256;   // "" = taken as it comes, and kept; of a listed model: as its publisher says
  std::string licence;  // "" = as the file says
  std::vector<std::string> tiers;  // none = silver and bronze; embedding for a model that makes vectors
};

using Tell = std::function<void(const std::string& step, std::int64_t done, std::int64_t total)>;

bool is_address(const std::string& source);

// What a publisher's answer says of the file behind an address. Pure.
struct Said {
  std::string sha256;  // "" = nothing
  std::int64_t size = 0;
};
// One header line, as Hugging Face has them: X-Linked-ETag is the SHA-256 of a large file (an ETag of
// anything else is no hash), X-Linked-Size its bytes.
void take_header(std::string_view line, Said& said);

// What it was, and where it is now. Stopped or broken off, the same call goes on from where it was. Plain
// http is taken only from this machine, or where the hash is given. `unavailable` models.no_hash: a listed
// model's publisher does not say one, and no other was given.
Result<CatalogueEntry> pull(const PullOptions& options, const std::vector<CatalogueEntry>& catalogue,
                            const std::filesystem::path& models_dir, const Tell& tell,
                            const std::atomic<bool>& stop);

// How it will be called: `invalid_argument` models.bad_source, `not_found` models.unknown.
Result<std::string> name_of(const PullOptions& options, const std::vector<CatalogueEntry>& catalogue);

// Bytes that it freed; `not_found` models.missing.
Result<std::int64_t> remove_files(const std::string& name, const std::filesystem::path& models_dir);

}  // namespace troupe::models

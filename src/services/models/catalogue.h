#pragma once
// The catalogue of weights and what of it lies on this machine. Plain functions over files; call at start or
// on a pool.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troupe::models {

struct CatalogueEntry {
  std::string name;
  std::string file;
  std::string sha256;
  std::int64_t size = 0;
  std::string licence;
  int context_tokens = 0;
  std::vector<std::string> tiers;
  std::vector<std::string> languages = {};  // that an embedding model knows; none = any
  // What a chat model may do about what people say (inference/freedom.h), by what was measured; nothing said
  // = its kept grade (grades.h), and everything where it has none: whoever brings a model of their own wants
  // it to speak.
  std::optional<std::vector<std::string>> may = {};
  std::vector<std::string> sources = {};  // where the file is to be had as it is: addresses, files
  bool deprecated = false;                // loaded only where the configuration names it
  bool local = false;                     // pulled by address or file; not of the catalogue
  std::string source = {};                // of a local one
  // Fetched only by its name, and not missed where it is absent. Its hash and size are what its publisher
  // said when it was pulled, as with_local() reads them from beside it; until then "" and 0.
  bool listed = false;
  bool wants_card = false;      // too slow to talk on a processor
  std::int64_t parameters = 0;  // the publisher's figure; 0 = not said
  // Its only tier: it makes vectors, or it chooses, and nothing else.
  bool only(std::string_view tier) const { return tiers.size() == 1 && tiers.front() == tier; }
};

// About what it takes while it runs: what is known of the file, or .6 bytes a parameter (four bits, and what
// goes with them), and 1 GB for what it reads and writes.
std::int64_t memory_about(const CatalogueEntry& entry);

// `invalid_argument` models.bad_catalogue with line and column. No file: the catalogue that this program was
// built with.
Result<std::vector<CatalogueEntry>> load_catalogue(const std::filesystem::path& file);

// The catalogue, and before it (whoever brings weights of their own wants them to answer) what was pulled by
// address or file into `models_dir`; at most kLocalMax of these. One that says nothing sensible is left out.
// Listed models get the hash that is kept beside them.
inline constexpr std::size_t kLocalMax = 64;
std::vector<CatalogueEntry> with_local(std::vector<CatalogueEntry> catalogue,
                                       const std::filesystem::path& models_dir);
Result<void> save_local(const CatalogueEntry& entry, const std::filesystem::path& models_dir);
// Of a listed model: hash and size, as its publisher said them.
Result<void> save_publisher(const CatalogueEntry& entry, const std::filesystem::path& models_dir);

enum class FileState { missing, damaged, ready };

// What is on this machine of one model.
struct Installed {
  FileState state = FileState::missing;
  std::filesystem::path file;  // the one to load
  std::filesystem::path shipped;
  std::string expected;  // the hash that `file` must have; "" = nobody knows yet
  std::string sha256;    // its own, where it was read as it is now; "" = not yet
  double prompt_tokens_per_s = 0;
  double token_ms = 0;
  std::string problem;
};

// Looks at name, size, the measurement's choice and what is remembered of its hash; does not read the
// weights.
Installed find_installed(const CatalogueEntry& entry, const std::filesystem::path& models_dir);

// The same after reading what was not read yet (most of a second per GB, once). What is `ready` then is what
// it says it is. A requantised file that is not gives way to the one as shipped.
Installed find_verified(const CatalogueEntry& entry, const std::filesystem::path& models_dir);

}  // namespace troupe::models

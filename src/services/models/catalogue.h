#pragma once
// The catalogue of weights and what of it lies on this machine. Plain functions over files; call at start or
// on a pool.
#include <cstdint>
#include <filesystem>
#include <string>
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
};

// `invalid_argument` models.bad_catalogue with line and column.
Result<std::vector<CatalogueEntry>> load_catalogue(const std::filesystem::path& file);

enum class FileState { missing, damaged, ready };

// What is on this machine of one model.
struct Installed {
  FileState state = FileState::missing;
  std::filesystem::path file;  // the one to load
  std::string sha256;          // of that file where it is as shipped; "" for a requantised one
  double prompt_tokens_per_s = 0;
  double token_ms = 0;
  std::string problem;
};

// Looks at name, size and the measurement's choice; does not read the weights.
Installed find_installed(const CatalogueEntry& entry, const std::filesystem::path& models_dir);

}  // namespace troupe::models

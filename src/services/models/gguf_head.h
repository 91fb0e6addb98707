#pragma once
// What a GGUF file says of itself. Reads its head only; every length in it is bounded. Plain function over a
// file.
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace troupe::models {

struct GgufHead {
  std::string name;          // "" where it does not say
  std::string licence;       // "" where it does not say
  std::string architecture;  // "llama", "qwen2", "bert"
  int context_tokens = 0;    // it was trained for; 0 = it does not say
  bool embeds = false;       // it makes vectors, not text
  bool chooses = false;      // it has a head that scores options (engine_llama), and does nothing else
};

// `invalid_argument` models.not_gguf.
Result<GgufHead> read_gguf_head(const std::filesystem::path& file);

}  // namespace troupe::models

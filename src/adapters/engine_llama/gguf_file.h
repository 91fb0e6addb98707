#pragma once
// Is this file a whole GGUF model? Answered from its header, before llama.cpp opens it. Pure but for reading
// the file.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace troupe::engine {

// Bytes of the file. `not_found` engine.no_file, `invalid_argument` engine.bad_file, each with the path and a
// remedy.
Result<std::uint64_t> check_gguf_file(const std::string& path);

// What makes a cross-encoder of an encoder: it scores an option by the mean of its last hidden states.
struct ChoiceHead {
  std::vector<float> weights;
  float bias = 0;
  std::optional<double> temperature;  // at which softmax of the scores means what it says, where it is known
};
// From the metadata of a file that check_gguf_file() has passed: `troupe.choice.head` (the weights of `width`
// numbers, then the bias) and, where it is there, `troupe.choice.temperature`. `invalid_argument`
// engine.bad_model.
Result<ChoiceHead> read_choice_head(const std::string& path, int width);

Result<std::string> hash_file(const std::string& path);  // SHA-256, hex

// What the machine (or its cgroup) can still give without swapping; 0 = not known.
std::uint64_t memory_available();

}  // namespace troupe::engine

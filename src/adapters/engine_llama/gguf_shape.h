#pragma once
// What a chat model is made of, from the head of its GGUF file: for who must know before it is loaded. Plain
// function over a file that check_gguf_file() has passed.
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/engine_llama/gpu_layers.h"
#include "base/error.h"

namespace troupe::engine {

struct GgufShape {
  std::vector<std::uint64_t> layers;  // bytes of the weights of each
  std::uint64_t output = 0;  // and of what stands behind them; of the table of words where both share one
  int context_tokens = 0;    // it was trained for; 0 = it does not say
  std::uint64_t width = 0;   // numbers of a hidden state
  std::uint64_t inner = 0;   // of the widest state inside of a layer
  std::uint64_t heads = 0;
  std::uint64_t cached = 0;  // numbers that one layer keeps of a token: its keys and values
  std::uint64_t words = 0;
};

// `invalid_argument` engine.bad_model where the head does not say what is needed.
Result<GgufShape> read_gguf_shape(const std::string& path);

// A context of so many cells, whose steps have `batch` tokens and `rows` rows of logits at most.
LayerBytes layer_bytes(const GgufShape& shape, std::uint64_t cells, std::uint64_t batch, std::uint64_t rows);

}  // namespace troupe::engine

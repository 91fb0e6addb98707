#pragma once
// Where the tests find their weights. Only *_test.cpp include this.
#include <cstdlib>
#include <string>

#include "adapters/engine_llama/llama_engine.h"

namespace troupe::engine {

inline std::string test_weights(const std::string& file) {
  const char* folder = std::getenv("TROUPE_MODELS_DIR");
  return (folder != nullptr ? std::string(folder)
                            : std::string("TROUPE_MODELS_DIR is not set: run 'make setup'")) +
         "/" + file;
}

// One thread at normal priority: two of them on a machine that builds something else at the same time wait
// for each other at every barrier, and a token takes a second.
inline LlamaConfig test_config() {
  LlamaConfig config;
  config.threads = 1;
  config.nice = 0;
  // Chunks by measured cost would make the rounding of sums, and so the text, depend on how busy the machine
  // is.
  config.chunk_min = 64;
  config.chunk_max = 64;
  return config;
}

inline LlamaModelConfig smollm() {
  LlamaModelConfig model;
  model.name = "smollm2-135m";
  model.path = test_weights("smollm2-135m/smollm2-135m-instruct-q4_1.gguf");
  model.hash = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
  model.verify = false;
  model.tiers = {Tier::gold, Tier::silver, Tier::bronze};
  model.context_tokens = 2048;
  model.kv_tokens = 4096;
  return model;
}

inline LlamaModelConfig minilm() {
  LlamaModelConfig model;
  model.name = "minilm-l6-v2";
  model.path = test_weights("minilm-l6-v2/minilm-l6-v2-f16.gguf");
  model.kind = ModelKind::embedding;
  model.context_tokens = 512;
  return model;
}

inline LlamaModelConfig troupe_choice() {
  LlamaModelConfig model;
  model.name = "troupe-choice";
  model.path = test_weights("troupe-choice/troupe-choice-q8_0.gguf");
  model.kind = ModelKind::cross_encoder;
  model.tiers = {Tier::gold};
  model.context_tokens = 512;
  return model;
}

}  // namespace troupe::engine

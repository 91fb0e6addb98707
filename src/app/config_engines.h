#pragma once
// The section `engines` of a configuration: one engine over HTTP under each name. One declared table of its
// keys.
#include <string>
#include <vector>

#include "adapters/engine_openai/openai_engine.h"

namespace troupe {

inline constexpr std::size_t kEnginesMax = 16;  // each is a label of metrics

// One key: how it is written, what it means, and how a value is taken. `set` answers what would be right, or
// "".
struct EngineKey {
  const char* name;
  const char* help;
  const char* fallback;
  std::string (*set)(engine::OpenAiModelConfig&, const std::string& value);
};
const std::vector<EngineKey>& engine_keys();

}  // namespace troupe

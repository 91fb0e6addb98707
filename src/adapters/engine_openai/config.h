#pragma once
// Beside openai_model_problem() of openai_engine.h: the key.
#include "adapters/engine_openai/address.h"
#include "adapters/engine_openai/openai_engine.h"

namespace troupe::engine {

// The first line of a file that only its owner may read; "" for no file. Errors name the file, never what it
// holds.
Result<std::string> read_key(const std::string& file);

}  // namespace troupe::engine

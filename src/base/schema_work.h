#pragma once
// How much work a JSON schema from outside can make, before anybody does it: a schema of a kilobyte can ask
// for an exponential search, a grammar of gigabytes or an endless chain of references. Pure; work is linear
// in the schema.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/error.h"

namespace troupe {

struct SchemaLimits {
  std::size_t parts_max = 4096;           // schemas, required names, enumerated values
  std::size_t repetitions_max = 200'000;  // what minItems, maxLength, {m,n} of patterns unroll to, together
  std::size_t pattern_bytes_max = 4096;
};

// `invalid_argument` schema.too_large, naming the bound; schema.circular: a reference that leads to itself
// alone.
Result<void> check_schema_work(const nlohmann::ordered_json& schema, const SchemaLimits& limits = {});
// The same of a text; what is not JSON is left to whoever reads it as a schema.
Result<void> check_schema_work(const std::string& schema, const SchemaLimits& limits = {});

}  // namespace troupe

#pragma once
// A small JSON file that is whole or as it was: written beside itself, then renamed. Blocking; on a pool.
#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "base/error.h"

namespace troupe::models {

// `unavailable` models.write.
Result<void> write_json(const nlohmann::json& json, const std::filesystem::path& place);

}  // namespace troupe::models

#pragma once
// Bearer tokens from a file of one's own: one a line, `role name sha256-of-token`, empty lines and # comments
// apart.
#include <filesystem>
#include <vector>

#include "edge/edge_config.h"

namespace troupe {

// Empty path: no tokens, local mode. `invalid_argument` tokens.bad with the line; a file that others may read
// is refused.
Result<std::vector<edge::TokenEntry>> load_tokens(const std::filesystem::path& file);

}  // namespace troupe

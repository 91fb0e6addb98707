#pragma once
// `troupe models ls|pull|rm` without a server: what the command line is handed.
#include <functional>
#include <string>

#include "cli/cli.h"

namespace troupe {

int models_here(const cli::ModelsWork& work, const std::function<void(const std::string& line)>& tell);

}  // namespace troupe

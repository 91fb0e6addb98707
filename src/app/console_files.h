#pragma once
// The console's files, built by Vite and compiled into the program.
#include <optional>
#include <string>

#include "edge/edge_config.h"

namespace troupe {

std::optional<edge::ConsoleFile> console_file(const std::string& path);  // "/index.html", "/assets/..."

}  // namespace troupe

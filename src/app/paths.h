#pragma once
// Where things are that come with the program: beside the executable's source tree, or where the environment
// says.
#include <filesystem>
#include <string>

namespace troupe {

std::filesystem::path home_path();  // TROUPE_HOME, or the tree that this was built from
std::filesystem::path catalogue_path(const std::filesystem::path& wanted);
std::filesystem::path models_path(
    const std::filesystem::path& wanted);  // TROUPE_MODELS_DIR, or where set-up put them
std::filesystem::path tool_path(const std::string& name);

}  // namespace troupe

#pragma once
// Where things are that come with the program: beside the executable's source tree, or where the environment
// says.
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace troupe {

std::filesystem::path home_path();  // TROUPE_HOME, or the tree that this was built from
std::filesystem::path catalogue_path(const std::filesystem::path& wanted);
std::filesystem::path models_path(
    const std::filesystem::path& wanted);  // TROUPE_MODELS_DIR, or where set-up put them
// The record of what a timeline acknowledged; apart from the databases, so that it does not go with them.
std::filesystem::path acknowledged_path(const std::filesystem::path& data, const std::string& timeline);
std::filesystem::path tool_path(const std::string& name);
// What an operator should hear where `world` is about to begin beside others that are `there`, in `where`, and that
// this server does not know (its worlds are `known`): it may be one of them whose name changed in its pack. "" =
// nothing.
std::string beginning_beside(const std::vector<std::string>& there, const std::string& where,
                             const std::string& world, const std::set<std::string>& known);

}  // namespace troupe

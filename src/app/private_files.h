#pragma once
// What is written holds players' words: for nobody but whom the server runs as. Called once at start, before
// anything is opened.
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace troupe {

// From now on folders are made 0700 and files 0600.
void write_privately();
// Makes the data folder where it is missing, and closes to others what an earlier version left open in it.
// What is not ours in such a folder is left alone.
Result<void> open_data_folder(const std::filesystem::path& data);

// The same folders as they stand in messages: as given and absolute. For nobody outside to read.
std::vector<std::string> private_paths(const std::vector<std::filesystem::path>& folders);

}  // namespace troupe

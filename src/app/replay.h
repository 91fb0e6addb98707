#pragma once
// A recorded log run again, apart from where worlds lie: what `troupe world replay` does with files, tests do
// with worlds of their own.
#include <filesystem>
#include <functional>
#include <string>

#include "app/server.h"
#include "pack/pack.h"
#include "ports/db.h"

namespace troupe {

using PackOf = std::function<Result<pack::Pack>(const std::string& hash)>;

// Runs the log in `recorded` again into a new database at `copy`, each stretch with the pack that it was
// lived with, and compares.
Result<ReplayReport> replay_log(db::Db& recorded, const PackOf& pack_of, const std::filesystem::path& copy);

}  // namespace troupe

#pragma once
// A recorded log run again, apart from where worlds lie: what `troupe world replay` does with files, tests do
// with worlds of their own.
#include <functional>
#include <string>

#include "app/databases.h"
#include "app/server.h"
#include "host/exported_log.h"
#include "pack/pack.h"
#include "ports/db.h"
#include "services/worlds/world_runner.h"

namespace troupe {

using PackOf = std::function<Result<pack::Pack>(const std::string& hash)>;

// Runs the log again into the new database `copy`, up to `moment`: the world as it was then, called `world` ("" =
// as it is). `not_found` worlds.unknown_moment; `conflict` worlds.not_repeatable.
Result<Moment> replay_until(const ReadLog& recorded, const PackOf& pack_of, Moment moment,
                            const OpenDatabase& copy, const std::string& world);

// Runs the log in `recorded` again into the new database `copy`, each stretch with the pack that it was
// lived with, and compares.
Result<ReplayReport> replay_log(db::Db& recorded, const PackOf& pack_of, const OpenDatabase& copy);

}  // namespace troupe

#pragma once
// The configuration's sections `budgets`, `hedge`, `canary`, `players` and `jobs`: what the router may spend,
// try and keep. One declared table of keys.
#include "app/config.h"

namespace troupe {

const std::vector<ConfigKey>& router_keys();

}  // namespace troupe

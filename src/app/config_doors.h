#pragma once
// Keys of the configuration that say whose browsers may call: `origins` and `hosts`.
#include <vector>

#include "app/config.h"

namespace troupe {

const std::vector<ConfigKey>& door_keys();

}  // namespace troupe

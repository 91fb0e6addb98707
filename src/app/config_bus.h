#pragma once
// Keys of the configuration that say what carries calls and events, and by what processes know each other: `bus`, `nats`, `cluster`.
#include <vector>

#include "app/config.h"

namespace troupe {

const std::vector<ConfigKey>& bus_keys();

// A value as it may be shown: what stands between `://` and `@` is a login.
std::string without_login(const std::string& value);

}  // namespace troupe

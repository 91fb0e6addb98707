#pragma once
// The configuration's sections `limits` (how often who may call, host/call_limits.h) and `openai` (whether
// players may use its paths, edge/openai_door.h). One declared table of keys.
#include "app/config.h"

namespace troupe {

const std::vector<ConfigKey>& limit_keys();

}  // namespace troupe

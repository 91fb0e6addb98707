#pragma once
// What the engine in the process has done, under /metrics.
#include "app/engines.h"
#include "host/metrics.h"

namespace troupe {

// `engines` outlives every scrape.
void add_engine_metrics(Metrics& metrics, const Engines& engines);

}  // namespace troupe

#pragma once
// What this process takes of the machine, under Prometheus' own names.
#include "host/metrics.h"

namespace troupe {

// `metrics` must outlive every reading of /metrics.
void add_process_metrics(Metrics& metrics);

}  // namespace troupe

#pragma once
// Prometheus' text format, as far as a report of this server needs it. Pure.
#include <map>
#include <string>
#include <string_view>

namespace troupe::cli {

// Series with its labels, as printed, and its value.
using MetricsText = std::map<std::string, double>;
MetricsText parse_metrics(std::string_view text);

// What was added between two readings; gauges: the difference.
MetricsText between(const MetricsText& before, const MetricsText& after);

// The sum of a metric's series that have all of these labels: {"tier=\"gold\"", ...}.
double total(const MetricsText& metrics, std::string_view name,
             std::initializer_list<std::string_view> labels = {});

// The upper bound of the bucket below which that share of a histogram lies; 0 for none.
double histogram_percentile(const MetricsText& metrics, const std::string& name, double share);

}  // namespace troupe::cli

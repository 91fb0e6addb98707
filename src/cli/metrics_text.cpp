#include "cli/metrics_text.h"

#include <algorithm>
#include <cstdlib>

namespace troupe::cli {

MetricsText parse_metrics(std::string_view text) {
  MetricsText out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto value = line.rfind(' ');
    if (line.starts_with('#') || value == std::string_view::npos) continue;
    out[std::string(line.substr(0, value))] =
        std::strtod(std::string(line.substr(value + 1)).c_str(), nullptr);
  }
  return out;
}

MetricsText between(const MetricsText& before, const MetricsText& after) {
  MetricsText out = after;
  for (auto& [series, value] : out) {
    if (const auto was = before.find(series); was != before.end()) value -= was->second;
  }
  return out;
}

double total(const MetricsText& metrics, std::string_view name,
             std::initializer_list<std::string_view> labels) {
  double sum = 0;
  for (const auto& [series, value] : metrics) {
    const std::string_view have = series;
    if (have.substr(0, have.find('{')) != name) continue;
    const bool all = std::ranges::all_of(labels, [&](auto label) { return have.contains(label); });
    if (all) sum += value;
  }
  return sum;
}

double histogram_percentile(const MetricsText& metrics, const std::string& name, double share) {
  std::map<double, double> buckets;  // upper bound -> observations up to it, of all labels
  for (const auto& [series, value] : metrics) {
    const auto le = series.find("le=\"");
    if (!series.starts_with(name + "_bucket{") || le == std::string::npos) continue;
    buckets[std::strtod(series.c_str() + le + 4, nullptr)] += value;
  }
  if (buckets.empty()) return 0;
  const double all = buckets.rbegin()->second;
  const auto found = std::ranges::find_if(buckets, [&](const auto& b) { return b.second >= share * all; });
  return all > 0 && found != buckets.end() ? found->first : 0;
}

}  // namespace troupe::cli

// What the foundation costs, each beside its peer in the same run: foundation_bench DIRECTORY
// One JSON object a line: {"name","unit","ours","peer","peer_name","ratio","better","runs","spread"}; ratio above 1 is good.
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "foundation_bench.h"

namespace {

constexpr int kRuns = 5;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double spread(const std::vector<double>& values) {
  const auto [low, high] = std::ranges::minmax(values);
  return (high - low) / median(values);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace troupe::bench;
  const std::string directory = argc > 1 ? argv[1] : ".";
  std::vector<double> grouped;
  std::vector<double> single;
  std::vector<double> events;
  for (int run = 0; run < kRuns; ++run) {  // interleaved, so that a slow moment of the disk hits both
    grouped.push_back(durable_writes(directory, 64, 512, 50'000).per_second);
    single.push_back(durable_writes(directory, 64, 1, 3'000).per_second);
    events.push_back(bus_times(0, 100'000).event_median_ns / 1000);
  }
  fmt::print(
      "{{\"name\":\"durable_writes_64\",\"unit\":\"1/s\",\"ours\":{:.0f},\"peer\":{:.0f},\"peer_name\":\"one commit per "
      "write\",\"ratio\":{:.2f},\"better\":\"higher\",\"runs\":{},\"spread\":{:.2f}}}\n",
      median(grouped), median(single), median(grouped) / median(single), kRuns, spread(grouped));
  constexpr double kLimitUs = 2;
  fmt::print(
      "{{\"name\":\"bus_publish_to_handler\",\"unit\":\"us\",\"ours\":{:.3f},\"peer\":{:.1f},\"peer_name\":\"limit\",\"ratio\":"
      "{:.2f},\"better\":\"lower\",\"runs\":{},\"spread\":{:.2f}}}\n",
      median(events), kLimitUs, kLimitUs / median(events), kRuns, spread(events));
}

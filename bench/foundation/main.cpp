// Prints what the foundation costs: foundation_bench [directory on the disk that counts].
#include <fmt/core.h>

#include "foundation_bench.h"

int main(int argc, char** argv) {
  using namespace troupe::bench;
  const std::string directory = argc > 1 ? argv[1] : ".";
  for (const std::size_t writers : {1, 64}) {
    for (const std::size_t group_max : {1, 512}) {
      const auto w =
          durable_writes(directory, writers, group_max, writers == 1 || group_max == 1 ? 5000 : 100'000);
      fmt::print(
          "durable writes: {:3} writers, {:3} in a commit: {:8.0f}/s, median {:7.0f} us, p99 {:7.0f} us\n",
          writers, group_max, w.per_second, w.median_us, w.p99_us);
    }
  }
  fmt::print("read of one row: median {:.1f} us\n", read_us(directory, 20'000));
  for (const std::size_t listeners : {0, 200}) {
    const auto b = bus_times(listeners, 200'000);
    fmt::print(
        "bus, {:3} other subscriptions: event median {:.0f} ns, p99 {:.0f} ns, burst {:.0f} ns; request "
        "{:.0f} ns\n",
        listeners, b.event_median_ns, b.event_p99_ns, b.event_burst_ns, b.request_median_ns);
  }
  fmt::print("flat search, 10,000 x 384: all {:.0f} us, 1 % {:.0f} us\n", flat_search_us(10'000, 384, 100),
             flat_search_us(10'000, 384, 1));
}

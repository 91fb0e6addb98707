#pragma once
// What the foundation costs, as functions that a benchmark or a test of ratios can call. Each runs for a
// second or so on the calling thread (the io thread of its own context) and answers plain numbers.
#include <cstddef>
#include <string>

namespace troupe::bench {

struct DurableWrites {
  double per_second = 0;             // acknowledged, each durable
  double median_us = 0, p99_us = 0;  // from the call to the acknowledgement
};
// `writers` coroutines that each write one row after the other into a new file in `directory`.
DurableWrites durable_writes(const std::string& directory, std::size_t writers, std::size_t group_max,
                             std::size_t rows);

struct BusTimes {
  double event_median_ns = 0, event_p99_ns = 0;  // from publish() to the handler
  double event_burst_ns = 0;                     // per event, in bursts of 1000
  double request_median_ns = 0;                  // from request() to its answer, with an empty handler
};
// `listeners` other subscriptions (half of them with wildcards) that do not match.
BusTimes bus_times(std::size_t listeners, std::size_t rounds);

// Median microseconds of one search for 10 of `entries` vectors, where the filter passes `percent` of them.
double flat_search_us(std::size_t entries, std::size_t dimensions, int percent);

// Median microseconds of a read of one row by its key, from the call to the answer on the io thread.
double read_us(const std::string& directory, std::size_t rounds);

}  // namespace troupe::bench

#pragma once
// Adapter of port index: exact, by comparing with every entry that passes the filter. For small worlds and as
// the measure of approximate adapters. Owned by whoever asks; on the io thread. Bounds: Limits::entries_max
// entries of 4 * dimensions bytes; a search reads all of them (some
// 1 ms per 10,000 of 384; only those that pass the filter are compared).
#include <memory>

#include "ports/index.h"

namespace troupe::index {

std::unique_ptr<Index> make_flat_index(std::size_t dimensions, Limits limits = {});

}  // namespace troupe::index

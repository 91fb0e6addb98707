#pragma once
// Port: nearest vectors under a filter. A cache in memory of what the database holds: rebuilt at start.
//
// Guarantee   search() returns the k nearest among the entries that pass the filter: the filter is applied
//             inside the search, never after it. Exact or approximate is the adapter's business (recall >=
//             .95 at k = 10).
// Order       By descending similarity, ties by ascending key: the same content gives the same answer.
// Threads     Call on the io thread; searches take microseconds to a few milliseconds.
// Bounds      Limits::entries_max; then add() answers `exhausted` index.full.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"

namespace troupe::index {

using Key = std::int64_t;

struct Hit {
  Key key = 0;
  float similarity = 0;  // cosine, -1 to 1
};

struct Limits {
  std::size_t entries_max = 200'000;
};

class Index {
 public:
  virtual ~Index() = default;
  // A vector of the index's size; it is scaled to unit length. An existing key is replaced. A vector of
  // another size or without direction (all zero, not finite) is `invalid_argument` index.bad_vector.
  virtual Result<void> add(Key key, std::span<const float> vector) = 0;
  virtual void remove(Key key) = 0;
  virtual Result<std::vector<Hit>> search(std::span<const float> vector, std::size_t k,
                                          const std::function<bool(Key)>& filter) const = 0;
  virtual std::size_t size() const = 0;
};

}  // namespace troupe::index

#include "adapters/index_flat/flat_index.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

namespace troupe::index {

namespace {

// Sixteen sums that do not wait for each other: vector registers without leave to reorder floating-point
// sums, so the same program gives the same answer every time.
float dot(const float* a, const float* b, std::size_t size) {
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float total = 0;
  for (; i < size; ++i) total += a[i] * b[i];
  for (const float sum : sums) total += sum;
  return total;
}

bool better(const Hit& a, const Hit& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.key < b.key;
}

class FlatIndex final : public Index {
 public:
  FlatIndex(std::size_t dimensions, const Limits& limits) : dimensions_(dimensions), limits_(limits) {}

  Result<void> add(Key key, std::span<const float> vector) override {
    TRY(const auto scaled, unit(vector));
    if (const auto found = slots_.find(key); found != slots_.end()) {
      std::ranges::copy(scaled, row(found->second));
      return {};
    }
    if (keys_.size() >= limits_.entries_max) {
      return fail(Code::exhausted, "index.full", fmt::format("the index holds {} entries", keys_.size()));
    }
    slots_.emplace(key, keys_.size());
    keys_.push_back(key);
    floats_.insert(floats_.end(), scaled.begin(), scaled.end());
    return {};
  }

  void remove(Key key) override {
    const auto found = slots_.find(key);
    if (found == slots_.end()) return;
    const std::size_t slot = found->second;
    const std::size_t last = keys_.size() - 1;
    slots_.erase(found);
    if (slot != last) {
      std::copy_n(row(last), dimensions_, row(slot));
      keys_[slot] = keys_[last];
      slots_[keys_[slot]] = slot;
    }
    keys_.pop_back();
    floats_.resize(keys_.size() * dimensions_);
  }

  Result<std::vector<Hit>> search(std::span<const float> vector, std::size_t k,
                                  const std::function<bool(Key)>& filter) const override {
    TRY(const auto scaled, unit(vector));
    std::vector<Hit> best;  // a heap with the worst on top
    if (k == 0) return best;
    best.reserve(std::min(k, keys_.size()) + 1);
    for (std::size_t slot = 0; slot < keys_.size(); ++slot) {
      if (filter && !filter(keys_[slot])) continue;
      const Hit hit{keys_[slot], dot(scaled.data(), floats_.data() + slot * dimensions_, dimensions_)};
      if (best.size() == k && !better(hit, best.front())) continue;
      best.push_back(hit);
      std::ranges::push_heap(best, better);
      if (best.size() <= k) continue;
      std::ranges::pop_heap(best, better);
      best.pop_back();
    }
    std::ranges::sort_heap(best, better);
    for (Hit& hit : best) hit.similarity = std::clamp(hit.similarity, -1.0F, 1.0F);
    return best;
  }

  std::size_t size() const override { return keys_.size(); }

 private:
  Result<std::vector<float>> unit(std::span<const float> vector) const {
    double squares = 0;
    for (const float x : vector) squares += static_cast<double>(x) * x;
    const double length = std::sqrt(squares);
    if (vector.size() != dimensions_ || !std::isfinite(length) || length == 0) {
      return fail(Code::invalid_argument, "index.bad_vector",
                  fmt::format("a vector of {} finite numbers, not all zero, is wanted", dimensions_));
    }
    std::vector<float> scaled(vector.begin(), vector.end());
    for (float& x : scaled) x = static_cast<float>(x / length);
    return scaled;
  }

  float* row(std::size_t slot) { return floats_.data() + slot * dimensions_; }

  const std::size_t dimensions_;
  const Limits limits_;
  std::vector<float> floats_;  // one row per slot
  std::vector<Key> keys_;
  std::unordered_map<Key, std::size_t> slots_;
};

}  // namespace

std::unique_ptr<Index> make_flat_index(std::size_t dimensions, Limits limits) {
  return std::make_unique<FlatIndex>(dimensions, limits);
}

}  // namespace troupe::index

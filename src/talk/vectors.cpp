#include "talk/vectors.h"

#include <array>

namespace troupe::talk {

// Without sanitizers, which would make a test's start ten times as long: the sizes are compared, the loop is closed.
__attribute__((no_sanitize("address", "undefined"))) double cosine(const Vector& a, const Vector& b) {
  if (a.size() != b.size()) return 0;
  // Eight sums that do not wait for each other; always added in the same order. Bare pointers: this is most of a
  // start, and a checked index in it keeps the compiler from taking eight at once.
  constexpr std::size_t kSums = 8;
  const float* const x = a.data();
  const float* const y = b.data();
  const std::size_t size = a.size();
  float sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += x[i + k] * y[i + k];
  }
  double out = 0;
  for (const float sum : sums) out += sum;
  for (; i < size; ++i) out += x[i] * y[i];
  return out;
}

std::uint32_t VectorTable::add(std::string text, Vector vector) {
  const auto [entry, is_new] =
      rows_.try_emplace(std::move(text), static_cast<std::uint32_t>(vectors_.size()));
  if (is_new) {
    vectors_.push_back(std::move(vector));
  } else {
    vectors_[entry->second] = std::move(vector);
  }
  return entry->second;
}

std::uint32_t VectorTable::row(std::string_view text) const {
  const auto found = rows_.find(text);
  return found == rows_.end() ? kNone : found->second;
}

const Vector& VectorTable::at(std::uint32_t row) const {
  static const Vector kEmpty;
  return row < vectors_.size() ? vectors_[row] : kEmpty;
}

}  // namespace troupe::talk

#include "talk/vectors.h"

#include <array>

namespace troupe::talk {

double cosine(const Vector& a, const Vector& b) {
  if (a.size() != b.size()) return 0;
  // Eight sums that do not wait for each other; always added in the same order.
  std::array<float, 8> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= a.size(); i += sums.size()) {
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += a[i + k] * b[i + k];
  }
  double out = 0;
  for (const float sum : sums) out += sum;
  for (; i < a.size(); ++i) out += a[i] * b[i];
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

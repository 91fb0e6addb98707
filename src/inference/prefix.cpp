#include "inference/prefix.h"

#include <algorithm>

namespace troupe::inference {

std::size_t common_prefix(Tokens a, Tokens b) {
  const auto length = std::min(a.size(), b.size());
  const auto [end, other] =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin());
  return static_cast<std::size_t>(end - a.begin());
}

std::optional<Donor> longest_donor(Tokens wanted, std::span<const Tokens> candidates, std::size_t least) {
  std::optional<Donor> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto length = common_prefix(wanted, candidates[i]);
    if (length >= std::max<std::size_t>(least, 1) && (!best || length > best->length))
      best = Donor{i, length};
  }
  return best;
}

}  // namespace troupe::inference

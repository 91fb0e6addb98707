#include "adapters/engine_llama/gpu_layers.h"

#include <algorithm>

namespace troupe::engine {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kMarginLeast = 128 * kMiB;
constexpr std::uint64_t kMarginMost = 1024 * kMiB;

}  // namespace

std::uint64_t card_margin(std::uint64_t free) { return std::clamp(free / 10, kMarginLeast, kMarginMost); }

CardShare share_of_card(const LayerBytes& model, std::uint64_t free, int wanted) {
  const bool fitting = wanted == kGpuLayersAuto;
  const auto margin = card_margin(free);
  const auto usable = free > margin ? free - margin : 0;
  const int most = fitting ? model.layers() : std::clamp(wanted, 0, model.layers());
  CardShare share;
  std::uint64_t bytes = model.work;
  for (int i = 0; i < most; ++i) {
    bytes += i == 0 ? model.output
                    : model.weights[model.weights.size() - static_cast<std::size_t>(i)] + model.cache;
    if (fitting && bytes > usable) break;
    share = {.layers = i + 1, .bytes = bytes};
  }
  return share;
}

std::uint64_t CardMemory::left(std::uint64_t free_now) const {
  return std::min(free_now, first_ > taken_ ? first_ - taken_ : 0);
}

}  // namespace troupe::engine

#pragma once
// How many layers of a model go onto a graphics card. Pure: bytes in, layers out.
#include <cstdint>
#include <vector>

namespace troupe::engine {

inline constexpr int kGpuLayersAuto = -1;  // as many as the card has memory for
inline constexpr int kGpuLayersMax = 1000;

// What a model would take of a card, in bytes.
struct LayerBytes {
  std::vector<std::uint64_t> weights;  // of each layer, the first one first
  std::uint64_t output = 0;            // of what makes logits behind the last layer
  std::uint64_t cache = 0;             // of one layer, for all cells
  std::uint64_t work = 0;              // buffers of one step, however many layers there are
  // llama.cpp counts the output as one more.
  int layers() const { return static_cast<int>(weights.size()) + 1; }
};

struct CardShare {
  int layers = 0;  // the output, then layers from the last to the first: the order in which llama.cpp gives
  std::uint64_t bytes = 0;
};

// Left free on a card: for the screen, other programs, and what the estimate does not know (a driver's own
// buffers).
std::uint64_t card_margin(std::uint64_t free);

// `wanted` kGpuLayersAuto: as many layers as fit into `free` less the margin, or none. A number: that many,
// whether they fit or not.
CardShare share_of_card(const LayerBytes& model, std::uint64_t free, int wanted);

// What is left of one card for the next model. Drivers that watch their memory say less after each model;
// others (Mesa's device in software) say the same for ever. So it is the smaller of what the driver says now,
// and what it said first less what was given away here.
class CardMemory {
 public:
  explicit CardMemory(std::uint64_t free_at_first) : first_(free_at_first) {}
  void take(std::uint64_t bytes) { taken_ += bytes; }
  std::uint64_t left(std::uint64_t free_now) const;

 private:
  std::uint64_t first_;
  std::uint64_t taken_ = 0;
};

}  // namespace troupe::engine

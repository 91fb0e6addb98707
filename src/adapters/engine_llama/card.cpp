#include "adapters/engine_llama/card.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace troupe::engine {

std::string_view built_for_gpu() { return TROUPE_GPU; }

Cards::Cards() {
  if (built_for_gpu().empty()) return;
  try {
    for (const auto kind : {GGML_BACKEND_DEVICE_TYPE_GPU, GGML_BACKEND_DEVICE_TYPE_IGPU}) {
      for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        const auto device = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(device) != kind) continue;
        cards_.push_back({.device = device,
                          .name = ggml_backend_dev_name(device),
                          .what = ggml_backend_dev_description(device),
                          .own_memory = kind == GGML_BACKEND_DEVICE_TYPE_GPU,
                          .memory = CardMemory(memory_of(device).first)});
      }
      if (!cards_.empty()) return;
    }
  } catch (const std::exception& e) {
    log::warn("engine", "the graphics driver fails: {}", trim(e.what()));
    cards_.clear();
    return;
  }
  log::warn("engine", "no graphics card is found (this program is built for {}): models run on the processor",
            built_for_gpu());
}

std::pair<std::uint64_t, std::uint64_t> Cards::memory_of(ggml_backend_dev_t device) {
  std::size_t free = 0;
  std::size_t total = 0;
  ggml_backend_dev_memory(device, &free, &total);
  return {free, total};
}

Placement Cards::place(const LayerBytes& model, int wanted) const {
  Placement out{.layers_all = model.layers()};
  std::uint64_t most = 0;
  for (const auto& card : cards_) {
    try {
      const auto free = left(card);
      if (out.device != nullptr && free <= most) continue;
      most = free;
      out.device = card.device;
      out.card = card.name;
      out.own_memory = card.own_memory;
      out.share = share_of_card(model, free, wanted);
    } catch (const std::exception& e) {
      log::warn("engine", "{} is left out, its driver fails: {}", card.name, trim(e.what()));
    }
  }
  return out;
}

void Cards::take(const Placement& placement) {
  const auto card = std::ranges::find(cards_, placement.device, &Card::device);
  if (card != cards_.end()) card->memory.take(placement.share.bytes);
}

std::vector<CardView> Cards::views() const {
  std::vector<CardView> out;
  for (const auto& card : cards_) {
    try {
      out.push_back({card.name, card.what, left(card), memory_of(card.device).second});
    } catch (const std::exception&) {
      out.push_back({card.name, card.what, 0, 0});
    }
  }
  return out;
}

}  // namespace troupe::engine

#pragma once
// The graphics cards of this machine, as llama.cpp sees them, and which model gets how much of which. Owned
// by who loads the models; one thread. A driver that fails is a card less, never an exception.
#include <ggml-backend.h>

#include <string>
#include <string_view>
#include <vector>

#include "adapters/engine_llama/gguf_shape.h"
#include "adapters/engine_llama/llama_engine.h"

namespace troupe::engine {

// Where a model is put; without a device on the processor.
struct Placement {
  ggml_backend_dev_t device = nullptr;
  std::string card;  // "Vulkan0"
  CardShare share;
  int layers_all = 0;
  bool own_memory = false;  // the card's; else the machine's
  bool on_card() const { return device != nullptr && share.layers > 0; }
};

class Cards {
 public:
  Cards();  // looks for them; integrated ones only where there is no other
  bool empty() const { return cards_.empty(); }
  // One model is on one card: the one that has most left.
  Placement place(const LayerBytes& model, int wanted) const;
  void take(const Placement& placement);
  std::vector<CardView> views() const;

 private:
  struct Card {
    ggml_backend_dev_t device;
    std::string name;
    std::string what;
    bool own_memory;
    CardMemory memory;
  };
  static std::pair<std::uint64_t, std::uint64_t> memory_of(ggml_backend_dev_t device);  // free, total
  static std::uint64_t left(const Card& card) { return card.memory.left(memory_of(card.device).first); }

  std::vector<Card> cards_;
};

}  // namespace troupe::engine

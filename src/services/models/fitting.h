#pragma once
// Which of the listed models would talk best on this machine. The rule is pure; look_at_machine() asks the
// kernel, and nvidia-smi where there is an NVIDIA driver. Any thread; blocking.
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>

#include "services/models/catalogue.h"

namespace troupe::models {

// Besides the model: the server with its default models, and the system.
inline constexpr std::int64_t kBesidesBytes = 4'000'000'000;

struct Machine {
  std::int64_t memory_bytes = 0;
  std::int64_t card_bytes = 0;  // of the largest graphics card; 0 = none is known
};
Machine look_at_machine();

// The listed model with the most parameters that fits; nullptr where no listed model fits, or none is better
// than what is here. A default model is worse than any listed one; one that somebody brought is as good as
// its file is large. `here`: names of what is on this machine.
const CatalogueEntry* best_fitting(std::span<const CatalogueEntry> known, const std::set<std::string>& here,
                                   const Machine& machine);

// "granite-3.3-2b fits this machine: ..., `troupe models pull granite-3.3-2b` fetches it".
std::string fitting_in_words(const CatalogueEntry& entry);

}  // namespace troupe::models

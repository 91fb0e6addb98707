#include "services/models/fitting.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

namespace troupe::models {

namespace {

namespace fs = std::filesystem;

constexpr double kBillion = 1e9;

bool chats(const CatalogueEntry& entry) { return !entry.only("embedding") && !entry.only("choice"); }

bool fits(const CatalogueEntry& entry, const Machine& machine) {
  const auto needs = memory_about(entry);
  return entry.wants_card ? machine.card_bytes >= needs : machine.memory_bytes >= needs + kBesidesBytes;
}

// Where the driver is, its tool is; it is asked by a fixed command, and what is no number is none.
std::int64_t nvidia_bytes() {
  std::error_code error;
  if (!fs::exists("/proc/driver/nvidia/version", error)) return 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> out(
      ::popen("nvidia-smi --query-gpu=memory.total --format=csv,noheader,nounits 2>/dev/null", "r"),
      ::pclose);
  std::int64_t largest = 0;
  long long mib = 0;
  while (out && std::fscanf(out.get(), "%lld", &mib) == 1)
    largest = std::max(largest, std::int64_t{mib} << 20);
  return largest;
}

// As amdgpu says it; what is built into the processor has next to none of its own.
std::int64_t amd_bytes() {
  std::error_code error;
  std::int64_t largest = 0;
  for (const auto& card : fs::directory_iterator("/sys/class/drm", error)) {
    std::ifstream in(card.path() / "device" / "mem_info_vram_total");
    std::int64_t bytes = 0;
    if (in >> bytes) largest = std::max(largest, bytes);
  }
  return largest;
}

}  // namespace

Machine look_at_machine() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page = ::sysconf(_SC_PAGESIZE);
  return {.memory_bytes = pages > 0 && page > 0 ? std::int64_t{pages} * page : 0,
          .card_bytes = std::max(nvidia_bytes(), amd_bytes())};
}

const CatalogueEntry* best_fitting(std::span<const CatalogueEntry> known, const std::set<std::string>& here,
                                   const Machine& machine) {
  const auto larger = [](const CatalogueEntry* one, const CatalogueEntry& other) {
    return one == nullptr || other.parameters > one->parameters;
  };
  const CatalogueEntry* best = nullptr;
  for (const auto& entry : known) {
    if (entry.listed && fits(entry, machine) && larger(best, entry)) best = &entry;
  }
  if (best == nullptr) return nullptr;
  const bool as_good = std::ranges::any_of(known, [&](const CatalogueEntry& entry) {
    if (!here.contains(entry.name) || !chats(entry)) return false;
    if (entry.listed) return entry.parameters >= best->parameters;
    return entry.local && memory_about(entry) >= memory_about(*best);
  });
  return as_good ? nullptr : best;
}

std::string fitting_in_words(const CatalogueEntry& entry) {
  return fmt::format(
      "{} would fit this machine{}: {:.1f} B parameters, {}, about {:.1f} GB of {}memory, never tried here; "
      "`troupe models pull {}` fetches it{}",
      entry.name, entry.wants_card ? "'s graphics card" : "",
      static_cast<double>(entry.parameters) / kBillion, entry.licence,
      static_cast<double>(memory_about(entry)) / kBillion, entry.wants_card ? "its " : "", entry.name,
      entry.wants_card ? ", `make run GPU=vulkan` uses the card" : "");
}

}  // namespace troupe::models

#include "app/where.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace troupe {

namespace {

std::string place_of(const engine::ModelPlace& place) {
  if (place.card.empty()) return "CPU";
  return fmt::format("{} of {} layers on {}", place.layers, place.layers_all, place.card);
}

double gigabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

}  // namespace

std::map<std::string, std::string> where_models_run(const engine::ModelPlaces& places) {
  std::map<std::string, std::string> out;
  for (const auto& place : places.models) out[place.model] = place_of(place);
  return out;
}

std::string what_runs_where(const engine::ModelPlaces& places, std::span<const engine::ModelInfo> models) {
  std::vector<std::string> parts;
  for (const auto& place : places.models) {
    std::vector<std::string> tiers;
    const auto info = std::ranges::find(models, place.model, &engine::ModelInfo::name);
    if (info != models.end()) {
      for (const auto tier : info->tiers) tiers.emplace_back(engine::tier_name(tier));
      if (info->embedding_size > 0) tiers.emplace_back("embedding");
    }
    parts.push_back(fmt::format("{} ({}): {}", place.model, join(tiers, ", "), place_of(place)));
  }
  auto out = join(parts, "; ");
  for (const auto& card : places.cards) {
    out += fmt::format(". {} is {}, {:.1f} of {:.1f} GB are free", card.name, card.what, gigabytes(card.free),
                       gigabytes(card.total));
  }
  return out;
}

}  // namespace troupe

#pragma once
// What runs where, in words for people: the line that `troupe up` says at its start, and what models.List
// tells of a model. Pure.
#include <map>
#include <span>
#include <string>

#include "adapters/engine_llama/llama_engine.h"

namespace troupe {

// By model: "CPU", or "29 of 29 layers on Vulkan0".
std::map<std::string, std::string> where_models_run(const engine::ModelPlaces& places);

// Every model with its tiers and its place, then the cards with what is free; "" = there is no model.
std::string what_runs_where(const engine::ModelPlaces& places, std::span<const engine::ModelInfo> models);

}  // namespace troupe

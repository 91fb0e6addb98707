#include "services/router/router_shape.h"

#include <algorithm>

#include "base/text.h"

namespace troupe::router {

namespace {

constexpr std::uint64_t kOtherSeed = 0x9e3779b97f4a7c15;
constexpr double kLivelyEnough = 0.5;

}  // namespace

Result<std::optional<schema::Schema>> shape_of(const std::string& json_schema) {
  if (json_schema.empty()) return std::nullopt;
  TRY(auto read, schema::Schema::read(json_schema));
  return read;
}

Result<std::optional<schema::Schema>> Shapes::of(const std::string& json_schema) {
  if (const auto* known = read_.find(json_schema)) return *known;
  TRY(auto read, shape_of(json_schema));
  if (read) read_.put(json_schema, *read);
  return read;
}

std::string without_fence(std::string text) {
  const auto bare = trim(text);
  if (!bare.starts_with("```") || !bare.ends_with("```") || bare.size() < 7) return text;
  const auto first = bare.find('\n');
  if (first == std::string::npos) return text;
  return trim(std::string_view(bare).substr(first, bare.size() - first - 3));
}

void draw_again(engine::Sampling& sampling) {
  sampling.seed ^= kOtherSeed;
  sampling.temperature = std::max(sampling.temperature, kLivelyEnough);
}

void add(engine::Usage& usage, const engine::Usage& before) {
  usage.new_tokens += before.new_tokens;
  usage.total_us += before.total_us;
  usage.first_token_us += before.total_us;
  usage.cost_microusd += before.cost_microusd;
  usage.preemptions += before.preemptions;
  usage.wasted_tokens += before.wasted_tokens + before.new_tokens;
  usage.predicted_us += before.predicted_us;
  usage.computed_us += before.computed_us;
}

}  // namespace troupe::router

#pragma once
// Units that must not be mixed up. Game time is integer milliseconds since the world's day 1, 00:00.
#include <compare>
#include <cstdint>

namespace troupe {

// A span of game time.
struct GameSpan {
  std::int64_t ms = 0;
  auto operator<=>(const GameSpan&) const = default;
};

struct GameTime {
  std::int64_t ms = 0;
  auto operator<=>(const GameTime&) const = default;
  GameTime operator+(GameSpan span) const { return {ms + span.ms}; }
  GameSpan operator-(GameTime other) const { return {ms - other.ms}; }
};

constexpr GameSpan game_seconds(std::int64_t n) { return {n * 1000}; }
constexpr GameSpan game_minutes(std::int64_t n) { return {n * 60'000}; }
constexpr GameSpan game_hours(std::int64_t n) { return {n * 3'600'000}; }
constexpr GameSpan game_days(std::int64_t n) { return {n * 86'400'000}; }

// Money spent on inference, in millionths of a US dollar.
struct MicroUsd {
  std::int64_t value = 0;
  auto operator<=>(const MicroUsd&) const = default;
};

}  // namespace troupe

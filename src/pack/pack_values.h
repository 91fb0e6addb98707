#pragma once
// Values that every part of a pack has: where it was written, a time of day, the value of a state. Part of
// pack.h.
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::pack {

// Where something was written: the file relative to the pack's root, line and column from 1. No part of what
// was written: equal values may stand at different places.
struct Source {
  std::string file;
  int line = 0;
  int column = 0;
  friend bool operator==(const Source&, const Source&) { return true; }
};

// A time of day in minutes since midnight, 0..1439.
struct Clock {
  int minute = 0;
  auto operator<=>(const Clock&) const = default;
};
std::optional<Clock> parse_clock(std::string_view text);  // "07:00"; exactly HH:MM
std::string clock_text(Clock clock);

using Value = std::variant<bool, double, std::string>;  // the value of a state key ("lit": false)

}  // namespace troupe::pack

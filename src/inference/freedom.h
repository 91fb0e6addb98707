#pragma once
// What a model may do when a person speaks: by what was found of it, not by its name or its size. Pure.
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::inference {

enum class Freedom {
  rephrase,    // say what was decided in its own words
  small_talk,  // answer what asks for nothing
  nearest,     // answer from the nearest things that the person knows, or say that they know nothing
  first,       // speak first, from the same things; what was written stands by
};
inline constexpr std::array<std::string_view, 4> kFreedomNames = {"rephrase", "small_talk", "nearest",
                                                                  "first"};

constexpr std::string_view freedom_name(Freedom freedom) {
  return kFreedomNames[static_cast<std::size_t>(freedom)];
}

constexpr std::optional<Freedom> parse_freedom(std::string_view name) {
  for (std::size_t i = 0; i < kFreedomNames.size(); ++i) {
    if (kFreedomNames[i] == name) return static_cast<Freedom>(i);
  }
  return std::nullopt;
}

// Which of them somebody has. Who may speak first may do everything.
class Freedoms {
 public:
  static constexpr Freedoms all() {
    Freedoms out;
    out.add(Freedom::first);
    return out;
  }
  constexpr void add(Freedom freedom) { has_[static_cast<std::size_t>(freedom)] = true; }
  constexpr bool has(Freedom freedom) const {
    return has_[static_cast<std::size_t>(freedom)] || has_[static_cast<std::size_t>(Freedom::first)];
  }
  constexpr bool none() const {
    for (const bool one : has_) {
      if (one) return false;
    }
    return true;
  }
  bool operator==(const Freedoms&) const = default;

 private:
  std::array<bool, kFreedomNames.size()> has_{};
};

}  // namespace troupe::inference

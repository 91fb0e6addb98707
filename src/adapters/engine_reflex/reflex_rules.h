#pragma once
// How a reflex decides. Pure functions.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::engine {

// Words that carry meaning, lower case, cut to their stem-like first letters ("running" and "runs" meet in
// "run").
std::vector<std::string> reflex_words(std::string_view text);

// One score per option: overlap with the scene counts full, with the context half; `seed` breaks what is
// even.
std::vector<double> reflex_scores(std::string_view context, std::string_view scene,
                                  const std::vector<std::string>& options, std::uint64_t seed);

}  // namespace troupe::engine

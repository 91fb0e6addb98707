#pragma once
// Mathematics whose results may become history. What exp() and its kin answer differs in the last bits from
// one machine's library to another's; a world would then hash differently. So results are rounded to 2^-20
// before anybody compares, draws or keeps them. (+ - * / and sqrt are exact by IEEE 754 and need none of it.)
// Pure.
#include <cmath>

namespace troupe {

inline double steady(double value) { return std::nearbyint(value * 1048576.0) / 1048576.0; }
inline double steady_exp(double x) { return steady(std::exp(x)); }
inline double steady_exp2(double x) { return steady(std::exp2(x)); }
// Metres, to a millionth; not hypot(), whose last bit is nobody's promise.
inline double steady_distance(double dx, double dy) { return steady(std::sqrt(dx * dx + dy * dy)); }

}  // namespace troupe

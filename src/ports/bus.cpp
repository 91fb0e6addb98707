#include "ports/bus.h"

namespace troupe::bus {

bool subject_matches(std::string_view pattern, std::string_view subject) {
  for (;;) {
    if (pattern == ">") return !subject.empty();
    const auto pattern_end = pattern.find('.');
    const auto subject_end = subject.find('.');
    const auto wanted = pattern.substr(0, pattern_end);
    const auto token = subject.substr(0, subject_end);
    if (token.empty() || (wanted != "*" && wanted != token)) return false;
    const bool pattern_last = pattern_end == std::string_view::npos;
    const bool subject_last = subject_end == std::string_view::npos;
    if (pattern_last || subject_last) return pattern_last && subject_last;
    pattern.remove_prefix(pattern_end + 1);
    subject.remove_prefix(subject_end + 1);
  }
}

}  // namespace troupe::bus

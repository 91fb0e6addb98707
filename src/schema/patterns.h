#pragma once
// Patterns and formats of strings. Private to this room. RE2 runs them: its time is linear in the text,
// whatever the pattern is; what it has no way to run (lookahead, back references) is refused.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troupe::schema {

class Pattern {
 public:
  // The error's message says what is wrong, in words that follow the pattern.
  static Result<Pattern> read(const std::string& text);
  bool finds(std::string_view text) const;  // anywhere, as JSON schemas mean it
  // What that costs in a text of so many bytes, in steps of a check (some hundred nanoseconds).
  std::int64_t steps(std::size_t bytes) const;
  // How large it is: a short pattern can ask for thousands. Each took about a microsecond to make.
  std::int64_t states() const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

const std::vector<std::string>& format_names();
bool has_format(const std::string& format, std::string_view text);  // true for a format that is not known

// A grammar rule (GBNF) for a JSON string in which the pattern is found, with its quotes. It may be narrower
// than the pattern. nullopt where there is none that is worth it: then only the check holds it.
std::optional<std::string> pattern_rule(std::string_view pattern);
// The same for a format.
std::optional<std::string> format_rule(const std::string& format);

}  // namespace troupe::schema

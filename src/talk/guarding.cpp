#include "talk/guarding.h"

#include "talk/reading.h"

namespace troupe::talk {

Guarding read_guarding(const pack::Cursor& cursor) {
  Guarding out;
  pack::Fields fields(cursor, "guarding");
  if (!fields.valid()) return out;
  const auto patterns = [&](std::string_view key, Patterns& into) {
    if (const auto found = fields.required(key)) into = read_patterns(*found, key);
  };
  patterns("control", out.control);
  patterns("staged", out.staged);
  patterns("banned", out.banned);
  patterns("banned_unless", out.banned_unless);
  patterns("i_am", out.i_am);
  patterns("named", out.named);
  patterns("dodges", out.dodges);
  patterns("sayings", out.sayings);
  out.third = required_words(fields, "third");
  out.large = required_words(fields, "large");
  out.foreign = required_words(fields, "foreign");
  out.before_name = optional_words(fields, "before_name");
  return out;
}

}  // namespace troupe::talk

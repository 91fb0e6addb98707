#pragma once
// Patterns of a language file: RE2 behind a plain header, so its time is linear in the text, whatever the
// pattern is. Small and large letters are the same. What has marks is folded on both sides (fold() of
// words.h): a pattern
// "\büber\b" is read as "\bueber\b" and meets a folded line, so that \b, which knows plain letters only,
// works. Immutable and cheap to copy; any thread. Bounds: 1 KiB of pattern, 1 MiB compiled.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "pack/pack_yaml.h"

namespace troupe::talk {

class Pattern {
 public:
  Pattern() = default;  // finds nothing
  // The error's message says what is wrong, in words that follow the pattern.
  static Result<Pattern> read(std::string_view pattern);

  // In a folded text, anywhere.
  bool finds(std::string_view folded) const;

  struct Match {
    std::size_t begin = 0;  // bytes of the text that was searched
    std::size_t end = 0;
    std::vector<std::string> groups;  // what stands in the pattern's brackets, the first is groups[0]
    bool found = false;
    explicit operator bool() const { return found; }
  };
  Match find(std::string_view folded, std::size_t from = 0) const;

  // Every place where it is found, replaced; \1 is the first group.
  std::string replace(std::string_view text, std::string_view with) const;

  const std::string& text() const { return text_; }

 private:
  struct Program;
  std::string text_;
  std::shared_ptr<const Program> program_;
};

// Several patterns of which one is enough.
struct Patterns {
  std::vector<Pattern> all;
  bool find_any(std::string_view folded) const;
};

// The value at the cursor; one that is no pattern is reported where it stands.
Pattern read_pattern(const pack::Cursor& cursor, std::string_view what = "a pattern");
// A pattern or a list of them.
Patterns read_patterns(const pack::Cursor& cursor, std::string_view what = "a pattern");

}  // namespace troupe::talk

#pragma once
// A text as words in plain small letters, in each of the ways in which they may be meant: "Ph\u00fcck", "f u
// c k", "fuuuck", "sh1t", "f*ck". Pure.
#include <string>
#include <string_view>
#include <vector>

namespace troupe::moderation {

struct Word {
  std::vector<std::string> forms;  // the plainest first; '*' = any one letter
  std::size_t begin = 0;           // where it stands in the text, in bytes
  std::size_t end = 0;
  bool spelled = false;  // letter by letter
};

// In the order of the text. Words that were spelled out or split in two stand once more, whole, after their
// parts.
struct Folded {
  std::vector<Word> words;
  std::vector<Word> joined;
};
Folded fold(std::string_view text);

// Of an entry of a list: small letters without marks, single spaces; `*`, `+` and digits stay.
std::string fold_entry(std::string_view entry);

}  // namespace troupe::moderation

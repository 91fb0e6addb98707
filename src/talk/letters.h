#pragma once
// Letters, each a code point of UTF-8 (base/utf8.h). Private to this room. No locale: what a letter is must
// not depend on the machine.
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::talk {

void append(std::string& out, char32_t letter);

char32_t small(char32_t letter);
char32_t large(char32_t letter);
bool is_word_letter(char32_t letter);  // a letter or a digit of any script
bool is_white(char32_t letter);

// Appends the small letter without its marks: "Ü" as "ue", "é" as "e"; apostrophes and hyphens of one kind.
void append_folded(std::string& out, char32_t letter);

}  // namespace troupe::talk

#pragma once
// Letters of UTF-8, one code point at a time. Private to this room. No locale: what a letter is must not
// depend on the machine.
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::talk {

// The code point at `at`, which moves on behind it. A byte that is no UTF-8 is its own code point.
char32_t next_letter(std::string_view text, std::size_t& at);
void append(std::string& out, char32_t letter);

char32_t small(char32_t letter);
char32_t large(char32_t letter);
bool is_word_letter(char32_t letter);  // a letter or a digit of any script
bool is_white(char32_t letter);

// Appends the small letter without its marks: "Ü" as "ue", "é" as "e"; apostrophes and hyphens of one kind.
void append_folded(std::string& out, char32_t letter);

}  // namespace troupe::talk

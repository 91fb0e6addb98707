#include "talk/letters.h"

#include <array>

namespace troupe::talk {

namespace {

// The letters U+00DF to U+00FF without their marks.
constexpr std::array<std::string_view, 33> kLatinOne{
    "ss", "a", "a", "a", "a", "ae", "a",  "ae", "c",  "e", "e", "e", "e",  "i", "i",  "i", "i",
    "d",  "n", "o", "o", "o", "o",  "oe", "",   "oe", "u", "u", "u", "ue", "y", "th", "y"};
// U+0100 to U+017F, two code points (large and small) or one to a letter.
constexpr std::string_view kExtended =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
    "nnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

bool between(char32_t letter, char32_t low, char32_t high) { return letter >= low && letter <= high; }

}  // namespace

void append(std::string& out, char32_t letter) {
  if (letter < 0x80) {
    out += static_cast<char>(letter);
  } else if (letter < 0x800) {
    out += static_cast<char>(0xc0 | letter >> 6);
    out += static_cast<char>(0x80 | (letter & 0x3f));
  } else if (letter < 0x10000) {
    out += static_cast<char>(0xe0 | letter >> 12);
    out += static_cast<char>(0x80 | (letter >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (letter & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | letter >> 18);
    out += static_cast<char>(0x80 | (letter >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (letter >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (letter & 0x3f));
  }
}

char32_t small(char32_t letter) {
  if (between(letter, 'A', 'Z')) return letter + 32;
  if (between(letter, 0xc0, 0xde) && letter != 0xd7) return letter + 32;
  if (between(letter, 0x139, 0x148) || between(letter, 0x179, 0x17e)) return letter + letter % 2;
  if (between(letter, 0x100, 0x177)) return letter | 1;
  if (between(letter, 0x391, 0x3a9)) return letter + 32;
  if (between(letter, 0x400, 0x40f)) return letter + 80;
  if (between(letter, 0x410, 0x42f)) return letter + 32;
  return letter;
}

char32_t large(char32_t letter) {
  if (between(letter, 'a', 'z')) return letter - 32;
  if (between(letter, 0xe0, 0xfe) && letter != 0xf7) return letter - 32;
  if (between(letter, 0x139, 0x148) || between(letter, 0x179, 0x17e)) return letter - (letter + 1) % 2;
  if (between(letter, 0x100, 0x177)) return letter & ~char32_t{1};
  if (between(letter, 0x3b1, 0x3c9) && letter != 0x3c2) return letter - 32;
  if (between(letter, 0x450, 0x45f)) return letter - 80;
  if (between(letter, 0x430, 0x44f)) return letter - 32;
  return letter;
}

bool is_word_letter(char32_t letter) {
  if (letter < 0x80) {
    return between(letter, 'a', 'z') || between(letter, 'A', 'Z') || between(letter, '0', '9');
  }
  if (letter < 0xc0) return letter == 0xaa || letter == 0xb5 || letter == 0xba;
  if (letter == 0xd7 || letter == 0xf7) return false;
  const bool signs = between(letter, 0x2000, 0x2bff) || between(letter, 0x3000, 0x303f) ||
                     between(letter, 0xfe00, 0xfe0f) || between(letter, 0xff00, 0xff0f) || letter >= 0x1f000;
  return !signs;
}

bool is_white(char32_t letter) {
  return letter == ' ' || between(letter, '\t', '\r') || letter == 0xa0 || between(letter, 0x2000, 0x200b) ||
         letter == 0x2028 || letter == 0x2029 || letter == 0x202f || letter == 0x3000 || letter == 0xfeff;
}

void append_folded(std::string& out, char32_t letter) {
  letter = small(letter);
  if (letter < 0x80) {
    out += letter == '`' ? '\'' : static_cast<char>(letter);
  } else if (between(letter, 0xdf, 0xff)) {
    out += kLatinOne[letter - 0xdf];
  } else if (between(letter, 0x100, 0x17f)) {
    out += kExtended[letter - 0x100];
  } else if (letter == 0x1e9e) {
    out += "ss";
  } else if (between(letter, 0x300, 0x36f)) {
    // A mark of its own, after its letter: two dots make "ue" of a "u", all others go.
    const bool umlaut = letter == 0x308 && !out.empty() && std::string_view("aou").contains(out.back());
    if (umlaut) out += 'e';
  } else if (letter == 0x2018 || letter == 0x2019 || letter == 0x2bc || letter == 0xb4) {
    out += '\'';
  } else if (between(letter, 0x2010, 0x2015)) {
    out += '-';
  } else {
    append(out, letter);
  }
}

}  // namespace troupe::talk

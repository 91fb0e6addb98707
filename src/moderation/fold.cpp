#include "moderation/fold.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <unordered_map>

#include "base/text.h"
#include "base/utf8.h"

namespace troupe::moderation {

namespace {

constexpr const char* kConfusables =
#include "moderation/data/confusables.inc"
    ;

using Map = std::unordered_map<char32_t, std::string>;

const Map& letters() {
  static const Map map = [] {
    Map out;
    for (const auto& line : split(kConfusables, '\n')) {
      const auto parts = split(line, ' ');
      for (std::size_t i = 1; i < parts.size(); ++i) {
        std::uint32_t code = 0;
        std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), code, 16);
        out.emplace(code, parts[0]);
      }
    }
    for (const auto& [code, as] :
         std::initializer_list<std::pair<char32_t, const char*>>{{U'ß', "ss"},
                                                                 {U'ẞ', "ss"},
                                                                 {U'æ', "ae"},
                                                                 {U'Æ', "ae"},
                                                                 {U'œ', "oe"},
                                                                 {U'Œ', "oe"},
                                                                 {U'€', "e"},
                                                                 {U'£', "l"},
                                                                 {U'¥', "y"},
                                                                 {U'¢', "c"},
                                                                 {U'\U0001F595', "middlefinger"}}) {
      out[code] = as;
    }
    // Small capitals that the list leaves out.
    static constexpr std::u32string_view kSmall = U"ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ";
    static constexpr std::string_view kPlain = "abcdefghijklmnoprstuvwyz";
    static_assert(kSmall.size() == kPlain.size());
    for (std::size_t i = 0; i < kSmall.size(); ++i) out.emplace(kSmall[i], std::string(1, kPlain[i]));
    return out;
  }();
  return map;
}

bool is_invisible(char32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x2064) ||
         c == 0xFEFF || c == 0xAD || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0x20D0 && c <= 0x20FF) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF) ||
         c == 0x180E || c == 0x34F;
}

// Letters of alphabets that are listed nowhere stand for themselves: no word of a list has them.
constexpr char kForeign = '\x01';

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == kForeign; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_vowel(char c) { return std::string_view("aeiouy").contains(c); }

// "" = between words. Digits and the signs that stand for letters stay.
std::string plain(char32_t c) {
  if (c >= 'A' && c <= 'Z') return std::string(1, static_cast<char>(c - 'A' + 'a'));
  if (c < 0x80) {
    const char ascii = static_cast<char>(c);
    const bool stays = is_letter(ascii) || is_digit(ascii) || std::string_view("@$!|+(*#'").contains(ascii);
    return stays && ascii != kForeign ? std::string(1, ascii) : std::string();
  }
  if (const auto found = letters().find(c); found != letters().end()) return found->second;
  // (Their small, bold, circled and doubled forms are a letter's, by their place in the block.)
  if (c >= 0x1D400 && c <= 0x1D6A3) return std::string(1, static_cast<char>('a' + (c - 0x1D400) % 26));
  if (c >= 0xFF21 && c <= 0xFF3A) return std::string(1, static_cast<char>('a' + (c - 0xFF21)));
  if (c >= 0xFF41 && c <= 0xFF5A) return std::string(1, static_cast<char>('a' + (c - 0xFF41)));
  if (c >= 0x1F1E6 && c <= 0x1F1FF) return std::string(1, static_cast<char>('a' + (c - 0x1F1E6)));
  if (c >= 0xFF10 && c <= 0xFF19) return std::string(1, static_cast<char>('0' + (c - 0xFF10)));
  if (c == 0x2018 || c == 0x2019 || c == 0x2BC) return "'";
  const bool between =
      c < 0xC0 || (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x303F) || c >= 0x1F000;
  return between ? std::string() : std::string(1, kForeign);
}

std::string as_letters(std::string_view word, char one) {
  static constexpr std::string_view kFrom = "@4(36!|05$7+89";
  static constexpr std::string_view kTo = "aaceg..ossttbg";
  std::string out;
  for (const char c : word) {
    const auto found = kFrom.find(c);
    if (c == '1' || c == '!' || c == '|') {
      out += one;
    } else if (found != std::string_view::npos) {
      out += kTo[found];
    } else {
      out += c == '#' ? '*' : c;
    }
  }
  return out;
}

// Letters that are there more often than they should be: each run cut to the length that `keep` gives.
std::string with_runs(std::string_view word, std::size_t of_two, std::size_t of_more) {
  std::string out;
  for (std::size_t i = 0; i < word.size();) {
    std::size_t run = 1;
    while (i + run < word.size() && word[i + run] == word[i]) ++run;
    out.append(run == 1 ? 1 : run == 2 ? of_two : of_more, word[i]);
    i += run;
  }
  return out;
}

void add(std::vector<std::string>& forms, std::string form) {
  if (form.empty() || std::ranges::find(forms, form) != forms.end()) return;
  forms.push_back(std::move(form));
}

void add_with_runs(std::vector<std::string>& forms, const std::string& word) {
  add(forms, word);
  for (const auto& [two, more] : {std::pair<std::size_t, std::size_t>{2, 1}, {2, 2}, {1, 1}, {1, 2}})
    add(forms, with_runs(word, two, more));
}

std::string without(std::string_view word, std::string_view signs) {
  std::string out;
  for (const char c : word) {
    if (!signs.contains(c)) out += c;
  }
  return out;
}

std::string_view stripped(std::string_view word, std::string_view signs) {
  while (!word.empty() && signs.contains(word.front())) word.remove_prefix(1);
  while (!word.empty() && signs.contains(word.back())) word.remove_suffix(1);
  return word;
}

std::vector<std::string> forms_of(const std::string& raw) {
  std::vector<std::string> forms;
  const bool any = std::ranges::any_of(raw, is_letter);
  if (!any && (raw.size() < 2 || raw.find_first_of("@$") == std::string::npos)) return forms;
  // "f***" hides a word, "**bold**" none.
  const auto shown = std::ranges::count_if(raw, is_letter);
  const bool hides = shown <= 2 || !raw.ends_with("**");
  const std::string_view all = hides ? "!|+(#'$@" : "!|+(#'$@*";
  const std::string_view most = hides ? "!|+(#'" : "!|+(#'*";
  const std::string_view few = hides ? "'" : "'*";
  add_with_runs(forms, without(stripped(raw, "!|+(#'*$@"), "'!|+(#*"));
  // "n199" is a letter and a number.
  if (shown == 1 && std::ranges::count_if(raw, is_digit) >= 3) return forms;
  for (const auto ends : {most, all, few}) {
    const auto word = without(stripped(raw, ends), "'");
    for (const char one : {'i', 'l'}) add_with_runs(forms, as_letters(word, one));
  }
  if (auto hidden = raw; hidden.contains('@')) {  // "f@ck": a sign for whatever vowel
    std::ranges::replace(hidden, '@', '*');
    add(forms, without(stripped(hidden, "!|+(#'*$"), "'"));
  }
  return forms;
}

// Whether a piece is hardly a word of its own: "sh", "tch", "gger".
bool is_odd(std::string_view piece) {
  if (piece.size() == 1) return !std::string_view("aio").contains(piece[0]);
  const bool no_vowel = std::ranges::none_of(piece, is_vowel);
  return no_vowel || (piece.size() > 2 && piece[0] == piece[1] && !is_vowel(piece[0]));
}

void join(Folded& out) {
  const auto& words = out.words;
  std::vector<std::string> plain;
  for (const auto& word : words) plain.push_back(word.forms.empty() ? std::string() : word.forms.front());
  // "f u c k"
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string whole;
    std::size_t end = i;
    while (end < words.size() && plain[end].size() == 1 && end - i < 40) whole += plain[end++];
    if (end - i >= 3) {
      Word joined{.forms = {}, .begin = words[i].begin, .end = words[end - 1].end, .spelled = true};
      add_with_runs(joined.forms, whole);
      out.joined.push_back(std::move(joined));
    }
    if (end > i) i = end - 1;
  }
  // "fu ck"
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& a = plain[i];
    const auto& b = plain[i + 1];
    if (a.empty() || b.empty() || a.size() + b.size() > 16 || (!is_odd(a) && !is_odd(b))) continue;
    if (a.size() == 1 && b.size() == 1) continue;
    Word joined{.forms = {a + b}, .begin = words[i].begin, .end = words[i + 1].end};
    out.joined.push_back(std::move(joined));
  }
}

}  // namespace

Folded fold(std::string_view text) {
  Folded out;
  std::string raw;
  std::size_t begin = 0;
  bool after_small = false;
  const auto end_word = [&](std::size_t end) {
    if (raw.empty()) return;
    Word word{.forms = forms_of(raw), .begin = begin, .end = end};
    if (!word.forms.empty()) out.words.push_back(std::move(word));
    raw.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    const char32_t c = next_code_point(text, at);
    if (is_invisible(c)) continue;
    auto letter = plain(c);
    // "kiII": a capital in the middle of small letters is read either way.
    if (c == U'I' && !raw.empty() && (after_small || raw.back() == '|')) letter = "|";
    after_small = c >= U'a' && c <= U'z';
    if (letter.empty() || raw.size() > 64) {
      end_word(from);
    }
    if (letter.empty()) continue;
    if (raw.empty()) begin = from;
    raw += letter;
  }
  end_word(text.size());
  join(out);
  return out;
}

std::string fold_entry(std::string_view entry) {
  std::string out;
  for (std::size_t at = 0; at < entry.size();) {
    const char32_t c = next_code_point(entry, at);
    if (is_invisible(c) || c == U'\'') continue;
    if (c == ' ' || c == '-' || c == '&') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += plain(c);
    }
  }
  return trim(out);
}

}  // namespace troupe::moderation

#include "talk/normalise.h"

#include <algorithm>

namespace troupe::talk {

namespace {

constexpr std::size_t kMendFrom = 5;  // letters: shorter words are too near to each other

// The first of the words that one slip makes of this one. They are looked for by their beginnings: a slip
// leaves either the first letter or the second.
std::string mended(const std::set<std::string, std::less<>>& known, std::string_view word) {
  for (const std::string& other : known) {
    if (other.size() + 1 < word.size() || other.size() > word.size() + 1) continue;
    if (one_slip(word, other)) return other;
  }
  return {};
}

}  // namespace

bool one_slip(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (a == b || b.size() - a.size() > 1) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (b.size() > a.size()) return a.substr(i) == b.substr(i + 1);
  if (a.substr(i + 1) == b.substr(i + 1)) return true;
  return i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i] && a.substr(i + 2) == b.substr(i + 2);
}

std::string normalised(const Words& words, const Vocabulary& known, std::string_view line) {
  const auto all = tokens(line);
  // In a line with small letters a large one was meant: a name that is not mended.
  const bool has_large = std::ranges::any_of(
      all, [](const Token& token) { return begins_large(token.text) && token.begin > 0; });
  const bool shouted = has_large && std::ranges::all_of(all, [](const Token& token) {
                         return std::ranges::none_of(token.text, [](char c) { return c >= 'a' && c <= 'z'; });
                       });
  std::string out;
  std::size_t at = 0;
  for (const Token& token : all) {
    out += line.substr(at, token.begin - at);
    at = token.end;
    if (const auto form = words.short_forms.find(token.folded); form != words.short_forms.end()) {
      out += begins_large(token.text) ? upper_first(form->second) : form->second;
      continue;
    }
    const bool is_known = token.folded.size() < kMendFrom || token.folded.contains('\'') ||
                          known.names.contains(token.folded) || known.common.contains(token.folded) ||
                          words.common.contains(token.folded) || words.stop.contains(token.folded);
    const bool is_name =
        has_large && !shouted && !words.nouns_are_large && token.begin > 0 && begins_large(token.text);
    std::string other;
    if (!is_known && !is_name) other = mended(known.names, token.folded);
    if (!is_known && !is_name && other.empty()) other = mended(known.common, token.folded);
    if (!is_known && !is_name && other.empty()) other = mended(words.common, token.folded);
    if (other.empty()) {
      out += shouted ? token.folded : token.text;
    } else {
      out += begins_large(token.text) && !shouted ? upper_first(other) : other;
    }
  }
  out += line.substr(at);
  return shouted ? upper_first(tidied(out)) : tidied(out);
}

}  // namespace troupe::talk

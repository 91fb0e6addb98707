#include "talk/normalise.h"

#include <algorithm>

namespace troupe::talk {

namespace {

constexpr std::size_t kMendFrom = 5;        // letters: shorter words are too near to each other,
constexpr std::size_t kMendCommonFrom = 4;  // but for those in which everybody asks
constexpr std::size_t kLong = 7;            // words of which any slip is mended
constexpr int kNoSlip = 9;

bool are_beside(const Words& words, char a, char b) {
  for (std::size_t row = 0; row < words.keys.size(); ++row) {
    const auto at = words.keys[row].find(a);
    if (at == std::string::npos) continue;
    for (std::size_t other = row == 0 ? 0 : row - 1; other <= row + 1 && other < words.keys.size(); ++other) {
      const auto found = words.keys[other].find(b);
      // A key touches those of the rows above and below that stand at its place or one further left or right.
      if (found != std::string::npos && found + 1 >= at && found <= at + 1) return true;
    }
  }
  return false;
}

// How bad the slip is that makes `typed` of `meant`, the likeliest 0; kNoSlip where it is not one slip.
int slip_of(const Words& words, std::string_view typed, std::string_view meant) {
  if (!one_slip(typed, meant)) return kNoSlip;
  std::size_t i = 0;
  while (i < typed.size() && i < meant.size() && typed[i] == meant[i]) ++i;
  const int first = i == 0 ? 1 : 0;  // the first letter is seldom wrong
  if (typed.size() > meant.size()) return (i > 0 && typed[i] == typed[i - 1] ? 0 : 2) + first;
  if (typed.size() < meant.size()) return 1 + first;
  if (i + 1 < typed.size() && typed[i] == meant[i + 1] && typed[i + 1] == meant[i]) return 0;
  const bool vowels = words.vowels.contains(typed[i]) && words.vowels.contains(meant[i]);
  return (are_beside(words, typed[i], meant[i]) ? 1 : vowels ? 2 : 3) + first;
}

// The known word of which a slip made this one: the likeliest slip; of those names first, then what people
// ask with.
class Mender {
 public:
  Mender(const Words& words, const Vocabulary& known) : words_(words), known_(known) {}

  std::string mended(const std::string& typed) {
    best_.clear();
    cost_ = kNoSlip;
    if (typed.size() >= kMendFrom) {
      look(typed, known_.names);
      look(typed, known_.asked);
      look(typed, words_.stop);
      for (const auto& [form, meant] : words_.short_forms) take(typed, form);
      look(typed, known_.common);
      look(typed, words_.common);
    } else if (typed.size() >= kMendCommonFrom) {
      look(typed, known_.asked);
      look(typed, words_.stop);
    }
    return best_;
  }

 private:
  void look(std::string_view typed, const std::set<std::string, std::less<>>& all) {
    for (const std::string& other : all) take(typed, other);
  }
  void take(std::string_view typed, const std::string& other) {
    if (other.size() + 1 < typed.size() || other.size() > typed.size() + 1 || other.size() < kShortest)
      return;
    const int cost = slip_of(words_, typed, other);
    if (cost >= cost_) return;
    // A short word is too near to others to be mended where the slip is an unlikely one.
    if (typed.size() < kMendFrom ? cost > 1 : typed.size() < kLong && cost > 2) return;
    cost_ = cost;
    best_ = other;
  }

  static constexpr std::size_t kShortest = 3;
  const Words& words_;
  const Vocabulary& known_;
  std::string best_;
  int cost_ = kNoSlip;
};

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
  Mender mender(words, known);
  std::string out;
  std::size_t at = 0;
  for (const Token& token : all) {
    out += line.substr(at, token.begin - at);
    at = token.end;
    if (const auto form = words.short_forms.find(token.folded); form != words.short_forms.end()) {
      out += begins_large(token.text) ? upper_first(form->second) : form->second;
      continue;
    }
    const bool is_known = token.folded.size() < kMendCommonFrom || token.folded.contains('\'') ||
                          known.asked.contains(token.folded) || words.numbers.contains(token.folded) ||
                          known.stems.contains(stem(words, token.folded)) ||
                          known.names.contains(token.folded) || known.common.contains(token.folded) ||
                          words.common.contains(token.folded) || words.stop.contains(token.folded);
    const bool is_name =
        has_large && !shouted && !words.nouns_are_large && token.begin > 0 && begins_large(token.text);
    std::string other = is_known || is_name ? std::string() : mender.mended(token.folded);
    if (const auto form = words.short_forms.find(other); form != words.short_forms.end())
      other = form->second;
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

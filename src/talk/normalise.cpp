#include "talk/normalise.h"

#include <algorithm>

namespace troupe::talk {

namespace {

constexpr std::size_t kMendFrom = 3;  // letters of a word that is mended at all,
constexpr std::size_t kFree = 5;      // that is mended to any word at a likely slip,
constexpr std::size_t kLong = 7;      // at any slip
constexpr std::size_t kStemFrom = 4;  // of a stem by which another form of a word is known
constexpr int kNoSlip = 9;

// Keys that touch: in a row side by side; of the row below the one at its place and the one left of that.
bool are_beside(const Words& words, char a, char b) {
  const auto place = [&](char key) {
    for (std::size_t row = 0; row < words.keys.size(); ++row) {
      const auto at = words.keys[row].find(key);
      if (at != std::string::npos) return std::pair{static_cast<int>(row), static_cast<int>(at)};
    }
    return std::pair{-1, -1};
  };
  auto [row, at] = place(a);
  auto [other_row, other_at] = place(b);
  if (row < 0 || other_row < 0) return false;
  if (row == other_row) return at - other_at == 1 || other_at - at == 1;
  if (row > other_row) {
    std::swap(row, other_row);
    std::swap(at, other_at);
  }
  return other_row == row + 1 && (other_at == at || other_at + 1 == at);
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

  bool knows(const std::string& word) const {
    const std::string bare = stem(words_, word);
    return known_.asked.contains(word) || words_.numbers.contains(word) || known_.names.contains(word) ||
           known_.common.contains(word) || words_.common.contains(word) || words_.stop.contains(word) ||
           words_.titles.contains(word) || words_.short_forms.contains(word) ||
           (bare.size() >= kStemFrom && known_.stems.contains(bare));
  }
  // "" where no word is near. `name`: it has a large letter, so it is one of the names or another one.
  std::string mended(const std::string& typed, bool name) {
    if (typed.size() < kMendFrom || knows(typed)) return {};
    std::string best = nearest(typed, name);
    if (!best.empty() || name) return best;
    // Another form of a word: "burjing".
    for (const std::string& ending : words_.endings) {
      if (!typed.ends_with(ending) || typed.size() < ending.size() + kStemFrom) continue;
      const std::string bare = typed.substr(0, typed.size() - ending.size());
      best = knows(bare) ? bare : nearest(bare, false);
      if (!best.empty()) return best + ending;
    }
    return {};
  }

 private:
  std::string nearest(const std::string& typed, bool name) {
    best_.clear();
    cost_ = kNoSlip;
    // Names that are another's differ by a letter more or less: "Harbor" is no slip.
    most_ = name ? 1 : typed.size() < kFree ? 1 : typed.size() < kLong ? 2 : kNoSlip - 1;
    name_ = name;
    look(typed, known_.names);
    if (name) {
      look(typed, words_.titles);
      return best_;
    }
    look(typed, known_.asked);
    look(typed, words_.stop);
    for (const auto& [form, meant] : words_.short_forms) take(typed, form);
    if (typed.size() <= kMendFrom) return best_;
    look(typed, known_.common);
    look(typed, words_.common);
    return best_;
  }
  void look(std::string_view typed, const std::set<std::string, std::less<>>& all) {
    for (const std::string& other : all) take(typed, other);
  }
  void take(std::string_view typed, const std::string& other) {
    if (other.size() + 1 < typed.size() || other.size() > typed.size() + 1 || other.size() < kMendFrom)
      return;
    if (name_ && other.size() > typed.size()) return;
    const int cost = slip_of(words_, typed, other);
    if (cost > most_ || cost >= cost_) return;
    // Of three letters one was lost, or two changed places.
    if (typed.size() <= kMendFrom && cost == 1 && other.size() <= typed.size()) return;
    cost_ = cost;
    best_ = other;
  }

  const Words& words_;
  const Vocabulary& known_;
  std::string best_;
  int cost_ = kNoSlip;
  int most_ = 0;
  bool name_ = false;
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
    // "whaat's" is mended before its apostrophe.
    const bool is_name =
        has_large && !shouted && !words.nouns_are_large && token.begin > 0 && begins_large(token.text);
    const auto apostrophe = token.folded.find('\'');
    // "Don't" is right as it is, although nothing knows "don".
    const bool is_right =
        apostrophe != std::string::npos &&
        (mender.knows(token.folded) || std::ranges::any_of(words.short_forms, [&](const auto& form) {
           return form.second == token.folded;
         }));
    std::string other = is_right ? "" : mender.mended(token.folded.substr(0, apostrophe), is_name);
    if (!other.empty() && apostrophe != std::string::npos) other += token.folded.substr(apostrophe);
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

#include "inference/anytime.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace troupe::inference {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// What may stand between the full stop and the space.
constexpr std::array<std::string_view, 8> kClosers = {
    "\"", "'", ")", "]", "*", "\xE2\x80\x9D", "\xE2\x80\x99", "\xC2\xBB"};
// Full stop, exclamation and question mark, ellipsis; their wide forms, which no space follows.
constexpr std::array<std::string_view, 4> kStops = {".", "!", "?", "\xE2\x80\xA6"};
constexpr std::array<std::string_view, 3> kWideStops = {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F"};

bool ends_with_any(std::string_view text, auto const& endings, std::size_t* length = nullptr) {
  for (const auto ending : endings) {
    if (!text.ends_with(ending)) continue;
    if (length != nullptr) *length = ending.size();
    return true;
  }
  return false;
}

// Before a full stop that ends no sentence, in lower case. (Not "no.", "etc." and "usw.": they may.)
constexpr std::array<std::string_view, 41> kAbbreviations = {
    "mr",  "mrs",  "ms",  "dr",   "prof", "st",  "sr",  "jr",  "capt",   "sgt", "lt",  "col",  "gen", "rev",
    "hon", "mt",   "vs",  "cf",   "ca",   "bzw", "nr",  "hr",  "fr",     "frl", "hrn", "str",  "bd",  "jh",
    "geb", "gest", "ggf", "inkl", "evtl", "vgl", "mio", "mrd", "approx", "fig", "vol", "bros", "sog"};

// Whether the full stop at the end of `before` is part of its word.
bool goes_on(std::string_view before) {
  std::size_t length = 0;
  while (ends_with_any(before, kClosers, &length)) before.remove_suffix(length);
  if (!before.ends_with('.') || before.ends_with("..")) return false;
  before.remove_suffix(1);
  std::size_t from = before.size();
  while (from > 0 && !is_space(before[from - 1]) && before[from - 1] != '(' && before[from - 1] != '"')
    --from;
  const auto word = before.substr(from);
  if (word.empty()) return false;
  const bool number =
      word.size() <= 2 && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  bool initials = word != "I";  // "J", "z.B", "U.S"
  for (std::size_t i = 0; i < word.size(); ++i)
    initials = initials && (i % 2 == 0 ? letter(word[i]) : word[i] == '.');
  initials = initials && word.size() % 2 == 1;
  return number || initials || std::ranges::find(kAbbreviations, lower_ascii(word)) != kAbbreviations.end();
}

bool closes_sentence(std::string_view text) {
  std::size_t length = 0;
  while (ends_with_any(text, kClosers, &length)) text.remove_suffix(length);
  return ends_with_any(text, kStops);
}

}  // namespace

std::size_t sentence_end(std::string_view text, bool lines) {
  for (std::size_t end = text.size(); end > 0; --end) {
    const auto before = text.substr(0, end);
    if (ends_with_any(before, kWideStops)) return end;
    if (end == text.size() || !is_space(text[end]) || is_space(text[end - 1])) continue;
    if ((lines && text[end] == '\n') || (closes_sentence(before) && !goes_on(before))) return end;
  }
  return 0;
}

std::string WholeSentences::push(std::string_view piece) {
  // What was looked at before had no end: only the last word of it may belong to one. (All of it, each time,
  // would cost the square of a long sentence.)
  constexpr std::size_t kWord = 48;
  const auto from = held_.size() - std::min(held_.size(), kWord);
  held_ += piece;
  auto end = sentence_end(std::string_view(held_).substr(from), false);
  if (end > 0) end += from;
  auto out = held_.substr(0, end);
  held_.erase(0, end);
  text_ += out;
  return out;
}

std::string WholeSentences::finish(bool by_itself) {
  auto out = std::exchange(held_, {});
  while (!out.empty() && is_space(out.back())) out.pop_back();
  if (!by_itself && (!closes_sentence(out) || goes_on(out))) out.clear();
  text_ += out;
  return out;
}

std::string SentenceGate::show(std::string piece) {
  text_ += piece;
  return piece;
}

std::string SentenceGate::push(std::string_view piece, double tokens_left) {
  if (ended_) return {};
  ++tokens_;
  torn_ += piece;
  if (hold_) held_ += piece;
  std::string out = hold_ ? std::string() : std::string(piece);
  const auto end = sentence_end(torn_);
  if (end == 0) return show(std::move(out));

  // A sentence is complete, and `rest` belongs to the next.
  const auto rest = torn_.size() - end;
  ++sentences_;
  const double took = std::max(1, tokens_ - 1);
  typical_ = sentences_ == 1 ? std::max(took, kTypicalTokens / 2) : typical_ + 0.5 * (took - typical_);
  tokens_ = 1;
  auto& source = hold_ ? held_ : out;
  const auto mine = source.size() - std::min(source.size(), rest);
  std::string shown = source.substr(0, mine);
  std::string later = source.substr(mine);
  torn_.erase(0, end);
  held_.clear();
  if (tokens_left >= 0 && tokens_left < typical_) {
    ended_ = true;
    torn_.clear();
    return show(std::move(shown));
  }
  hold_ = tokens_left >= 0 && tokens_left < kHoldBelow * typical_;
  if (hold_) {
    held_ = std::move(later);
  } else {
    shown += later;
  }
  return show(std::move(shown));
}

std::string SentenceGate::finish() {
  std::string out;
  out.swap(held_);
  return show(std::move(out));
}

std::string SentenceGate::cut() {
  std::string out;
  if (closes_sentence(torn_)) {
    ++sentences_;
    torn_.clear();
    out.swap(held_);
  } else if (hold_) {
    torn_.clear();
  }
  held_.clear();
  return show(std::move(out));
}

void JsonCursor::push(std::string_view piece) {
  for (const char c : piece) {
    if (escaped_) {
      escaped_ = false;
    } else if (in_string_) {
      if (c == '\\') escaped_ = true;
      if (c == '"') in_string_ = false;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      opened_ = true;
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }
}

int closing_rank(std::string_view piece, const JsonCursor& at) {
  if (piece.empty()) return 0;
  const bool closers = piece.find_first_not_of("\"}]") == std::string_view::npos;
  if (at.in_string()) return closers && piece.front() == '"' && !at.escaped() ? 4 : 1;
  if (std::ranges::all_of(piece, is_space)) return 0;
  if (closers && piece.find('"') == std::string_view::npos) return 4;
  if (piece == "\"" || piece == "\"\"") return 3;
  return piece.front() == ',' || piece.front() == ':' ? 2 : 1;
}

}  // namespace troupe::inference

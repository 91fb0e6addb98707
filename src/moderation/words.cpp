#include "moderation/words.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace troupe::moderation {

namespace {

constexpr const char* kEnglish =
#include "moderation/data/words_en.inc"
    ;
constexpr const char* kGerman =
#include "moderation/data/words_de.inc"
    ;
constexpr const char* kNamesEnglish =
#include "moderation/data/ldnoobw_en.inc"
    ;
constexpr const char* kNamesGerman =
#include "moderation/data/ldnoobw_de.inc"
    ;

constexpr std::array<std::string_view, 12> kEndings = {"s",   "es", "ed", "d",   "er",  "ers",
                                                       "ing", "in", "y",  "ies", "est", "n"};
constexpr std::size_t kLeadMin = 3;  // of what stands before a `*`
constexpr int kMaskedLevelMin = 3;   // "f*ck": who hides a letter means the worst

bool masked(std::string_view form) { return form.contains('*'); }

// Whether the masked form can be this word: as long, its first letter and half of the others shown.
bool unmasks(std::string_view form, std::string_view word) {
  if (form.size() != word.size() || form.front() == '*') return false;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '*') continue;
    if (form[i] != word[i]) return false;
    ++shown;
  }
  return 2 * shown >= word.size();
}

}  // namespace

const Lists& Lists::get() {
  static const Lists lists;
  return lists;
}

Lists::Lists() {
  read(kEnglish);
  read(kGerman);
  read_names(kNamesEnglish);
  read_names(kNamesGerman);
  for (const auto& phrase : phrases_) by_letter_[phrase.parts.front().text.front()].push_back(&phrase);
}

bool Lists::Part::fits(std::string_view form) const {
  if (any) return true;
  if (open_before && open_after) return form.contains(text);
  if (open_before) return form.ends_with(text);
  if (open_after) return form.starts_with(text);
  if (form == text) return true;
  if (masked(form)) return unmasks(form, text);
  if (!endings || !form.starts_with(text)) return false;
  const auto rest = form.substr(text.size());
  // "stab" + "b" + "ing"
  const bool doubled = !rest.empty() && rest.front() == text.back();
  return std::ranges::find(kEndings, rest) != kEndings.end() ||
         (doubled && std::ranges::find(kEndings, rest.substr(1)) != kEndings.end());
}

bool Lists::Part::fits(const Word& word) const {
  return std::ranges::any_of(word.forms, [&](const auto& form) { return fits(form); });
}

Lists::Part Lists::part_of(std::string_view text) {
  Part out;
  if (text == "*") {
    out.any = true;
    return out;
  }
  if (text.starts_with('*')) {
    out.open_before = true;
    text.remove_prefix(1);
  }
  if (text.ends_with('*')) {
    out.open_after = true;
    text.remove_suffix(1);
  } else if (text.ends_with('+')) {
    out.endings = true;
    text.remove_suffix(1);
  }
  out.text = text;
  return out;
}

void Lists::add(std::string_view term, bool ok, Weight weight) {
  const auto words = split(fold_entry(term), ' ');
  if (words.empty() || words.front().empty()) return;
  std::vector<Part> parts;
  for (const auto& word : words) parts.push_back(part_of(word));
  if (parts.size() > 1) {
    (ok ? ok_phrases_ : phrases_).push_back({std::move(parts), weight});
    return;
  }
  const auto& part = parts.front();
  if (part.text.empty()) return;
  if (ok && part.open_before) {
    ok_open_.push_back(part);
  } else if (ok && part.open_after) {
    ok_open_.push_back(part);
  } else if (ok) {
    ok_[part.text] = true;
    for (const auto ending : kEndings) {
      if (part.endings) ok_[part.text + std::string(ending)] = true;
    }
  } else if (part.open_before) {
    open_.push_back({part, weight});
  } else if (part.open_after) {
    leads_[part.text].push_back(weight);
  } else {
    exact_[part.text].push_back(weight);
    if (!part.endings) return;
    const std::string doubled = part.text + part.text.back();
    for (const auto ending : kEndings) {
      exact_[part.text + std::string(ending)].push_back(weight);
      exact_[doubled + std::string(ending)].push_back(weight);
    }
    if (part.text.ends_with('e')) {
      const auto stem = part.text.substr(0, part.text.size() - 1);
      for (const char* ending : {"ing", "in", "y"}) exact_[stem + ending].push_back(weight);
    }
  }
}

void Lists::read(std::string_view data) {
  for (const auto& line : split(data, '\n')) {
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto name = line.substr(0, first);
    Weight weight{Category::language, line[first + 1] - '0'};
    const bool ok = name == "ok";
    if (!ok && !parse_category(name, weight.category)) continue;
    for (const auto& term : split(std::string_view(line).substr(second + 1), ',')) {
      if (!trim(term).empty()) add(trim(term), ok, weight);
    }
  }
}

// A list of bare words. What the lists above say of one of them counts instead.
void Lists::read_names(std::string_view data) {
  constexpr Weight kUnknown{Category::sexual, 3};
  const auto known_phrase = [](const std::vector<Phrase>& phrases, const std::vector<std::string>& words) {
    return std::ranges::any_of(phrases, [&](const Phrase& phrase) {
      if (phrase.parts.size() != words.size()) return false;
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (!phrase.parts[i].fits(words[i])) return false;
      }
      return true;
    });
  };
  for (const auto& line : split(data, '\n')) {
    const auto name = fold_entry(line);
    if (name.empty()) continue;
    const auto words = split(name, ' ');
    const bool known = words.size() == 1 ? is_ok({.forms = {name}}) || !weights(name, Reach::all).empty()
                                         : known_phrase(phrases_, words) || known_phrase(ok_phrases_, words);
    if (known) continue;
    add(name, false, kUnknown);
    if (words.size() == 1) add(name + "s", false, kUnknown);
  }
}

bool Lists::is_ok(const Word& word) const {
  return std::ranges::any_of(word.forms, [&](const auto& form) {
    return ok_.contains(form) ||
           std::ranges::any_of(ok_open_, [&](const Part& part) { return part.fits(form); });
  });
}

std::vector<bool> Lists::harmless_of(const std::vector<Word>& words) const {
  std::vector<bool> out(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    // (Of the word as it stands: "5uck" is not the word that is harmless.)
    if (!words[i].forms.empty() && is_ok({.forms = {words[i].forms.front()}})) out[i] = true;
    for (const auto& phrase : ok_phrases_) {
      if (!follows(phrase, words, i)) continue;
      for (std::size_t k = 0; k < phrase.parts.size(); ++k) out[i + k] = true;
    }
  }
  return out;
}

bool Lists::follows(const Phrase& phrase, const std::vector<Word>& words, std::size_t at) const {
  if (at + phrase.parts.size() > words.size()) return false;
  for (std::size_t i = 0; i < phrase.parts.size(); ++i) {
    if (!phrase.parts[i].fits(words[at + i])) return false;
  }
  return true;
}

std::vector<Lists::Weight> Lists::weights(std::string_view form, Reach reach) const {
  std::vector<Weight> out;
  const auto take = [&](const std::vector<Weight>& more) { out.insert(out.end(), more.begin(), more.end()); };
  if (masked(form)) {
    for (const auto& [word, found] : exact_) {
      if (unmasks(form, word))
        std::ranges::copy_if(found, std::back_inserter(out),
                             [](auto w) { return w.level >= kMaskedLevelMin; });
    }
    for (const auto& one : open_) {
      for (std::size_t at = 0; at + one.part.text.size() <= form.size(); ++at) {
        if (unmasks(form.substr(at, one.part.text.size()), one.part.text) &&
            one.weight.level >= kMaskedLevelMin)
          out.push_back(one.weight);
      }
    }
    return out;
  }
  if (const auto found = exact_.find(std::string(form)); found != exact_.end()) take(found->second);
  if (reach == Reach::whole) {
    for (const auto& one : open_) {
      if (one.part.text == form) out.push_back(one.weight);
    }
    return out;
  }
  for (const auto& one : open_) {
    if (one.part.fits(form)) out.push_back(one.weight);
  }
  for (std::size_t size = kLeadMin; size <= form.size(); ++size) {
    if (const auto found = leads_.find(std::string(form.substr(0, size))); found != leads_.end())
      take(found->second);
  }
  return out;
}

const std::vector<const Lists::Phrase*>& Lists::by_letter(char letter) const {
  static const std::vector<const Phrase*> kNone;
  const auto found = by_letter_.find(letter);
  return found == by_letter_.end() ? kNone : found->second;
}

}  // namespace troupe::moderation

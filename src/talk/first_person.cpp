#include "talk/first_person.h"

#include <algorithm>

#include "talk/reading.h"
#include "talk/words.h"

namespace troupe::talk {

namespace {

using Replaced = std::map<std::string, std::string, std::less<>>;

Replaced read_replaced(const pack::Cursor& cursor, std::string_view what) {
  Replaced out;
  for (const auto& [key, value] : cursor.map(what)) out[fold(key.node().text)] = value.text(key.node().text);
  return out;
}

// "sorts" -> "sort"; none where the word has no ending of a verb.
std::optional<std::string> verb_of(const FirstPerson& rules, const Token& token) {
  if (const auto found = rules.irregular.find(token.folded); found != rules.irregular.end())
    return found->second;
  for (const auto& [ending, with] : rules.endings) {
    if (!token.text.ends_with(ending) || token.text.size() < ending.size() + 2) continue;
    if (with == "=") return std::nullopt;  // looks like one and is none: "less"
    return token.text.substr(0, token.text.size() - ending.size()) + with;
  }
  return std::nullopt;
}

// A text as words and what stands between them, so that words can be changed one by one.
struct Pieces {
  std::vector<Token> words;
  std::vector<std::string> gaps;  // before each word, and after the last
  explicit Pieces(std::string_view text) : words(tokens(text)) {
    std::size_t at = 0;
    for (const Token& word : words) {
      gaps.emplace_back(text.substr(at, word.begin - at));
      at = word.end;
    }
    gaps.emplace_back(text.substr(at));
  }
  std::string joined() const {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) out += gaps[i] + words[i].text;
    return out + gaps.back();
  }
  bool is_verb_place(const FirstPerson& rules, std::size_t i) const {
    const bool joined = i > 0 && rules.joiners.contains(words[i - 1].folded);
    const bool listed = i > 0 && gaps[i].starts_with(',');
    if (!joined && !listed) return false;
    if (rules.adverbs.contains(words[i].folded)) return false;
    if (rules.irregular.contains(words[i].folded)) return true;
    if (rules.small_verbs) return joined && !begins_large(words[i].text);
    if (i + 1 == words.size()) return joined;
    if (rules.followers.contains(words[i + 1].folded) || (joined && gaps[i + 1].starts_with(',')))
      return true;
    // The last of a list of verbs: "writes her own reports, sings and reads poetry".
    for (std::size_t k = 1; joined && k < i; ++k) {
      if (gaps[k].starts_with(',') && !rules.joiners.contains(words[k].folded) && is_verb_place(rules, k))
        return true;
    }
    return false;
  }
};

// The verb that belongs to a subject before word `i`, past adverbs. False where there is none.
bool turn_verb(const FirstPerson& rules, Pieces& pieces, std::size_t i) {
  while (i < pieces.words.size() && rules.adverbs.contains(pieces.words[i].folded)) ++i;
  if (i >= pieces.words.size()) return false;
  if (const auto verb = verb_of(rules, pieces.words[i])) pieces.words[i].text = *verb;
  return true;
}

std::string ended(std::string text) {
  if (!text.empty() && text.find_last_of(".!?") != text.size() - 1) text += '.';
  return upper_first(text);
}

// "Her mother runs the mill, and she misses her.": "My mother runs the mill." What stands behind a comma
// speaks of one of two, and a rule cannot tell of which.
std::optional<std::string> of_theirs(const FirstPerson& rules, const Pieces& pieces, const Replaced& own,
                                     const Named& who, const std::string& mine) {
  constexpr std::size_t kWordsMin = 4;
  std::string out = upper_first(mine), clause;
  std::size_t i = 1;
  for (; i < pieces.words.size() && pieces.gaps[i].find_first_not_of(' ') == std::string::npos; ++i) {
    const Token& word = pieces.words[i];
    if (rules.joiners.contains(word.folded) && i >= kWordsMin) clause = out;
    if (own.contains(word.folded) || word.folded == who.pronoun || is_among(who.names, word.text))
      return clause.empty() ? std::nullopt : std::optional(ended(clause));
    out += " " + word.text;
  }
  return i < kWordsMin ? std::nullopt : std::optional(ended(out));
}

}  // namespace

FirstPerson read_first_person(const pack::Cursor& cursor) {
  pack::Fields fields(cursor, "first_person");
  FirstPerson out;
  out.subject = fields.text("subject");
  if (const auto pronouns = fields.required("pronouns")) {
    for (const auto& [key, value] : pronouns->map("pronouns"))
      out.pronouns[fold(key.node().text)] = read_replaced(value, key.node().text);
  }
  if (const auto irregular = fields.required("irregular"))
    out.irregular = read_replaced(*irregular, "irregular");
  if (const auto endings = fields.required("endings")) {
    for (const auto& [key, value] : endings->map("endings"))
      out.endings.emplace_back(key.node().text, value.node().text);
  }
  out.small_verbs = fields.boolean_or("small_verbs", false);
  out.adverbs = optional_words(fields, "adverbs");
  out.joiners = required_words(fields, "joiners");
  out.followers = required_words(fields, "followers");
  if (const auto together = fields.optional("together")) out.together = read_replaced(*together, "together");
  out.named = fields.text_or("named", "");
  out.whose = fields.text_or("whose", "");
  if (const auto alone = fields.optional("alone")) out.alone = read_replaced(*alone, "alone");
  return out;
}

std::optional<std::string> activity_in_first_person(const FirstPerson& rules, std::string_view activity) {
  Pieces pieces(tidied(activity));
  if (pieces.words.empty()) return std::nullopt;
  for (std::size_t i = 1; i < pieces.words.size(); ++i) {
    if (!pieces.is_verb_place(rules, i)) continue;
    if (const auto verb = verb_of(rules, pieces.words[i])) pieces.words[i].text = *verb;
  }
  if (!turn_verb(rules, pieces, 0)) return std::nullopt;
  // "with her back to the wall": it is their own back, whoever they are.
  for (Token& word : pieces.words) {
    for (const auto& [owner, replaced] : rules.pronouns) {
      if (const auto found = replaced.find(word.folded); found != replaced.end()) word.text = found->second;
    }
  }
  return ended(rules.subject + " " + pieces.joined());
}

std::vector<std::string> clauses(const FirstPerson& rules, std::string_view sentence) {
  constexpr std::size_t kWordsMin = 3;
  std::vector<std::string> out;
  for (const std::string& one : sentences(sentence)) {
    const Pieces pieces(one);
    std::vector<std::string> parts{""};
    std::size_t words = 0;
    for (std::size_t i = 0; i < pieces.words.size(); ++i) {
      const bool joins = rules.joiners.contains(pieces.words[i].folded);
      if ((joins || pieces.gaps[i].starts_with(',')) && words >= kWordsMin) {
        parts.emplace_back();
        words = 0;
      }
      if (joins && words == 0) continue;
      parts.back() += (words == 0 ? "" : " ") + pieces.words[i].text;
      ++words;
    }
    if (parts.size() < 2) continue;
    for (std::string& part : parts) {
      const auto all = tokens(part);
      if (all.size() < kWordsMin) continue;
      const bool has_subject = all.front().text == rules.subject || begins_large(all.front().text);
      out.push_back(ended(has_subject ? part : rules.subject + " " + part));
    }
  }
  return out;
}

std::string pronoun_of(const FirstPerson& rules, std::string_view persona) {
  for (const std::string& sentence : sentences(persona)) {
    const auto words = tokens(sentence);
    if (!words.empty() && rules.pronouns.contains(words.front().folded)) return words.front().folded;
  }
  return {};
}

std::optional<std::string> sentence_in_first_person(const FirstPerson& rules, std::string_view sentence,
                                                    const Named& who) {
  static const Replaced kNone;
  Pieces pieces(tidied(sentence));
  const auto table = rules.pronouns.find(who.pronoun);
  const Replaced& own = table == rules.pronouns.end() ? kNone : table->second;
  const auto is_name = [&](const Token& word) { return is_among(who.names, word.text); };
  const auto is_self = [&](const Token& word) {
    return is_name(word) || (!who.pronoun.empty() && word.folded == who.pronoun);
  };
  if (pieces.words.empty()) return std::nullopt;
  if (const auto mine = own.find(pieces.words.front().folded); mine != own.end())
    return of_theirs(rules, pieces, own, who, mine->second);
  if (!is_self(pieces.words.front())) return std::nullopt;
  const bool another = std::ranges::any_of(pieces.words, [&](const Token& word) {
    return std::ranges::any_of(who.others,
                               [&](const std::string& name) { return word.text.starts_with(name); });
  });
  std::vector<std::size_t> subjects;
  for (std::size_t i = 0; i < pieces.words.size(); ++i) {
    Token& word = pieces.words[i];
    const bool goes_on = !subjects.empty() && subjects.back() + 1 == i && is_name(word);
    if (!rules.named.empty() && word.folded.ends_with(rules.named) &&
        is_among(who.names, word.text.substr(0, word.text.size() - rules.named.size()))) {
      word.text = rules.whose;
    } else if (goes_on) {  // the second half of a whole name
      word.text.clear();
      pieces.gaps[i].clear();
      subjects.back() = i;
    } else if (is_self(word)) {
      // A name that does something to nobody's order is an object: "Odo let Pip polish the brass."
      const bool begins =
          i == 0 || pieces.gaps[i].starts_with(',') || rules.joiners.contains(pieces.words[i - 1].folded);
      if (is_name(word) && !begins) return std::nullopt;
      word.text = rules.subject;
      subjects.push_back(i);
    } else if (const auto mine = own.find(word.folded); mine != own.end()) {
      if (another) return std::nullopt;  // whose it is, is not for a rule
      const bool ends =
          i + 1 == pieces.words.size() || pieces.gaps[i + 1].find_first_of(",.;:!?") != std::string::npos;
      const auto by_itself = ends ? rules.alone.find(mine->second) : rules.alone.end();
      word.text = by_itself == rules.alone.end() ? mine->second : by_itself->second;
    } else if (const auto ours = rules.together.find(word.folded); ours != rules.together.end()) {
      if (!another) return std::nullopt;
      word.text = ours->second;
    }
  }
  for (std::size_t i = 1; i < pieces.words.size(); ++i) {
    if (is_among(subjects, i) || !pieces.is_verb_place(rules, i)) continue;
    if (const auto verb = verb_of(rules, pieces.words[i])) pieces.words[i].text = *verb;
  }
  for (const std::size_t subject : subjects) turn_verb(rules, pieces, subject + 1);
  return ended(tidied(pieces.joined()));
}

}  // namespace troupe::talk

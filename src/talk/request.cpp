#include "talk/request.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kParticleWithin = 7;  // words between a verb and its particle
constexpr std::size_t kSkipped = 1;         // words within a phrase: "have a good look"
constexpr std::array<std::string_view, 10> kMarks{",", ";", ":", ".", "!", "?", "…", "—", "–", " - "};

bool has_mark(std::string_view gap) {
  return std::ranges::any_of(kMarks, [&](std::string_view mark) { return gap.contains(mark); });
}

std::string_view text_between(const Utterance& sentence, std::size_t from, std::size_t to) {
  if (from >= to) return {};
  const std::size_t begin = sentence.words[from].begin;
  const std::size_t end = to < sentence.words.size() ? sentence.words[to].begin : sentence.folded.size();
  return std::string_view(sentence.folded).substr(begin, end - begin);
}

// The base form of a verb behind words that ask: "lighting" of "would you mind lighting".
bool is_form_of(const Acting& acting, std::string_view word, std::string_view verb) {
  if (word == verb) return true;
  for (const std::string& ending : acting.verb_endings) {
    if (!word.ends_with(ending) || word.size() < ending.size() + 2) continue;
    const auto root = word.substr(0, word.size() - ending.size());
    if (root == verb) return true;
    if (verb.ends_with('e') && root == verb.substr(0, verb.size() - 1)) return true;
    const bool doubled = root.size() > 2 && root[root.size() - 1] == root[root.size() - 2];
    if (doubled && root.substr(0, root.size() - 1) == verb) return true;
  }
  return false;
}

// An order in a language whose verbs have endings: "zuend" and "zuende" of "zuenden".
bool is_order_of(const Acting& acting, std::string_view word, std::string_view verb) {
  if (word == verb) return true;
  return std::ranges::any_of(acting.verb_endings, [&](const std::string& ending) {
    if (!verb.ends_with(ending) || !word.starts_with(verb.substr(0, verb.size() - ending.size())))
      return false;
    const auto rest = word.substr(verb.size() - ending.size());
    return rest.empty() || rest == "e" || rest == "t" || rest == "et";
  });
}

// The words of a phrase from here on, with little between them. Returns the end, or 0.
std::size_t phrase_from(const Utterance& sentence, std::size_t at, const std::vector<std::string>& phrase,
                        const auto& first_fits) {
  if (at >= sentence.words.size() || !first_fits(sentence.words[at].folded)) return 0;
  std::size_t end = at + 1;
  for (std::size_t i = 1; i < phrase.size(); ++i) {
    std::size_t next = end;
    while (next < sentence.words.size() && next <= end + kSkipped && sentence.words[next].folded != phrase[i])
      ++next;
    if (next >= sentence.words.size() || next > end + kSkipped) return 0;
    end = next + 1;
  }
  return end;
}

bool has_word(const Utterance& sentence, std::size_t from, std::size_t to, const Words& words,
              std::string_view word) {
  for (std::size_t i = from; i < std::min(to, sentence.words.size()); ++i) {
    if (same_word(words, sentence.words[i].folded, word)) return true;
  }
  return false;
}

}  // namespace

bool same_word(const Words& words, std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto bare = [&](std::string_view word) {
    if (word.ends_with("'s")) word.remove_suffix(2);
    for (const std::string& ending : words.name_endings) {
      if (word.ends_with(ending) && word.size() > ending.size() + 2) {
        word.remove_suffix(ending.size());
        break;
      }
    }
    return word;
  };
  return bare(a) == bare(b) || stem(words, a) == stem(words, b);
}

std::size_t Utterance::clause_end(std::size_t word) const {
  std::size_t end = word + 1;
  while (end < words.size() && clause[end] == clause[word]) ++end;
  return end;
}

std::vector<Utterance> utterances(const Language& language, std::string_view line) {
  std::vector<Utterance> out;
  for (const std::string& text : sentences(line)) {
    if (out.size() == kSentencesMax) break;
    Utterance made;
    made.folded = fold(text);
    made.words = tokens(made.folded);
    if (made.words.empty()) continue;
    for (std::size_t i = 0; i < made.words.size(); ++i) {
      const std::size_t before = i == 0 ? 0 : made.words[i - 1].end;
      const bool begins =
          i == 0 || has_mark(std::string_view(made.folded).substr(before, made.words[i].begin - before));
      made.clause.push_back(begins ? i : made.clause.back());
    }
    made.forbidden = std::ranges::any_of(language.acting.never,
                                         [&](const NoRequest& rule) { return forbids(rule, made.folded); });
    out.push_back(std::move(made));
  }
  return out;
}

bool taken_back(const Acting& acting, const Utterance& sentence, std::size_t word) {
  const std::size_t begin = sentence.clause[word];
  const auto before = text_between(sentence, begin, word);
  if (acting.reports.find_any(before) || acting.negative.find_any(before)) return true;
  return acting.negates_behind &&
         acting.negative.find_any(text_between(sentence, word, sentence.clause_end(word)));
}

namespace {

class SpotFinder {
 public:
  SpotFinder(const Language& language, const Utterance& sentence, const std::vector<std::string>& called)
      : language_(language), acting_(language.acting), sentence_(sentence), called_(called) {}

  std::vector<Spot> find() {
    orders();
    asks();
    return std::move(out_);
  }

 private:
  bool is_called(const std::string& word) const {
    if (language_.words.titles.contains(word)) return true;
    return std::ranges::any_of(called_, [&](const std::string& name) {
      return std::ranges::any_of(tokens(name), [&](const Token& token) { return token.folded == word; });
    });
  }
  void add(std::size_t word, const Spot& like) {
    const bool known = std::ranges::any_of(
        out_, [&](const Spot& spot) { return spot.word == word && spot.asked == like.asked; });
    if (known || taken_back(acting_, sentence_, word)) return;
    out_.push_back(like);
    out_.back().word = word;
  }
  // The word and those behind what only goes before it.
  void add_from(std::size_t word, const Spot& like) {
    for (; word < sentence_.words.size(); ++word) {
      add(word, like);
      const std::string& text = sentence_.words[word].folded;
      if (!acting_.fillers.contains(text) && !acting_.sends.contains(text) && !is_called(text)) break;
    }
  }
  // "... and ring the bell" is an order behind an order: the sentence begins with no subject, or asks.
  bool goes_on(std::size_t word) const {
    const std::size_t begin = sentence_.clause[word];
    for (std::size_t i = begin; i < word; ++i) {
      const std::string& text = sentence_.words[i].folded;
      if (acting_.fillers.contains(text) || is_called(text) || acting_.joins.contains(text)) continue;
      if (acting_.sends.contains(text) || !language_.words.stop.contains(text)) return true;
      break;
    }
    return acting_.asks.find_any(text_between(sentence_, begin, word));
  }
  void orders() {
    const Spot order{0, false, false, "an order"};
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      if (sentence_.clause[i] == i) {
        std::size_t at = i;
        while (at < sentence_.words.size() && acting_.joins.contains(sentence_.words[at].folded)) ++at;
        add_from(at, order);
      } else if (acting_.joins.contains(sentence_.words[i - 1].folded) && goes_on(i - 1)) {
        add_from(i, order);
      }
    }
  }
  std::size_t word_at(std::size_t byte) const {
    std::size_t out = 0;
    while (out < sentence_.words.size() && sentence_.words[out].begin < byte) ++out;
    return out;
  }
  void asks() {
    for (const Pattern& pattern : acting_.asks.all) {
      for (auto match = pattern.find(sentence_.folded); match;
           match = pattern.find(sentence_.folded, match.end)) {
        if (match.end == match.begin) break;
        const auto frame =
            tidied(std::string_view(sentence_.folded).substr(match.begin, match.end - match.begin));
        add_from(word_at(match.end), {0, true, false, frame});
      }
    }
    for (const Pattern& pattern : acting_.asks_apart.all) {
      const auto match = pattern.find(sentence_.folded);
      if (!match) continue;
      const auto frame =
          tidied(std::string_view(sentence_.folded).substr(match.begin, match.end - match.begin));
      const std::size_t first = word_at(match.end);
      if (first >= sentence_.words.size()) continue;
      for (std::size_t i = first; i < sentence_.clause_end(first); ++i) add(i, {0, true, true, frame});
    }
  }

  const Language& language_;
  const Acting& acting_;
  const Utterance& sentence_;
  const std::vector<std::string>& called_;
  std::vector<Spot> out_;
};

}  // namespace

std::vector<Spot> spots(const Language& language, const Utterance& sentence,
                        const std::vector<std::string>& called) {
  return SpotFinder(language, sentence, called).find();
}

VerbFound verb_at(const Language& language, const Utterance& sentence, const Spot& spot,
                  const DeedWords::Verb& verb) {
  const Acting& acting = language.acting;
  const std::string& first = verb.words.front();
  VerbFound out;
  if (acting.verb_last && spot.asked) {
    // "anzuenden", in one word, at the end of a phrase.
    const std::string whole = verb.particle + verb.words.back();
    out.end = spot.word + 1;
    out.found = sentence.words[spot.word].folded == whole && verb.words.size() == 1;
    return out;
  }
  out.end = phrase_from(sentence, spot.word, verb.words, [&](std::string_view word) {
    if (acting.verb_last) return is_order_of(acting, word, first);
    return spot.asked ? is_form_of(acting, word, first) : word == first;
  });
  if (out.end == 0) return out;
  const std::size_t reach = std::min(sentence.clause_end(spot.word), out.end + kParticleWithin);
  out.found = (verb.particle.empty() || has_word(sentence, out.end, reach, language.words, verb.particle)) &&
              (verb.fixed.empty() || has_word(sentence, out.end, reach, language.words, verb.fixed));
  return out;
}

bool has_verb(const Language& language, const Utterance& sentence, const DeedWords::Verb& verb) {
  const Words& words = language.words;
  for (std::size_t i = 0; i < sentence.words.size(); ++i) {
    const std::size_t end = phrase_from(sentence, i, verb.words, [&](std::string_view word) {
      return same_word(words, word, verb.words.front()) ||
             is_form_of(language.acting, word, verb.words.front());
    });
    if (end == 0) continue;
    if (!verb.particle.empty() && !has_word(sentence, 0, sentence.words.size(), words, verb.particle))
      continue;
    if (!verb.fixed.empty() && !has_word(sentence, 0, sentence.words.size(), words, verb.fixed)) continue;
    return true;
  }
  return false;
}

NameFound name_in(const Language& language, const Utterance& sentence, const DeedWords::Object& object,
                  std::size_t from) {
  for (const auto& name : object.names) {
    for (std::size_t i = from; i + name.size() <= sentence.words.size(); ++i) {
      bool same = true;
      for (std::size_t k = 0; k < name.size() && same; ++k)
        same = same_word(language.words, sentence.words[i + k].folded, name[k]);
      if (same) return {true, i, i + name.size()};
    }
  }
  return {};
}

}  // namespace troupe::talk

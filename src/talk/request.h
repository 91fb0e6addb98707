#pragma once
// A line as requests are looked for in it: its sentences, where in them the verb of a request may stand, and
// what takes a request back. Private to this room.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "talk/deed_words.h"
#include "talk/language.h"

namespace troupe::talk {

// One sentence. A clause reaches from one mark to the next.
struct Utterance {
  std::string folded;
  std::vector<Token> words;
  std::vector<std::size_t> clause;                 // of each word: the first word of its clause
  bool forbidden = false;                          // is no request, whatever stands in it
  std::size_t clause_end(std::size_t word) const;  // behind the last word of its clause
};
// At most kSentencesMax.
inline constexpr std::size_t kSentencesMax = 16;
std::vector<Utterance> utterances(const Language& language, std::string_view line);

// Where the verb of a request may stand.
struct Spot {
  std::size_t word = 0;
  bool asked = false;  // "could you ...", not "..."
  bool apart = false;  // anywhere behind the words that ask
  std::string frame;   // the words that ask; "an order"
};
std::vector<Spot> spots(const Language& language, const Utterance& sentence,
                        const std::vector<std::string>& called);

// Reported or negated before it in its clause.
bool taken_back(const Acting& acting, const Utterance& sentence, std::size_t word);

struct VerbFound {
  bool found = false;
  std::size_t end = 0;  // behind its last word, particles aside
};
VerbFound verb_at(const Language& language, const Utterance& sentence, const Spot& spot,
                  const DeedWords::Verb& verb);
// Anywhere in the sentence, in any form.
bool has_verb(const Language& language, const Utterance& sentence, const DeedWords::Verb& verb);

struct NameFound {
  bool found = false;
  std::size_t begin = 0, end = 0;  // words
};
// The longest of the names, the first place; from a word on.
NameFound name_in(const Language& language, const Utterance& sentence, const DeedWords::Object& object,
                  std::size_t from = 0);

// The same word, whatever its number or case.
bool same_word(const Words& words, std::string_view a, std::string_view b);

}  // namespace troupe::talk

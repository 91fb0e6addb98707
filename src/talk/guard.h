#pragma once
// Whether the words of a model may be said: everything that can be seen of them without understanding them.
// It judges a whole answer, or one sentence at a time while the rest is still being written. Whether they
// give a secret away is the caller's to ask (gives_away). Pure; any thread. Time is linear in text and
// context.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "talk/language.h"
#include "talk/normalise.h"

namespace troupe::talk {

enum class Objection {
  empty,                 // no word in it
  control_tokens,        // marks of a chat's format, code, addresses
  stage_direction,       // tells what is done, or has several lines
  banned_word,           // speaks of machines and instructions
  third_person_of_self,  // "Marta smiles at you."
  claims_to_be_other,    // "I am Isolde."
  unknown_name,          // of nobody and nothing in the context
  unknown_number,        //
  other_language,        // another language or script
  repeats,               // a loop, or what was said to this listener before
  echo,                  // the line itself and little else
  instruction,           // a sentence that tells the model who it is or how to answer
  question_dodged,       // "How can I help you?" to a question
  too_long,              //
};
inline constexpr std::array<std::string_view, 14> kObjectionNames{"empty",
                                                                  "control_tokens",
                                                                  "stage_direction",
                                                                  "banned_word",
                                                                  "third_person_of_self",
                                                                  "claims_to_be_other",
                                                                  "unknown_name",
                                                                  "unknown_number",
                                                                  "other_language",
                                                                  "repeats",
                                                                  "echo",
                                                                  "instruction",
                                                                  "question_dodged",
                                                                  "too_long"};
inline std::string_view name_of(Objection objection) {
  return kObjectionNames[static_cast<std::size_t>(objection)];
}

struct Objected {
  Objection to = Objection::empty;
  std::string what;  // the words that it is about
  bool operator==(const Objected&) const = default;
};

// "unknown_name 'Greta', echo"; "" where there is none.
std::string to_string(const std::vector<Objected>& objections);

// What an answer is held against.
struct Prompted {
  std::string line;                 // that is answered
  std::string notes;                // what the answer may be made of: its names, numbers and words are right
  std::string allowed;              // what else the model was told: persona, world, what was said before
  std::string speaker;              // "Marta Quill": who answers
  std::vector<std::string> others;  // names of all other people: they may be spoken of, nobody may be them
  std::vector<std::string> names;   // of places, goods and everything else that a pack has names for
  std::vector<std::string> said;    // answers that this listener has had
  std::string instructions;         // what tells the model who it is and how to answer
};

struct GuardBounds {
  std::size_t sentences_max = 4;
  std::size_t words_max = 90;
};

class Guard {
 public:
  // The language must outlive it, and so must the words that the world knows, where they are given: a word
  // among them is no unknown name at the beginning of a sentence.
  Guard(const Language& language, Prompted prompted, const Vocabulary* known = nullptr,
        const GuardBounds& bounds = {});

  // Everything that one sentence shows. Empty = it may be said.
  std::vector<Objected> sentence(std::string_view text) const;
  // The same of one that is heard before the next is known: it may not be the line itself either.
  std::vector<Objected> heard_sentence(std::string_view text) const;
  // The same of each sentence, and what only the whole shows. Empty = it may be said.
  std::vector<Objected> answer(std::string_view text) const;

 private:
  using Objections = std::vector<Objected>;
  void marks(std::string_view text, Objections& out) const;
  void names(std::string_view sentence, Objections& out) const;
  void unknown_numbers(std::string_view sentence, Objections& out) const;
  void self(std::string_view sentence, Objections& out) const;
  void claims(std::string_view sentence, Objections& out) const;
  void foreign(std::string_view sentence, Objections& out) const;
  void loops(std::string_view text, Objections& out) const;
  void echo(std::string_view text, Objections& out) const;
  bool is_unknown(const std::string& word, const std::string& folded) const;
  bool is_word(std::string_view folded) const;

  const Language& language_;
  Prompted prompted_;
  const Vocabulary* known_;
  GuardBounds bounds_;
  std::string line_folded_;
  std::set<std::string, std::less<>> line_words_, line_stems_, notes_stems_;
  std::set<std::string, std::less<>> own_names_, other_names_;
  std::set<std::string, std::less<>> large_;  // words that begin large somewhere in the context, as written
  std::set<std::string, std::less<>> words_;  // all of the context, and their stems; folded
  std::set<std::int64_t> numbers_;
  std::set<std::string, std::less<>> said_;          // sentences and answers, tidied and folded
  std::set<std::string, std::less<>> instructions_;  // sentences, folded
};

// An answer of a model as it can be said: without the speaker's label and the quotation marks around it,
// without a last sentence that was cut off where there is another, and no longer than that.
std::string as_spoken(std::string_view text, std::string_view speaker, std::size_t sentences_max);

// ---- private to this room

// Numbers of a text that say how many or how much: those in digits, those in words above two, ordinals above
// the second. `from`: the least number in words that counts.
std::set<std::int64_t> numbers_said(const Language& language, std::string_view text, std::int64_t from);

// A word as it stands in a text, without the ending of a genitive: "Greta" of "Greta's".
std::string without_name_ending(const Words& words, std::string_view text);

// The words of a sentence that begin with a large letter and are no beginning, or all of them.
std::vector<std::string> large_words(std::string_view sentence, bool beginnings_too);

}  // namespace troupe::talk

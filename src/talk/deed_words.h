#pragma once
// The words of a candidate: by which verbs people ask for it, and what has to be named. Read from its form by
// rules of the language ("fill {lamp} with oil": fill, a lamp). Private to this room.
#include <string>
#include <vector>

#include "talk/candidate.h"
#include "talk/words.h"

namespace troupe::talk {

struct DeedWords {
  // "put out": the verb, and the particle that may stand behind what it is done to. "Have a word" is one
  // verb.
  struct Verb {
    std::vector<std::string> words;  // folded
    std::string particle;            // may be empty
    std::string fixed;               // a noun that belongs to it: "errand" of "run an errand"
    bool own = false;                // of the verb itself, no synonym
    bool travels = false;            // of another deed: comes along only together
  };
  struct Object {
    std::vector<std::vector<std::string>> names;  // the words of each, folded
    bool fixed = false;                           // of the form itself: "bread" of "bake bread"
  };
  std::vector<Verb> verbs;
  std::vector<Object> objects;
};

DeedWords deed_words(const Words& words, const Acting& acting, const Candidate& candidate);

// The phrases that a line is held against: the option, a request for it, its synonyms.
std::vector<std::string> phrases_of(const Acting& acting, const Candidate& candidate);

}  // namespace troupe::talk

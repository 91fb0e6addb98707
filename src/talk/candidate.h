#pragma once
// An option that somebody has, as a wish may mean it: what the option says, what kind of deed it is, and what
// its things are called. Plain values that the caller fills from its legal options.
#include <string>
#include <vector>

#include "pack/pack.h"
#include "talk/acting.h"
#include "talk/things.h"

namespace troupe::talk {

struct Candidate {
  struct Argument {
    std::string param;               // "lamp"
    std::vector<std::string> names;  // that people call it by; none where it is the one who asks
    bool is_speaker = false;
  };
  std::string verb;  // id
  std::string form;  // the verb's text: "fill {lamp} with oil"
  std::string text;  // the option's: "fill the square lamp with oil"
  Deed deed = Deed::other;
  std::vector<Argument> arguments;
  std::vector<std::string> wishes;  // of the verb in its pack: other words for it, and lines that ask for it
};

// A verb with its arguments; the text is the option's. Names of an argument: what the pack calls the thing,
// and all its aliases (`things`, by type and id), or else the argument itself.
Candidate candidate_of(const pack::Verb& verb, std::string text, std::vector<Candidate::Argument> arguments);
// What people call a thing of the pack.
std::vector<std::string> names_of(const Thing& thing);

}  // namespace troupe::talk

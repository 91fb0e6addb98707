#pragma once
// What a language knows of words that a model must not say: the section `guarding` of its file. Names no
// person and no thing of any pack. Patterns meet folded text. Read once, then immutable.
#include <set>
#include <string>

#include "pack/pack_yaml.h"
#include "talk/pattern.h"

namespace troupe::talk {

struct Guarding {
  Patterns control;        // marks of a chat's format, code, addresses
  Patterns staged;         // what is done instead of said: "*smiles*"
  Patterns banned;         // what nobody in a world says: "language model"
  Patterns banned_unless;  // nor this, unless the line says it: "prompt"
  Patterns i_am;           // end where what somebody is begins: "i am "
  Patterns named;          // end where a name begins: "my name is "
  Patterns dodges;         // what a shop's machine says instead of an answer
  Patterns sayings;        // whose numbers mean nothing: "a hundred times"
  // Words, folded.
  std::set<std::string, std::less<>> third;        // what others do, behind a name: "is", "smiles"
  std::set<std::string, std::less<>> large;        // begin with a large letter and are no names: "I", "Sir"
  std::set<std::string, std::less<>> foreign;      // of other languages, none of this one: "und"
  std::set<std::string, std::less<>> before_name;  // behind them stands a name, where all nouns are large
};
Guarding read_guarding(const pack::Cursor& cursor);

}  // namespace troupe::talk

#pragma once
// worlds.yaml and lines.jsonl as the rules of acting read them, and what they make of a line. Shared by the
// benchmark and the check of its goals (people.py reads the same files for scripts).
#include <map>
#include <span>
#include <string>
#include <vector>

#include "talk/language.h"
#include "talk/normalise.h"
#include "talk/wish.h"

namespace troupe::bench {

inline constexpr std::string_view kSpeaker = "Ana";  // who says the lines, as options name them

struct ActPerson {
  std::vector<std::string> written;  // options as worlds.yaml has them: "sell ale to {speaker}"
  std::vector<talk::Candidate> candidates;
  std::vector<std::string> called;
  talk::Vocabulary vocabulary;
};
struct ActLine {
  std::string person;  // "world/name"
  std::string kind;
  std::string line;
  std::string want;  // as worlds.yaml has it; "" = nothing
};

std::map<std::string, ActPerson> load_act_people(const std::string& path, const talk::Language& language);
std::vector<ActLine> load_act_lines(const std::string& path);

// A line as talk would hand it on.
talk::WishLine heard_line(const talk::Language& language, const ActPerson& person, const std::string& line);

struct ActCount {
  int right = 0, other = 0, missed = 0;  // of the lines that wish something
  int done = 0, left = 0;                // of those that do not
  void add(const std::string& want, const std::string& did);
  double unwished_left() const;
  double wished_done() const;
  double precision() const;
};

}  // namespace troupe::bench

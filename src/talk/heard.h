#pragma once
// What was heard: a line as it was meant, what it names, what it asks. The first half of an answer, before
// any vector is needed; texts_of() says which are. Values.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talk/asks.h"
#include "talk/scene.h"

namespace troupe::talk {

// One question or one statement of a line.
struct Part {
  std::string line;  // normalised, with names in the place of he, she, it and there
  std::string folded;
  std::string masked;  // what it names by its kind
  std::vector<Things::Found> named;
  bool is_question = false;
  bool wants_yes_or_no = false;
  Kinds kinds = 0;
  Persons persons;
  std::set<std::string, std::less<>> stems;  // of its content words
  std::size_t content_words = 0;
  bool names_unknown = false;  // has a name that neither pack nor language knows
  // Goes on with what was asked last ("and Nell?", "how much are they?"): the intent and the thing that are
  // meant.
  std::string follows;
  std::size_t follows_thing = kNothing;
};

struct Heard {
  std::string raw;        // as it was typed; what is remembered of it
  bool is_speech = true;  // otherwise a stage direction, markup, or nothing that has a word in it
  Part whole;
  // The same with what stood before it: other sentences of the line, or the line before. Tried where `whole`
  // is not sure.
  std::optional<Part> in_context;
  bool context_in_line = false;  // it stands in this line
  std::vector<Part> questions;   // two or more, where each is to be answered; empty otherwise
  // Of a line that asks nothing its sentences, where there are several: one may say what the line is ("Right. I
  // am off.").
  std::vector<Part> said;
};

// At most kLineBytesMax of the line are heard, of its beginning and its end.
inline constexpr std::size_t kLineBytesMax = 1000;
Heard hear(const World& world, const Person& person, const Scene& scene, std::string_view line);

// The texts whose vectors answer() needs: of the line, and of what the listener told.
std::vector<std::string> texts_of(const Heard& heard);
std::vector<std::string> texts_of(const Scene& scene);

}  // namespace troupe::talk

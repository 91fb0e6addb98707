#pragma once
// What somebody answers to a line: by the cheapest way that is good enough, and why. Pure: world, person,
// scene and line in; words, evidence and what a model may be told out.
//
//   Heard heard = hear(world, person, scene, line);
//   fill `vectors` with the vectors of texts_of(heard) and texts_of(scene);
//   Answer answer = talk::answer(world, person, scene, heard, thresholds, known, vectors);
//   keep worth_keeping(heard.raw) with the time as Scene::told, answer.text as Scene::said, answer.spoken as
//   Scene::spoken.
//
// `known` has the vectors of texts_of(world) and texts_of(person); both are bound to it (bind()).
//
// The order (a wish to be acted on comes before all of it and is not here: acting.h): not speech; what the
// listener may not know; what they told; greetings, insults and the like; what is not of this world; what is
// asked, from pack, state and own words; the nearest own words; "I do not know"; and to a statement an own
// line or a reaction.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "talk/calibrate.h"
#include "talk/heard.h"

namespace troupe::talk {

enum class Way {
  written,    // the person's own words: of a fact, of themselves, a line
  grounded,   // made of the pack and of what is now
  told,       // what the listener said themselves
  nearest,    // own words that may be what was asked for: a model may say it better from the notes
  small,      // a reaction to what was said: a model may say it better
  deflected,  // may or will not speak of it
  unknown,    // does not know
};
inline constexpr std::array<std::string_view, 7> kWayNames{"written", "grounded",  "told",   "nearest",
                                                           "small",   "deflected", "unknown"};
inline std::string_view name_of(Way way) { return kWayNames[static_cast<std::size_t>(way)]; }

// What an answer rests on.
struct Evidence {
  std::string
      kind;  // fact, persona, line, told, person, place, good, festival, route, price, weather, time, event
  std::string id;       // of the thing of that kind; may be empty
  std::string source;   // whom it is from: a person's id, "pack", "world", "listener"
  std::int64_t at = 0;  // game milliseconds, where it has a time
  bool operator==(const Evidence&) const = default;
};

struct Answer {
  std::string text;  // never empty
  Way way = Way::unknown;
  // Why: the ask that the line was nearest to, and the next best.
  std::string intent;  // "person.by", "fact", "act.greeting"; "" where nothing was near
  std::string ask;
  double score = 0;
  std::string second_intent;
  double second_score = 0;
  std::string why;  // one line for people: "person.by .87 <- 'Who lights the lamps?'; words 0.62"
  std::vector<Evidence> evidence;
  Manner manner = Manner::none;  // what the line did to whom it was said, for appraisal
  double manner_score = 0;
  std::vector<std::pair<ThingType, std::string>> named;  // things that the line names: kind and id
  // For a model that may put it into words: what it may use, the best first; and what must stay in the words.
  std::vector<std::string> notes;
  std::vector<std::string> keys;
  bool was_question = false;
  bool again = false;  // nothing else fitted: the same was said before
  Spoken spoken;       // what the conversation was last about, for the next line
};

Answer answer(const World& world, const Person& person, const Scene& scene, const Heard& heard,
              const Thresholds& thresholds, const VectorTable& known, const VectorTable& vectors,
              const RankTuning& tuning = {});

// A written line of a kind: the person's own, by mood where it is small talk, otherwise the language's; none
// twice to the same listener while there is another. For whoever needs words outside an answer: consent,
// refusal, a greeting of somebody who comes near. `draw` tells two moments apart.
std::string written_line(const World& world, const Person& person, const Scene& scene, pack::LineKind kind,
                         std::string_view draw);

// Words for what can be asked of a thing, outside of an answer: "good.price" of what is sold just now. ""
// where they need what is not known.
std::string words_about(const World& world, const Person& person, const Scene& scene, std::string_view intent,
                        ThingType type, std::string_view id);

// Which of these is meant: "Which do you mean, the red one or the blue one?"
std::string which_of(const Language& language, const std::vector<std::string>& names);

}  // namespace troupe::talk

#pragma once
// What the server itself says, in prompts, scenes, memories and what others see somebody do: read once from a data
// file (data/prompts.<language>.yaml, or a pack's own), so that no sentence stands in code and another language is
// another file. Immutable; any thread. Which places a phrase has: prompt_file.cpp.
#include <string>
#include <utility>
#include <vector>

#include "pack/phrase.h"

namespace troupe::pack {

// The prompt of a talk, from its head to the line that was just said.
struct PromptWords {
  Phrase head, knows, manner, line, first_greeting, said_before, now, remembers, stay, in_these_words,
      in_own_words, reminded_of;
};

// Who somebody is, to whom they speak, what they make of the day.
struct PersonWords {
  Phrase speaker, chooser, reflecting, before_you_known, before_you_stranger, angry_with, afraid_of, trusts,
      likes, distrusts, wary_of, day;
};

// How things stand around somebody.
struct SceneWords {
  Phrase time, about, weather, place, doing, mood, just_now, matters_most;
};

// What somebody perceives or remembers.
struct SeenWords {
  Phrase spoken_to, looks_at, unnamed, talk, died, weather, dawn, day, dusk, night;
};

// What somebody is at or could do, beside what the pack says.
struct DoingWords {
  Phrase carry_on, keep_at_it, look_at, talks, with_somebody, dodges, fights_back, stands_ground, runs, dead,
      says_nothing;
};

// Why something is done or felt.
struct ReasonWords {
  Phrase routine, time_to, belongs_to, serves, at_hand, keeps_at_it, looks_about, spoken_to, said, danger,
      passed, goal_done, find_out, appeared, left;
};

// What a model is asked beside talks.
struct QuestionWords {
  Phrase judge, judge_fine, judge_violence, judge_sexual, judge_language, judge_horror, judge_drugs,
      judge_hatred, judge_crime;
};

// What goes from mouth to mouth.
struct RumourWords {
  Phrase say_to, keep_quiet, unheard, news, joins;
};

// Which words are numbers of things, and what they become in the mouth of somebody who is not sure. Small
// letters.
struct VagueWords {
  std::vector<std::string> numbers;
  std::string some;
  std::vector<std::string> plural;     // how the word after such a number ends
  std::vector<std::string> singular;   // words that only look so
  std::vector<std::string> not_after;  // words before a number that is no number of things
};

// How the third person is made of what a verb says, "eat or drink {good}" -> "eats or drinks {good}". All lists may be
// empty: then a verb stands as the pack wrote it, and says itself what others see (`does`).
struct ThirdPerson {
  using Ending = std::pair<std::string, std::string>;  // how a word ends, and what stands there then
  std::vector<Ending> whole;                           // of words as a whole: "be" -> "is"
  std::vector<Ending> endings;                         // the first that fits; "" fits every word
  std::vector<std::string> joints;                     // "or": what may join two verbs
  std::vector<std::string> verbs;                      // that may come after an object
  std::vector<std::string> verbs_or_things;            // the same where the object is complete
  std::vector<std::string> closes;                     // after which an object is complete
};

// A deed, as others see it.
struct DeedWords {
  Phrase done, done_at, something, quoted;
  ThirdPerson third_person;
};

struct PromptTexts {
  std::string language;  // "en"
  PromptWords prompt;
  PersonWords person;
  SceneWords scene;
  SeenWords seen;
  DoingWords doing;
  DeedWords deed;
  ReasonWords reason;
  RumourWords rumour;
  VagueWords vague;
  QuestionWords question;
};

}  // namespace troupe::pack

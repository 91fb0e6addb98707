#pragma once
// How near a line is to everything that this person can be asked. The scores are cosines with what is known
// of the line added and taken off: what it names, what it wants to know, whom it means by I and you. Pure.
#include <string>
#include <vector>

#include "talk/heard.h"

namespace troupe::talk {

// What the scores are made with; measured on 332 development lines with MiniLM (docs/guide/talk.md).
struct RankTuning {
  double plain = .4;         // share of the line, beside the masked line, where the thing is named
  double plain_called = .2;  // the same of a name of facts that is called by what it is
  double named = .04;        // x weight of the name
  double word_left = .05, words_left_max = .15;
  double within = .15;  // of something that is asked for with the place where it may be
  double no_good = .3;  // of a good that is not named: another one's price helps nobody
  double not_named = .15, other_named = .3, other_person = .25;
  double not_who = .15;
  double not_where = .25, deed_of_you = .15;  // where something is done: asked of no place, or of what you do
  double place_of_you = .1;                   // a place that is not named, where the line says you
  double never = .3;                          // the line has what its intent never has
  double shown = .25;                         // the line has words that show the intent
  double own_name = .15;                      // of oneself by name, where the line says you
  double more_than_yes = .06;                 // wants to know something, and the ask only whether
  double fact_text = .5, fact_joined = .2, fact_words = .3, fact_own = .1;
  double fact_of_other = .18, fact_named = .03;
  double about_role = .1;     // the same where somebody is only called by what they are
  double unknown_name = .12;  // of the town and its people, where the line has a name that nobody knows
  double about_other = .2;    // self, now, here, me where somebody else is named
  double kind = .12;          // both say what they want to know, and differ;
  double same_kind = .03;     // or it is the same
  double answers = .04;       // a fact has what the line wants to know, or has it not
  double about_item = .15,
         about_bonus = .03;          // share of the likeness to what is told of oneself, where asked for
  double not_me = .4, only_i = .15;  // of what the speaker told
  double me_not_you = .35, me_rather = .12, self_not_you = .12, told_not_you = .15;
  double no_question = .12;
  double broad = .15, narrow = .15;  // "tell me about" a fact of that; a question that wants more than that
  double follows = .9;               // what a line that goes on with the last one means
};

struct Ranked {
  double score = 0;
  const Ask* ask = nullptr;
  double cosine = 0;
  std::string why;  // what was added and taken off, in words: "named; 2 words left"
};

// The best ask of each (intent, thing, item), the best first, `count` at most.
std::vector<Ranked> rank(const World& world, const Person& person, const Part& part, const VectorTable& known,
                         const VectorTable& heard, std::size_t count, const RankTuning& tuning = {});

}  // namespace troupe::talk

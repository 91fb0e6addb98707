#include "services/npc/manner_rules.h"

#include <algorithm>

namespace troupe::npc {

using pack::Mood;
using talk::Manner;

namespace {

constexpr double kSharedOfHarm = .6;   // of what the one addressed feels, who loves them feels as well
constexpr double kSharedOfGood = .25;  // a kind word to another warms less than an insult angers
constexpr double kBarelySeen = .01;

void feels(Impression& made, std::string_view feeling, double by) {
  if (by != 0) made.feelings.emplace_back(feeling, by);
}

void moved_to(Impression& made, Mood mood, double strength) {
  made.mood = mood;
  made.mood_strength = std::clamp(strength, 0., 1.);
}

// Who takes things to heart is hurt where others are angry.
void wronged(const pack::Traits& traits, double much, Impression& made) {
  const bool hurt = traits.neuroticism > .6 && traits.aggression < .3;
  moved_to(made, hurt ? Mood::sad : Mood::angry,
           much * (.6 + .8 * std::max(traits.aggression, traits.neuroticism)));
}

}  // namespace

Impression impression_of_words(const pack::Traits& traits, Manner manner) {
  Impression made;
  const double thin_skinned = .5 + (traits.aggression + traits.neuroticism) / 2;  // .5 to 1.5
  const double warm = .5 + traits.agreeableness;                                  // .5 to 1.5
  switch (manner) {
    case Manner::insult:
      feels(made, "anger", .12 * thin_skinned);
      feels(made, "respect", -.08);
      feels(made, "affection", -.06 * thin_skinned);
      wronged(traits, .5, made);
      break;
    case Manner::threat:
      feels(made, "fear", .15 * (.3 + traits.neuroticism));
      feels(made, "anger", .1 * (.5 + traits.aggression));
      feels(made, "trust", -.15);
      moved_to(made, traits.aggression > traits.neuroticism ? Mood::angry : Mood::afraid, .7);
      made.threat = .4;
      break;
    case Manner::accusation:
      feels(made, "anger", .1 * thin_skinned);
      feels(made, "trust", -.08);
      wronged(traits, .4, made);
      break;
    case Manner::order:
      feels(made, "respect", -.04 * thin_skinned);
      feels(made, "anger", .04 * thin_skinned);
      break;
    case Manner::doubt:
      feels(made, "trust", -.03 * thin_skinned);
      break;
    case Manner::praise:
      feels(made, "affection", .05 * warm);
      feels(made, "trust", .02 * warm);
      moved_to(made, Mood::happy, .25 * warm);
      break;
    case Manner::thanks:
      feels(made, "affection", .02 * warm);
      break;
    case Manner::sorrow:
      feels(made, "affection", .03 * warm);
      feels(made, "trust", .02 * warm);  // who tells a grief has trusted first
      if (traits.agreeableness > .4) moved_to(made, Mood::sad, .25 * warm);
      break;
    case Manner::apology:
      feels(made, "anger", -.12 * warm);
      feels(made, "respect", .02 * warm);
      break;
    case Manner::offer:
    case Manner::promise:
      feels(made, "trust", .02 * warm);
      break;
    case Manner::promise_kept:
      feels(made, "trust", .08 * warm);
      feels(made, "respect", .05);
      moved_to(made, Mood::happy, .3 * warm);
      break;
    case Manner::promise_broken:
      feels(made, "trust", -.12);
      feels(made, "respect", -.06);
      feels(made, "anger", .06 * thin_skinned);
      wronged(traits, .35, made);
      break;
    case Manner::news:
      if (traits.curiosity > .5) moved_to(made, Mood::curious, .25 * (.5 + traits.curiosity));
      break;
    case Manner::none:
    case Manner::greeting:
    case Manner::farewell:
    case Manner::advice:
      break;
  }
  return made;
}

Impression impression_of_words_heard(const pack::Traits& traits, Manner manner,
                                     const pb::RelationRecord& to_addressed) {
  Impression made;
  const auto theirs = impression_of_words(traits, manner);
  const double like = liking(to_addressed);
  const bool harms = manner == Manner::insult || manner == Manner::threat || manner == Manner::accusation ||
                     manner == Manner::promise_broken;
  const bool does_good = manner == Manner::praise || manner == Manner::promise_kept;
  if (!harms && !does_good) return made;  // two people talk
  // An accusation is heard by all: who does not like the one accused believes it sooner than they mind it.
  const double share = like * (harms ? kSharedOfHarm : kSharedOfGood);
  if (share <= kBarelySeen) return made;
  for (const auto& [feeling, by] : theirs.feelings) feels(made, feeling, by * share);
  if (theirs.mood && *theirs.mood != Mood::afraid) moved_to(made, *theirs.mood, theirs.mood_strength * share);
  made.threat = theirs.threat * share;
  return made;
}

}  // namespace troupe::npc

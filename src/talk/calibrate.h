#pragma once
// From where on a score means that this is what was asked. Lines that belong to nothing (the out.* asks of
// the language) are ranked against people: what they reach is what chance reaches, with this embedding and in
// this language. Pure; at load, some 100 rankings a person.
#include <array>
#include <span>
#include <string>
#include <vector>

#include "talk/rank.h"

namespace troupe::talk {

// Measured with MiniLM on two worlds (332 and 58 development lines): what calibrate() never goes below with
// it.
struct Thresholds {
  // By family, in the order of Family: said from here on. Not of secret, player, act, out, which have their
  // own below.
  std::array<double, 9> say{.48, .48, .53, .40, .44, 1, 1, 1, 1};
  double secret = .36;       // and nearer than all else: deflected
  double player = .60;       // asks for what the listener told; or from
  double player_mine = .50;  // here on, where the line says my
  double act = .62;          // what a line does: greets, thanks, insults
  double out = .36;          // and nearer than all else: not of this world
  double nearest = .36;      // the nearest fact or word about oneself, where nothing is sure
  double nearest_fact = .34, nearest_me = .42;
  double react = .36;     // the kind of a statement
  double own_line = .50;  // an own line in answer to a statement
  double sure = .60;      // of all else, over which what was told is not looked for
  double out_sure = .60, out_maybe = .50;
  double told = .15, told_thing = .27, told_kind = .38, told_unclear = .38;
  double harm = .50;  // an insult, a threat, an accusation, for feelings to follow

  double of(Family family) const { return say[static_cast<std::size_t>(family)]; }
  // What words alone reach lies elsewhere; the same kinds of limits, measured on the same lines.
  static Thresholds by_words();
};

// `least`: no family goes below it.
Thresholds calibrate(const World& world, std::span<const Person> people, const VectorTable& known,
                     const Thresholds& least, const RankTuning& tuning = {});

}  // namespace troupe::talk

#pragma once
// The numbers by which people live, each with its unit and its reason. Sizes that are bounds: NpcLimits.
// Weights inside a pure rule stand in that rule.
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "rt/clock.h"

namespace troupe {

// "Real" spans are real time, whatever the scale of the clock: what a player waits for or sees.
struct NpcTuning {
  using ms = rt::milliseconds;

  // ---- when somebody thinks
  ms near_real{500};   // .5 to 1.5 s between decisions where a player could see them: they look awake
  ms far_real{4'000};  // 4 to 8 s elsewhere while somebody plays: what nobody sees takes no time from a talk
  std::int64_t far_minutes = 20;  // 20 to 40 of the game elsewhere: a few choices for each entry of a routine
  std::int64_t first_minutes =
      30;                   // the first thought of each is spread over this, so that not all think at once
  ms noticed_real{500};     // from a player's coming into sight to the next thought
  ms present_real{60'000};  // a player was heard of within this: there
  ms watched_gold_real{5'000};  // between questions of one person near a player to the gold tier
  // Between questions of everybody else to the gold tier. A question that runs into its deadline takes 3 CPU
  // seconds of two cores: 1 % of a core at most.
  ms idle_gold_real{300'000};
  ms give_up_real{30'000};  // an answer that has not come by then never will (a crash, a lost engine)

  // ---- whom somebody looks at: utilities, 0 to 1
  double look_m = 15;        // farther away, faces are not seen
  double look_keep_on = .5;  // of going on with what they do
  double look_least = .2;    // of looking at anybody
  double look_temper = .15;  // x (curiosity + sociability)
  double look_feeling = .2;  // x how strong the feelings are
  double look_partner = .5;  // whoever they talk with
  double look_stare = .15;   // less for whom they look at already: nobody stares
  double look_chance = .2;   // breaks ties

  // ---- danger
  ms threat_real{15'000};        // a hostile deed goes on looking dangerous
  std::int64_t storm_hours = 2;  // of the game: severe weather, from its beginning
  double storm_m = 8;            // how near severe weather is to whoever is out in it: near enough to run
  double weapon_m = 12;          // an armed stranger frightens from here on
  double trusted_armed = .5;     // trust from which a weapon frightens nobody
  double cowed = .6;             // fear of somebody that makes anybody run
  double threat_min = .15;       // what a deed threatens less with is no danger

  // ---- feelings
  double moved_min = .005;   // a feeling that moves less is not worth an event
  double glad_min = .25;     // so much of what matters must be done before it gladdens
  double curious_from = .5;  // curiosity from which exploring makes curious
  double curious_mood = .4;  // x curiosity
  double weather_mood = .5;  // of severe weather, on whom it moves at all
  double weather_threat = .5;
  double brood_chance = .5;  // x neuroticism, each evening
  double brood_least = .3;   // strength of that mood
  double brood_more = .5;    // x neuroticism on top
  double mourn_least = .5;   // strength of grief, and how much they liked the dead on top

  // ---- what is remembered, by importance (0 to 1)
  double seen_of_players = .5;  // what a player does
  double seen_of_others = .2;   // what neighbours do all day
  double seen_involved = .2;    // more where it touches oneself
  double seen_moving = .2;      // more where it moved feelings
  double seen_min = .4;         // less is seen and forgotten
  double told_importance = .6;  // a fact that somebody told
  double said_importance = .6;  // a line and its answer
  double weather_importance = .4;
  double death_importance = .9;
  double reflected_importance = .7;
  double remembered_importance = .5;  // of npc.Remember, where it says nothing

  // ---- talk
  ms answer_real{60'000};                  // they wait so long for the answer
  ms next_line_real{20'000};               // and for the player's next line
  ms conversation_real{120'000};           // a pause from which on it is another conversation,
  std::int64_t conversation_minutes = 10;  // or so long in the game, what is longer
  ms record_after{2'000};                  // after the deadline what was said is still recorded
  ms late{50};                             // an answer that comes so much after its deadline was in time
  std::size_t little_said = 4;  // lines: of whoever said no more, the conversation is forgotten first

  // ---- what a prompt has in it: similarities and importances, 0 to 1
  double memory_fits_min = .4;  // of a memory to the line
  // Least importance of what stands: of what this player had a part in, and of the rest, which is new every
  // minute.
  double own_standing = .5;
  double other_standing = .7;
  std::size_t own_facts = 8;   // what else they know is brought up when a line asks for it
  std::size_t brought_up = 1;  // more confuses a small model
  std::size_t standing = 2;    // memories, of each kind

  // ---- reading ahead
  ms look_again{100};        // at who is about to speak
  ms present_ahead{30'000};  // whoever says nothing for so long has gone
  ms read_again{2'000};      // the hour, a memory or the weather may have changed
  int warm_tokens = 64;      // a talk with no more left to read was read ahead

  // ---- reflection
  std::int64_t reflect_hour = 22;    // of the day
  std::size_t reflect_memories = 6;  // of the day, the weightiest
  int reflect_tokens = 48;           // one short sentence

  // ---- memory
  ms embed_line{2'000};     // while somebody waits
  ms embed_batch{300'000};  // in the background: everybody else comes first
  ms embed_again{60'000};   // after it failed; each time twice as long

  // ---- players
  ms refresh_real{20'000};  // whoever stands still is written down again after this
  ms newcomer_real{1'000};  // who was first heard of now has walked for so long
};

}  // namespace troupe

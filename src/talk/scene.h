#pragma once
// Everything that the world says at the moment in which somebody is spoken to, as far as an answer may need
// it. Plain values, filled by whoever owns them (services/npc) from tables and other services; nothing here
// is looked up later, so an answer can be made again from the log. Defaults mean "not known": then what needs
// it is not said.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pack/pack.h"
#include "pack/query.h"
#include "talk/asking.h"

namespace troupe::talk {

// 0 to 1 each, as in pack::Relation.
struct Feelings {
  double trust = .3, fear = 0, respect = .3, disgust = 0, affection = .1, anger = 0;
  static Feelings of(const pack::Relation& relation);
  double value(std::string_view feeling) const;  // "trust"; 0 for no feeling
};

// A sentence that the listener said to this person.
struct ToldLine {
  std::string text;     // as told_sentences() gives it
  std::int64_t at = 0;  // game milliseconds
};

// Something that happened at this place, as a sentence in the past tense: "Tobin lit the square lamp."
struct Happening {
  std::string text;
  std::int64_t at = 0;
  std::string event;  // id of the event, for evidence; may be empty
};

// What this conversation was last about: what he, she, it and there stand for, and what "and Nell?" goes on
// with. answer() gives the next one.
struct Spoken {
  std::map<ThingType, std::string>
      last;            // kind -> id, of people (other than the speaker), places, goods, ...
  std::string intent;  // of the last question that was answered; "" at the beginning
  std::string line;    // what was said last, as it was meant; what "Since when?" goes on with
  bool operator==(const Spoken&) const = default;
};

struct Scene {
  // ---- the moment
  pack::Clock clock;
  pack::Phase phase = pack::Phase::day;
  std::optional<pack::Date> date;
  std::optional<pack::Weather> weather;  // where the speaker is; none indoors for good
  std::optional<double> temperature_c;

  // ---- the speaker
  pack::PlaceId here;
  std::string doing;       // what they do now, as others say it: "mends nets"; or
  std::string doing_said;  // the same in the first person, where it is known
  pack::Mood mood = pack::Mood::calm;
  std::map<pack::NpcId, Feelings> feelings;  // for people of the pack; who is not here: as the pack says
  std::map<pack::GoodId, int> carries;
  std::vector<pack::GoodId> sells;  // wares(); of what they carry, or would if they had any

  // ---- the world as the speaker may know it
  std::map<pack::NpcId, pack::PlaceId> places;  // where people are said to be; who is not here: by their day
  std::map<pack::GoodId, std::int64_t> prices;  // for the listener, here; what is not here: the base price
  std::vector<std::string> present;             // names of who else is here, as they are called
  std::vector<Happening> just_now;              // the newest last
  std::vector<std::string> festivals;           // ids of those going on

  // ---- the listener
  std::string listener;       // id; part of every draw
  std::string listener_name;  // as they gave it; may be empty
  Feelings for_listener;
  std::set<std::string> may_hear;  // ids of secrets that this person may tell them (pack::may_share)
  std::vector<ToldLine> told;      // what they told this person, the oldest first
  std::vector<std::string> said;   // what this person said to them, the newest last; some 30 are enough
  Spoken spoken;
  std::uint64_t turn = 0;  // of this conversation: the same line twice is not the same draw
};

// The goods that somebody sells: they carry them, and are where these are sold with a verb that earns money.
std::vector<pack::GoodId> wares(const pack::Pack& pack, const pack::Npc& npc);

// Where somebody may be said to be at this time: by their routine, and where that is private, where they are
// most of the day.
pack::PlaceId place_by_day(const pack::Pack& pack, const pack::Npc& npc, pack::Clock clock);
// Where they are for the most part between 6 and 20; rest and what is private left out.
pack::PlaceId work_place(const pack::Pack& pack, const pack::Npc& npc);

// What the pack alone says of a moment: for tests and benches, and what services/npc starts from.
Scene scene_of(const pack::Pack& pack, const pack::Npc& npc, std::int64_t day, pack::Clock clock);

}  // namespace troupe::talk

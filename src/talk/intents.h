#pragma once
// What is asked or said in any world: the section `intents` of a language file. Values; read once.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack_yaml.h"
#include "talk/pattern.h"

namespace troupe::talk {

// What a line does to the one it is said to; appraisal goes by it.
enum class Manner {
  none,
  greeting,
  farewell,
  thanks,
  sorrow,
  praise,
  offer,
  apology,
  doubt,
  advice,
  order,
  insult,
  threat,
  news,
  promise,
  accusation,
  promise_kept,
  promise_broken,
};
inline constexpr std::array<std::string_view, 18> kMannerNames{
    "none",   "greeting", "farewell", "thanks",     "sorrow",       "praise",
    "offer",  "apology",  "doubt",    "advice",     "order",        "insult",
    "threat", "news",     "promise",  "accusation", "promise_kept", "promise_broken"};
inline std::string_view name_of(Manner manner) { return kMannerNames[static_cast<std::size_t>(manner)]; }

// What an ask has in braces: a person, a place, a good, a festival, a faction.
enum class Slot { none, person, place, good, festival, faction };

// Which source answers; `known`: what the person knows of the thing that is asked for.
enum class Source { says, told, unknown, deflection, known };
inline constexpr std::array<std::string_view, 5> kSourceNames{"says", "told", "unknown", "deflection",
                                                              "known"};

// What is said, and when: `here` where what was asked for is here, and so on. Empty: always.
//   here   what was asked for is at this place           mine  the speaker sells it
//   out    the speaker sells it and has none now         alone nobody else is here
//   me     it is the speaker who was asked for        yes_or_no  that is what the line wants to know
//   selling  the speaker is where they sell something  spoken  something was said to the listener before
//   seen   and the speaker saw it themselves          heard  and somebody told them: {source}
struct Form {
  std::string when;
  std::vector<std::string> says;       // templates
  std::optional<pack::LineKind> line;  // the person's own lines of this kind are taken instead, as templates
};
inline constexpr std::array<std::string_view, 10> kConditionNames{
    "here", "mine", "out", "alone", "me", "yes_or_no", "selling", "spoken", "seen", "heard"};

// What a question that wants yes or no is held against, to know which.
//   there    what it asks for exists: yes               far      yes where the way is long
//   near     yes where the way is short                 weather, warmth, season, phase, month, weekday: what
//   is now role     the speaker's own role                     other_role  that of the person asked for
//   aspect   what the speaker feels for them            sells    whether the speaker does
//   at       whether somebody or something is at the place that the line names too
//   is_me    whether the one who is asked for is the speaker, where the line says you
enum class Claim {
  there,
  far,
  near,
  weather,
  warmth,
  season,
  phase,
  month,
  weekday,
  role,
  other_role,
  aspect,
  sells,
  at,
  is_me
};
inline constexpr std::array<std::string_view, 15> kClaimNames{
    "there",   "far",  "near",       "weather", "warmth", "season", "phase", "month",
    "weekday", "role", "other_role", "aspect",  "sells",  "at",     "is_me"};

struct Intent {
  std::string id;  // "person.where": a family, a dot and a name
  Slot slot = Slot::none;
  std::vector<std::string> asks;  // how people ask for it, or say it; none where they are made of the pack
  std::vector<Form> forms;        // the first whose condition holds and whose names have values
  std::optional<pack::LineKind> line;  // the pack's own lines of this kind come before the forms
  Source source = Source::says;
  Manner manner = Manner::none;
  bool of_leader = false;          // it asks for whoever leads the people of the pack
  std::vector<std::string> kinds;  // of places, of which the nearest is meant
  // Sentences of the kind that somebody says who is asked so: what they tell of themselves is told if it is
  // near to one of these.
  std::vector<std::string> about;
  Patterns never;             // a line that has one of these means something else: "what time was it then"
  Patterns shows;             // words that show it, whatever the line is nearer to: "thank you", "you idiot"
  Patterns only;              // where there are some, a line that has none of these is not meant
  std::vector<Claim> claims;  // the first that knows yes from no
  double least = 0;           // the score that it needs, where it needs more than its family

  std::string_view family() const { return std::string_view(id).substr(0, id.find('.')); }
};

// What may stand in braces of a form. See scene.h for where the values come from.
std::vector<std::string_view> form_names();

std::vector<Intent> read_intents(const pack::Cursor& cursor);

}  // namespace troupe::talk

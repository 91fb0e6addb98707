#pragma once
// What is asked or said in any world: the section `intents` of a language file. Values; read once.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack_yaml.h"

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
};
inline constexpr std::array<std::string_view, 16> kMannerNames{
    "none",  "greeting", "farewell", "thanks", "sorrow", "praise", "offer",   "apology",
    "doubt", "advice",   "order",    "insult", "threat", "news",   "promise", "accusation"};
inline std::string_view name_of(Manner manner) { return kMannerNames[static_cast<std::size_t>(manner)]; }

// What an ask has in braces: a person, a place, a good, a festival.
enum class Slot { none, person, place, good, festival };

// Which source answers.
enum class Source { says, told, unknown, deflection };
inline constexpr std::array<std::string_view, 4> kSourceNames{"says", "told", "unknown", "deflection"};

// What is said, and when: `here` where what was asked for is here, and so on (kConditionNames). Empty:
// always.
struct Form {
  std::string when;
  std::vector<std::string> says;  // templates
};
inline constexpr std::array<std::string_view, 8> kConditionNames{"here", "mine",  "me",  "near",
                                                                 "many", "alone", "out", "none"};

struct Intent {
  std::string id;  // "person.where": a family, a dot and a name
  Slot slot = Slot::none;
  std::vector<std::string> asks;       // how people ask for it, or say it
  std::vector<Form> forms;             // the first whose condition holds and whose names have values
  std::optional<pack::LineKind> line;  // the pack's own lines of this kind come before the forms
  Source source = Source::says;
  Manner manner = Manner::none;
  std::vector<std::string> kinds;  // of places, of which the nearest is meant
  std::vector<std::string> yes;    // of the asks: "yes" begins the answer where there is one
  double least = 0;                // the score that it needs, where it needs more than its family

  std::string_view family() const { return std::string_view(id).substr(0, id.find('.')); }
};

// What may stand in braces of a form. See scene.h for where the values come from.
std::vector<std::string_view> form_names();

std::vector<Intent> read_intents(const pack::Cursor& cursor);

}  // namespace troupe::talk

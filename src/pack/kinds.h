#pragma once
// The closed vocabularies of a pack and their spellings. A name table per enum: the loader reads it, errors
// list it, services print it.
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::pack {

enum class Season { spring, summer, autumn, winter };
inline constexpr std::array<std::string_view, 4> kSeasonNames{"spring", "summer", "autumn", "winter"};

enum class Phase { dawn, day, dusk, night };  // dawn 5-7, day 7-18, dusk 18-20, night 20-5
inline constexpr std::array<std::string_view, 4> kPhaseNames{"dawn", "day", "dusk", "night"};

enum class Weather {
  clear,
  partly_cloudy,
  cloudy,
  rain,
  heavy_rain,
  storm,
  fog,
  mist,
  snow,
  heavy_snow,
  blizzard,
  windy,
  extreme_heat,
  extreme_cold,
};
inline constexpr std::array<std::string_view, 14> kWeatherNames{
    "clear", "partly_cloudy", "cloudy",     "rain",     "heavy_rain", "storm",        "fog",
    "mist",  "snow",          "heavy_snow", "blizzard", "windy",      "extreme_heat", "extreme_cold"};

// May weather go from one state to the other in a single step? Symmetrical; a state is no neighbour of
// itself.
bool weather_neighbours(Weather from, Weather to);
std::vector<Weather> weather_neighbours_of(Weather from);

// Where a fact comes from; also its rank when two facts disagree (canon wins).
enum class FactSource { canon, witnessed, told, rumour };
inline constexpr std::array<std::string_view, 4> kFactSourceNames{"canon", "witnessed", "told", "rumour"};

// Written lines, said where no model speaks or none may. `deflection`: asked for what the listener may not
// know; `unknown`: asked for what the speaker does not know; `idle` to `afraid` colour small talk. The others
// answer what was said (`thanks` to `doubt`, `advice`, `news`), what is asked for (`consent`, `refusal`),
// what the listener never told (`never_told`), or give what is said of a way or a price its voice: "{way},
// love."
enum class LineKind {
  greeting,
  farewell,
  deflection,
  unknown,
  idle,
  busy,
  happy,
  sad,
  angry,
  afraid,
  thanks,
  sorrow,
  praise,
  offer,
  apology,
  doubt,
  advice,
  refusal,
  consent,
  news,
  never_told,
  directions,
  price,
};
inline constexpr std::array<std::string_view, 23> kLineKindNames{
    "greeting", "farewell", "deflection", "unknown", "idle",       "busy",       "happy",   "sad",
    "angry",    "afraid",   "thanks",     "sorrow",  "praise",     "offer",      "apology", "doubt",
    "advice",   "refusal",  "consent",    "news",    "never_told", "directions", "price"};

enum class ActorKind { npc, player };
inline constexpr std::array<std::string_view, 2> kActorKindNames{"npc", "player"};

enum class ParamType { place, npc, player, person, item, feature, fact, text, number };
inline constexpr std::array<std::string_view, 9> kParamTypeNames{
    "place", "npc", "player", "person", "item", "feature", "fact", "text", "number"};

// The forms of a verb's effects, in the order of Effect::Kind.
inline constexpr std::array<std::string_view, 8> kEffectKindNames{"move", "set",      "give",  "take",
                                                                  "pay",  "relation", "event", "tell"};

// What somebody feels on the whole. Calm is where every mood fades to.
enum class Mood { calm, happy, sad, curious, angry, afraid };
inline constexpr std::array<std::string_view, 6> kMoodNames{"calm",    "happy", "sad",
                                                            "curious", "angry", "afraid"};

// What kind of deed a verb is: by these tempers, moods and archetypes lean to verbs of any pack.
enum class Nature { work, trade, care, harm, social, explore, rest, travel, ritual };
inline constexpr std::array<std::string_view, 9> kNatureNames{"work",    "trade", "care",   "harm",  "social",
                                                              "explore", "rest",  "travel", "ritual"};

inline constexpr std::array<std::string_view, 6> kFeelingNames{"trust",   "fear",      "respect",
                                                               "disgust", "affection", "anger"};

// How somebody meets what threatens them.
enum class Strategy { neutral, aggressive, defensive, retreat, curious, social };
inline constexpr std::array<std::string_view, 6> kStrategyNames{"neutral", "aggressive", "defensive",
                                                                "retreat", "curious",    "social"};

inline std::string_view name_of(Mood value) { return kMoodNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(Nature value) { return kNatureNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(Strategy value) { return kStrategyNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(Season value) { return kSeasonNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(Phase value) { return kPhaseNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(Weather value) { return kWeatherNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(FactSource value) {
  return kFactSourceNames[static_cast<std::size_t>(value)];
}
inline std::string_view name_of(LineKind value) { return kLineKindNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(ActorKind value) { return kActorKindNames[static_cast<std::size_t>(value)]; }
inline std::string_view name_of(ParamType value) { return kParamTypeNames[static_cast<std::size_t>(value)]; }

// The enum value that a name table gives to `name`; none where it is not in the table.
template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace troupe::pack

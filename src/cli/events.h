#pragma once
// Events in plain words, for people who watch. Pure.
#include <map>
#include <string>

#include "cli/rpc.h"

namespace troupe::cli {

// What ids are called; ids that are not here are printed as they are.
struct Names {
  std::map<std::string, std::string> people;
  std::map<std::string, std::string> places;
};

// `event` as events.History answers it, or a link of world.Why: type, subject, place, payload. One line,
// nothing in it that a terminal would obey. Types without words of their own say what the protos say of them,
// and their fields.
std::string sentence(const Json& event, const Names& names);

// The people and places of a running world. Nice to have: none where the server does not tell.
Names ask_names(HttpClient& client);

// Whether it has words of its own.
bool has_words(std::string_view type);

// "1042  day 1 07:12  WeatherChanged  coast  from rain to storm; 9 °C, wind 40 km/h"
std::string event_line(const Json& event, const Names& names, const Style& style);

}  // namespace troupe::cli

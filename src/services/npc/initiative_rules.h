#pragma once
// When somebody speaks first, and when somebody who stands by has something to add. Pure; the numbers are
// here.
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "services/npc/belief_rules.h"

namespace troupe::npc {

// What it is worth to tell a player, 0 to 1, by how important it is, how they like the player and how they
// like to talk; and from where on they open their mouth. A goal counts as it weighs.
double worth_telling_a_player(double importance, double liking, double sociability);
inline constexpr double kAddressLeast = .4;

// How well a text answers a line, by words, 0 to 1.
double fit(std::string_view line, const Topic& topic);
// The topic that fits best, nullptr where there is none.
std::pair<const Topic*, double> best_fit(std::string_view line, std::span<const Topic> topics);

// Whether a line has the name of somebody in it: a word of their name of three letters or more, or an alias.
bool names(std::string_view line, const pack::Npc& who);

// Whether somebody joins a talk: what they have fits the line, and better than what the one who was asked
// has; who is named needs no lead.
bool joins(double mine, double theirs, bool named);

}  // namespace troupe::npc

#pragma once
// What is remembered, for whom: recency x importance x similarity x visibility. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "pack/query.h"

namespace troupe::npc {

struct Memory {
  std::int64_t id = 0;
  std::string text;
  std::int64_t at_ms = 0;  // game time
  std::string place;
  std::vector<std::string> witnesses;  // npc ids, and "player:<name>"
  std::string source;                  // seen, told, said, done, reflected
  double importance = .5;
  bool has_vector = false;
};

struct MemoryLimits {
  std::size_t per_npc = 2000;  // beyond: the least important old ones are forgotten
  double half_life_days = 3;
};

struct Parts {
  double recency = 0;
  double importance = 0;
  double similarity = 0;
  double visibility = 0;
};

double recency(std::int64_t at_ms, std::int64_t now_ms, const MemoryLimits& limits = {});

// What a listener may be told: everything for the NPC itself (""), what they witnessed in full, what happened
// in the open less readily; never what was told or said to somebody else, nor what the NPC thought for
// itself.
double visibility(const Memory& memory, std::string_view listener);

// Whether the text may hold what a player said, wrote or is called, or a summary of it. In prompts such text
// is the user's.
bool is_players_text(const Memory& memory);

double combine(const Parts& parts);

// Share of the query's words that the text has, 0..1: stands in for similarity where no embedding is.
double overlap(std::string_view query, std::string_view text);

// The words that carry meaning: lower case, at least four letters, no "that" and "with".
std::vector<std::string> content_words(std::string_view text);

// Whether a text gives away a secret that this listener may not hear from `holder`.
bool gives_away(const pack::Pack& pack, std::string_view text, const pack::NpcId& holder,
                const pack::Listener& listener);

// Whether an answer told a fact: most of its words are there.
bool tells(std::string_view answer, const pack::Fact& fact, std::string_view own_words);

// Which to forget when there are too many: index of the one with the least importance and recency.
std::size_t least_worth(const std::vector<Memory>& memories, std::int64_t now_ms, const MemoryLimits& limits);

}  // namespace troupe::npc

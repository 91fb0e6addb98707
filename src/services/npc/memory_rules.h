#pragma once
// What is remembered, for whom: recency x importance x similarity x visibility. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "pack/query.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

// What is to be remembered; kept as a MemoryRecord.
struct Memory {
  std::string text;
  std::int64_t at_ms = 0;  // game time
  std::string place;
  std::vector<std::string> witnesses;  // npc ids, and "player:<name>"
  std::string source;                  // seen, told, said, stated, done, reflected
  double importance = .5;
  std::uint64_t talk = 0;  // sequence of the DialogueStarted that it is about; 0 = of no talk
};

pb::MemoryRecord record_of(const Memory& memory);

// Of one person, the oldest first.
using MemoryList = std::vector<const pb::MemoryRecord*>;

std::vector<float> vector_from(const std::string& bytes);  // little-endian float32

// The source of a sentence that a player said of themselves, word for word.
inline constexpr std::string_view kStated = "stated";

struct MemoryLimits {
  std::size_t per_npc = 2000;  // beyond: one is forgotten, see to_forget()
  double others_share = .5;    // of what is of no player
  double player_share = .05;   // of one player
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
double visibility(const pb::MemoryRecord& memory, std::string_view listener);

// Whether the text may hold what a player said, wrote or is called, or a summary of it. In prompts such text
// is the user's.
bool is_players_text(const pb::MemoryRecord& memory);

// Whether it is of this player ("player:<name>"): they took part in it, or it was made of what they said.
bool is_of(const pb::MemoryRecord& memory, std::string_view player);

double combine(const Parts& parts);

// Share of the query's words that the text has, 0..1: stands in for similarity where no embedding is.
double overlap(std::string_view query, std::string_view text);

// The words that carry meaning: lower case, at least four letters, no "that" and "with".
std::vector<std::string> content_words(std::string_view text);

// Words and texts that would tell this listener what they may not hear from `holder`.
std::vector<std::string> withheld(const pack::Pack& pack, const pack::NpcId& holder,
                                  const pack::Listener& listener);
// Whether a text gives away a secret that this listener may not hear from `holder`.
bool gives_away(const pack::Pack& pack, std::string_view text, const pack::NpcId& holder,
                const pack::Listener& listener);

// Whether an answer told a fact: most of its words are there.
bool tells(std::string_view answer, const pack::Fact& fact, std::string_view own_words);

// Whom a memory is of: the first player among its witnesses as "player:<name>", or "".
std::string_view subject_of(const pb::MemoryRecord& memory);

// Which to forget when there are too many. Everybody has a share, and whoever takes more of it than
// others pays first, with the least worth (importance and recency) of their own; when nobody does, the player
// goes of whom the least is remembered. So nobody's trifles displace what is remembered of somebody else.
const pb::MemoryRecord& to_forget(const MemoryList& memories, std::int64_t now_ms,
                                  const MemoryLimits& limits);

// Whether the same was seen within hours: once is enough. Among the newest, kRepeatedAmong of them.
bool is_repeated(const MemoryList& newest, std::string_view text, std::int64_t now_ms);
inline constexpr std::size_t kRepeatedAmong = 200;

// What was remembered of the world before, word for word, of the same place, source and people; nullptr: nothing
// was. What happens again and again is one memory, of the last time: habits do not fill a mind.
const pb::MemoryRecord* same_before(const MemoryList& memories, const pb::MemoryRecord& memory);

}  // namespace troupe::npc

#pragma once
// What the npc service is set to, and its bounds.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/index.h"
#include "rt/clock.h"
#include "services/npc/memory_rules.h"
#include "services/npc/npc_tuning.h"

namespace troupe {

struct NpcLimits {
  std::size_t memory_bytes_max = 1024;  // longer ones are cut
  std::size_t players_max = 10'000;
  std::size_t perceptions_max = 32;     // kept per NPC, in memory only
  std::size_t lines_max = 40;           // of one conversation
  std::size_t conversations_max = 200;  // per NPC; the oldest are forgotten
  // Kept; older ones go. Without players some 150 to 300 a day.
  std::size_t decisions_max = 10'000;
  std::size_t decisions_shown = 20;         // of each, without asking for them
  std::size_t memories_shown = 50;          // of a mind
  std::size_t mind_bytes_max = 128 * 1024;  // of a mind, as it is shown
  std::size_t options_max = 4;              // put to a model, beside carrying on
  int options_weighed = 200;                // all that the verbs of a pack allow: utility sees them all
  std::size_t threats_max = 4;              // kept per NPC
  std::size_t quote_bytes_max = 300;        // of a line in a memory
  std::size_t reflection_bytes_max = 4000;  // of a prompt; a job's context has no more room
  std::size_t remembered_shown = 1000;      // of one npc.Memories
  std::size_t embed_batch = 32;
  double interest_m = 80;  // a player this near makes minds think more often
  double approach_m = 5;   // and this near may be about to speak
  std::size_t reading_ahead_max = 8;
  std::size_t anticipated_max = 1000;  // players of whom it is known what was read ahead for them last
  std::size_t strangers_max = 3;       // people who read ahead for whoever may come
  std::size_t sayable_max = 10;        // of what a line may bring up is read ahead
  std::size_t read_in_full_max = 256;  // prompts of which it is known that all they may bring up was read
  npc::MemoryLimits memory;
};

namespace npc {
struct Shelf;
}

struct NpcConfig {
  bool thinks = true;      // false: no model behind the gold tier; utility decides
  bool read_ahead = true;  // prompts of talks, before a line comes
  rt::milliseconds choose_deadline{1500};
  rt::milliseconds talk_deadline{15'000};
  // What is set for this world by name ("ai.talk_deadline_ms"; bools as 0 and 1); empty: what stands here.
  std::function<double(const std::string&)> setting;
  std::size_t embedding_size = 0;  // 0: similarity by words
  std::string embedding_model;  // name, hash and size: vectors of another one are made again, never compared
  std::vector<std::string> embedding_languages;  // codes of those that it knows; none = any
  std::filesystem::path vectors;  // a folder in which vectors of what people can be asked are kept; "" = none
  std::shared_ptr<npc::Shelf> shelf;  // shared by the worlds of a pack; none = a world's own
  std::function<std::unique_ptr<index::Index>()> make_index;  // for memories; empty with embedding_size 0
  NpcLimits limits;
  NpcTuning tuning;

  // As set for this world now.
  rt::milliseconds talk_within() const { return set_ms("ai.talk_deadline_ms", talk_deadline); }
  rt::milliseconds choose_within() const { return set_ms("ai.choose_deadline_ms", choose_deadline); }
  bool reflects() const { return !setting || setting("ai.reflection") != 0; }

 private:
  rt::milliseconds set_ms(const char* name, rt::milliseconds standard) const {
    return setting ? rt::milliseconds(static_cast<std::int64_t>(setting(name))) : standard;
  }
};

}  // namespace troupe

#pragma once
// What somebody has in mind when they are spoken to, as a request to ai: standing things first, so that they
// can be read ahead and are the same for a whole conversation; what depends on the line just said comes last
// and stays short. Owned by NpcService; io thread; reads only.
#include <set>
#include <string>
#include <vector>

#include "pack/query.h"
#include "services/npc/memories.h"
#include "services/npc/situation.h"
#include "troupe/v1/ai.pb.h"

namespace troupe::npc {

// A prompt, and what went into it.
struct Prompt {
  pb::AiSpeakRequest request;
  std::set<std::uint64_t> talks;     // exchanges that stand in it word for word
  std::vector<std::string> sayable;  // what a line could bring up, the likeliest first
  std::vector<std::string> facts;
  std::vector<std::string> memories;
};

// A line, and what the rules found for it.
struct ForLine {
  std::string text;                // "": nothing was said yet
  std::vector<float> vector;       // of the line; empty = likeness goes by words
  std::vector<std::string> notes;  // what may be said to it, the best first
};

class Prompts {
 public:
  Prompts(const Ground& ground, const Minds& minds, const Memories& memories, const Situation& situation);

  Result<Prompt> make(const std::string& npc, const std::string& player, const ForLine& line) const;

 private:
  // The line that was just said, and by whom.
  struct Said {
    const std::string& player;
    const std::string& text;
    const std::vector<float>& vector;
    const std::vector<std::string>& notes;
    pack::Listener listener;
  };
  void add_conversation(const Mind& mind, const Said& said, Prompt& prompt) const;
  void add_facts(const Mind& mind, const Said& said, Prompt& prompt) const;
  void add_standing(const Mind& mind, const Said& said, Prompt& prompt) const;
  void add_reminded(const Mind& mind, const Said& said, Prompt& prompt) const;
  void add_written_lines(const Mind& mind, bool met, Prompt& prompt) const;
  bool usable(const pb::MemoryRecord& memory, const Mind& mind, const Said& said, const Prompt& prompt) const;
  const pack::Phrase& words_of(Attitude attitude) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  const Minds& minds_;
  const Memories& memories_;
  const Situation& situation_;
};

}  // namespace troupe::npc

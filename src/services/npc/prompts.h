#pragma once
// What somebody has in mind when they are spoken to, as a request to ai: standing things first, so that they
// can be read ahead and are the same for a whole conversation; what depends on the line just said comes last
// and stays short. Owned by NpcService; io thread; reads only.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pack/query.h"
#include "services/npc/memories.h"
#include "services/npc/situation.h"
#include "troupe/v1/ai.pb.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

// A prompt, and what went into it.
struct Prompt {
  pb::AiSpeakRequest request;
  std::set<std::uint64_t> talks;     // exchanges that stand in it word for word
  std::vector<std::string> sayable;  // what a line could bring up, the likeliest first
  std::vector<std::string> facts;
  std::vector<std::string> memories;
  std::map<std::string, pb::Action> actions;  // by their text
};

class Prompts {
 public:
  Prompts(const Ground& ground, const Minds& minds, const Memories& memories, Embedding& embedding,
          const Situation& situation);

  // `text` "": nothing was said yet.
  Task<Prompt> make(Caller caller, std::string npc, std::string player, std::string text);

 private:
  struct Candidate;
  // The line that was just said, and by whom.
  struct Said {
    const std::string& player;
    const std::string& text;
    const std::vector<float>& vector;
    pack::Listener listener;
  };
  pack::Listener listener_for(const Mind& mind, const std::string& player) const;
  void add_conversation(const Mind& mind, const Said& said, Prompt& prompt) const;
  std::vector<Candidate> add_facts(const Mind& mind, const Said& said, Prompt& prompt) const;
  void add_standing(const Mind& mind, const Said& said, Prompt& prompt) const;
  void add_reminded(const Mind& mind, const Said& said, Prompt& prompt,
                    std::vector<Candidate>& candidates) const;
  void bring_up(std::vector<Candidate> candidates, Prompt& prompt) const;
  void add_actions(const std::string& npc, const std::string& text, Prompt& prompt) const;
  void add_written_lines(const Mind& mind, bool met, Prompt& prompt) const;
  bool usable(const Memory& memory, const Mind& mind, const Said& said, const Prompt& prompt) const;
  double fits(const pack::Fact& fact, const Said& said) const;
  const pack::Phrase& words_of(Attitude attitude) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  const Minds& minds_;
  const Memories& memories_;
  Embedding& embedding_;
  const Situation& situation_;
};

}  // namespace troupe::npc

#pragma once
// A prompt, and what went into it: private to the npc service.
#include "services/npc/npc_service.h"

namespace troupe {

struct NpcService::Prompt {
  pb::AiSpeakRequest request;
  std::set<std::uint64_t> talks;     // exchanges that stand in it word for word
  std::vector<std::string> sayable;  // what a line could bring up, the likeliest first
  std::vector<std::string> facts;
  std::vector<std::string> memories;
  std::map<std::string, pb::Action> actions;  // by their text
};

}  // namespace troupe

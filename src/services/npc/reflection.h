#pragma once
// The slow layer: at the end of a day on which a player talked to them, somebody makes up their mind about it
// (bronze). The router keeps the job until it has ended, whatever happens to the server. Owned by NpcService;
// io thread.
#include <string>
#include <vector>

#include "services/npc/decisions.h"
#include "services/npc/memories.h"
#include "troupe/v1/router.pb.h"

namespace troupe::npc {

class Reflection {
 public:
  Reflection(const Ground& ground, Minds& minds, Memories& memories, Decisions& decisions)
      : pack_(ground.pack),
        host_(ground.host),
        config_(ground.config),
        texts_(ground.texts),
        minds_(minds),
        memories_(memories),
        decisions_(decisions) {}
  void mount() { host_.on(&Reflection::reflected, this); }

  // Asks for it, where there is something to reflect on.
  void reflect(Turn& turn, const Mind& mind) const;

 private:
  void reflected(Turn& turn, const EventContext& context, const pb::JobEnded& event);
  MemoryList weightiest_today(const Mind& mind, std::int64_t now_ms) const;
  pb::RouterSubmitRequest job_for(Turn& turn, const Mind& mind, const MemoryList& today,
                                  std::int64_t day) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Memories& memories_;
  Decisions& decisions_;
};

}  // namespace troupe::npc

#pragma once
// What others see of people: where everybody is; at their own place what they do and how they feel;
// everything for operators (docs/adr/0014-who-may-know.md). Owned by NpcService; io thread; reads only.
#include <string>

#include "services/npc/decisions.h"

namespace troupe::npc {

pb::NpcView view_of(const pack::Pack& pack, const Mind& mind, std::int64_t now_ms);
pb::MemoryView view_of(const pb::MemoryRecord& memory);

class Views {
 public:
  Views(const Ground& ground, const Minds& minds, const Decisions& decisions)
      : pack_(ground.pack),
        host_(ground.host),
        config_(ground.config),
        minds_(minds),
        decisions_(decisions) {}
  void mount();

 private:
  Result<pb::NpcListReply> list(const Caller& caller, const pb::NpcListRequest& request) const;
  Result<pb::NpcView> get(const Caller& caller, const pb::NpcGetRequest& request) const;
  Task<pb::NpcMindReply> mind(Caller caller, pb::NpcMindRequest request);
  Result<pb::NpcRelationReply> relation(const Caller& caller, const pb::NpcRelationRequest& request) const;
  pb::NpcView view_for(const Caller& caller, const Mind& mind, const std::string& caller_at) const;
  std::string place_of(const Caller& caller) const;  // "" for whoever sees everything
  void show_seen(const Mind& mind, pb::NpcMindReply& reply) const;
  void show_conversations(const Mind& mind, pb::NpcMindReply& reply) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const Minds& minds_;
  const Decisions& decisions_;
};

}  // namespace troupe::npc

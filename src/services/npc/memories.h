#pragma once
// What people remember, and finding it again. Owned by NpcService; io thread. Bounds: NpcLimits; which is
// forgotten, memory_rules.h says.
#include <string>
#include <vector>

#include "services/npc/embedding.h"

namespace troupe::npc {

struct Recalled {
  const pb::MemoryRecord* memory = nullptr;  // valid until the next change
  Parts parts;
  double score = 0;
};

class Memories {
 public:
  Memories(const Ground& ground, Minds& minds, Embedding& embedding)
      : pack_(ground.pack),
        host_(ground.host),
        config_(ground.config),
        minds_(minds),
        embedding_(embedding) {}
  void mount();

  // Answers its id.
  std::int64_t remember(Turn& turn, const Mind& mind, const Memory& memory);
  // Of what they saw or heard in the world: it takes the place of the same before, see same_before().
  void witness(Turn& turn, const Mind& mind, const Memory& memory);
  // The `k` best for a listener ("" = for themselves) as of a time. `vector` empty: similarity by words.
  std::vector<Recalled> recall(const Mind& mind, const std::string& query, const std::vector<float>& vector,
                               std::size_t k, std::int64_t as_of_ms, const std::string& listener) const;

 private:
  Result<pb::NpcRememberReply> serve_remember(Turn& turn, const Caller& caller,
                                              const pb::NpcRememberRequest& request);
  std::int64_t keep(Turn& turn, const Mind& mind, pb::MemoryRecord record);
  Result<Memory> memory_of(const pb::NpcRememberRequest::Memory& said, const std::string& where,
                           std::int64_t now_ms) const;
  Task<pb::NpcRecallReply> serve_recall(Caller caller, pb::NpcRecallRequest request);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  Minds& minds_;
  Embedding& embedding_;
};

}  // namespace troupe::npc

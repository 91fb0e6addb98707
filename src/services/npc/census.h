#pragma once
// The world goes on with another version of its pack: who is new appears, who is gone leaves, and nobody
// stands, walks or thinks of anything that is not there any more (docs/adr/0019-a-pack-changes.md). Owned by
// NpcService; io thread.
#include "services/npc/day.h"
#include "services/npc/players.h"

namespace troupe::npc {

class Census {
 public:
  Census(const Ground& ground, Minds& minds, Players& players, Day& day)
      : pack_(ground.pack),
        host_(ground.host),
        texts_(ground.texts),
        minds_(minds),
        players_(players),
        day_(day) {}
  void mount();

 private:
  void take(Turn& turn, const pb::PackChanged& change);
  void appear(Turn& turn, Mind& mind);
  void leave(Turn& turn, const pb::NpcRecord& record);
  void adapt(Turn& turn, Mind& mind, const pb::PackChanged& change);
  void keep_what_is(pb::NpcRecord& record, const pack::Npc& who) const;
  bool stand_somewhere(Turn& turn, const Mind& mind) const;  // false: where they are is still there

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Players& players_;
  Day& day_;
};

}  // namespace troupe::npc

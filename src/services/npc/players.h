#pragma once
// Where players are, as far as the server believes their clients, whom they look at and whether they are
// armed. Owned by NpcService; io thread. Bound: NpcLimits::players_max; who was not heard of for the longest
// makes room, `exhausted` npc.players while all were heard within a real minute.
#include <optional>
#include <string>
#include <vector>

#include "host/table.h"
#include "services/npc/minds.h"
#include "services/npc/player_rules.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

class Players {
 public:
  Players(const Ground& ground, const Minds& minds)
      : pack_(ground.pack),
        host_(ground.host),
        config_(ground.config),
        minds_(minds),
        players_(host_.timeline()) {}
  void mount();

  const Table<pb::PlayerRecord>& known() const { return players_; }
  // Those who were heard of lately.
  std::vector<const pb::PlayerRecord*> present() const;
  // Of those, who stand at a place.
  std::vector<std::string> at(const std::string& place) const;
  bool somebody_plays() const { return !present().empty(); }
  // Whether one of them could see what is done there.
  bool could_see(Position at) const;

  // Somebody spoke to them of their own accord.
  void note_addressed(Turn& turn, const std::string& player);
  // A client says where its player is. Answers where that is now, and who is near.
  Result<pb::NpcInputReply> stand(Turn& turn, const Caller& caller, const pb::NpcInputRequest& request);
  // A verb brought them there.
  void moved(Turn& turn, const std::string& player, const std::string& place);
  // The pack is another: whose place is gone is where players arrive.
  void adapt(Turn& turn);

 private:
  Step step(Turn& turn, const Caller& caller, const std::string& player, Position says);
  void tell_state(Turn& turn, const std::string& player, const std::string& place);
  void read(Turn& turn, const std::string& player);
  // Written where it is otherwise than it was.
  void keep(Turn& turn, pb::PlayerRecord next);
  Result<void> make_room(Turn& turn);
  void on_state(Turn& turn, const EventContext& context, const pb::PlayerStateChanged& event);
  void on_gone(Turn& turn, const EventContext& context, const pb::EntityGone& event);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const Minds& minds_;
  Table<pb::PlayerRecord> players_;
};

// `invalid_argument` npc.no_player, or what is wrong with the name.
Result<void> check_player(const std::string& name);

}  // namespace troupe::npc

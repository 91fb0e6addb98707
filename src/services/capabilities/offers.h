#pragma once
// What waits for a player's word: deeds of others that would touch them. Owned by the capabilities service;
// io thread. Bounds: Limits: so many of one asker, to one player and in all; each is void after a while. What
// was declined is remembered for as long again, so that nobody is asked the same over and over.
#include <string>
#include <vector>

#include "host/table.h"
#include "services/capabilities/verb_rules.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::capabilities {

class Offers {
 public:
  Offers(Timeline& timeline, const Limits& limits) : limits_(limits), kept_(timeline) {}

  // nullptr: there is none.
  const pb::Offer* find(const std::string& id) const;
  // The same deed of the same actor, if they asked already.
  const pb::Offer* same(const std::string& kind, const std::string& actor, const pb::Action& action) const;
  bool declined(const pb::Offer& offer) const;
  std::vector<pb::Offer> to_answer(const std::string& player) const;
  std::vector<pb::Offer> all() const;  // also declined ones
  std::vector<pb::Offer> of_actor(const std::string& kind, const std::string& actor) const;  // open ones

  // `exhausted` capabilities.offers.
  Result<void> check_room(const pb::Offer& offer) const;
  // Kept until offer.until_ms(); a timer of the service "capabilities" with kTimer and its id says when that
  // is.
  void put(Turn& turn, const pb::Offer& offer);
  void decline(Turn& turn, const std::string& id, GameTime forget_at);
  void remove(Turn& turn, const std::string& id);

  static constexpr std::string_view kTimer = "offer:";

 private:
  void keep(Turn& turn, const pb::Offer& offer, bool declined);

  const Limits limits_;
  Table<pb::OfferRecord> kept_;
};

}  // namespace troupe::capabilities

#include "services/capabilities/offers.h"

#include <algorithm>

#include "host/registry.h"

namespace troupe::capabilities {

const pb::Offer* Offers::find(const std::string& id) const {
  const auto* kept = kept_.find(id);
  return kept == nullptr || kept->declined() ? nullptr : &kept->offer();
}

const pb::Offer* Offers::same(const std::string& kind, const std::string& actor,
                              const pb::Action& action) const {
  const auto bytes = stable_bytes(action);
  const auto& rows = kept_.rows();
  const auto found = std::ranges::find_if(rows, [&](const auto& entry) {
    const auto& offer = entry.second.offer();
    return offer.actor() == actor && offer.kind() == kind && stable_bytes(offer.action()) == bytes;
  });
  return found == rows.end() ? nullptr : &found->second.offer();
}

bool Offers::declined(const pb::Offer& offer) const {
  const auto* kept = kept_.find(offer.id());
  return kept != nullptr && kept->declined();
}

std::vector<pb::Offer> Offers::to_answer(const std::string& player) const {
  std::vector<pb::Offer> out;
  for (const auto& [id, kept] : kept_.rows()) {
    if (kept.declined()) continue;
    const auto& offer = kept.offer();
    const bool asked = std::ranges::find(offer.asked(), player) != offer.asked().end();
    if (asked && std::ranges::find(offer.agreed(), player) == offer.agreed().end()) out.push_back(offer);
  }
  return out;
}

std::vector<pb::Offer> Offers::all() const {
  std::vector<pb::Offer> out;
  for (const auto& [id, kept] : kept_.rows()) out.push_back(kept.offer());
  return out;
}

std::vector<pb::Offer> Offers::of_actor(const std::string& kind, const std::string& actor) const {
  std::vector<pb::Offer> out;
  for (const auto& [id, kept] : kept_.rows()) {
    if (!kept.declined() && kept.offer().kind() == kind && kept.offer().actor() == actor)
      out.push_back(kept.offer());
  }
  return out;
}

Result<void> Offers::check_room(const pb::Offer& offer) const {
  const auto full = [](std::string why) {
    return fail(Code::exhausted, "capabilities.offers", std::move(why), 10'000);
  };
  if (kept_.size() >= limits_.offers_max) return full("too many offers wait for an answer");
  const auto asked = std::ranges::count_if(kept_.rows(), [&](const auto& entry) {
    return entry.second.offer().actor() == offer.actor() && entry.second.offer().kind() == offer.kind();
  });
  if (of_actor(offer.kind(), offer.actor()).size() >= limits_.offers_per_actor_max ||
      static_cast<std::size_t>(asked) >= limits_.asked_per_actor_max) {
    return full(offer.actor() + " has asked others enough; they have to answer first");
  }
  for (const auto& player : offer.asked()) {
    if (to_answer(player).size() >= limits_.offers_per_player_max) {
      return full(player + " was asked by enough people already");
    }
  }
  return {};
}

void Offers::keep(Turn& turn, const pb::Offer& offer, bool declined) {
  pb::OfferRecord record;
  record.set_id(offer.id());
  *record.mutable_offer() = offer;
  record.set_declined(declined);
  kept_.put(turn, std::move(record));
  turn.schedule("capabilities", std::string(kTimer) + offer.id(), GameTime{offer.until_ms()});
}

void Offers::put(Turn& turn, const pb::Offer& offer) { keep(turn, offer, false); }

void Offers::decline(Turn& turn, const std::string& id, GameTime forget_at) {
  pb::Offer offer = kept_.find(id)->offer();
  offer.set_until_ms(forget_at.ms);
  keep(turn, offer, true);
}

void Offers::remove(Turn& turn, const std::string& id) {
  kept_.erase(turn, id);
  turn.unschedule("capabilities", std::string(kTimer) + id);
}

}  // namespace troupe::capabilities

#include "services/capabilities/offers.h"

#include <algorithm>

#include "host/registry.h"

namespace troupe::capabilities {

using db::Blob;
using db::Values;

const char* Offers::schema() {
  return "create table capabilities_offers (id text primary key, record blob not null, declined bigint not "
         "null)";
}

const pb::Offer* Offers::find(const std::string& id) const {
  const auto found = kept_.find(id);
  return found == kept_.end() || found->second.declined ? nullptr : &found->second.offer;
}

const pb::Offer* Offers::same(const std::string& kind, const std::string& actor,
                              const pb::Action& action) const {
  const auto bytes = stable_bytes(action);
  const auto found = std::ranges::find_if(kept_, [&](const auto& entry) {
    const auto& offer = entry.second.offer;
    return offer.actor() == actor && offer.kind() == kind && stable_bytes(offer.action()) == bytes;
  });
  return found == kept_.end() ? nullptr : &found->second.offer;
}

bool Offers::declined(const pb::Offer& offer) const {
  const auto found = kept_.find(offer.id());
  return found != kept_.end() && found->second.declined;
}

std::vector<pb::Offer> Offers::to_answer(const std::string& player) const {
  std::vector<pb::Offer> out;
  for (const auto& [id, kept] : kept_) {
    if (kept.declined) continue;
    const auto& offer = kept.offer;
    const bool asked = std::ranges::find(offer.asked(), player) != offer.asked().end();
    if (asked && std::ranges::find(offer.agreed(), player) == offer.agreed().end()) out.push_back(offer);
  }
  return out;
}

std::vector<pb::Offer> Offers::all() const {
  std::vector<pb::Offer> out;
  for (const auto& [id, kept] : kept_) out.push_back(kept.offer);
  return out;
}

std::vector<pb::Offer> Offers::of_actor(const std::string& kind, const std::string& actor) const {
  std::vector<pb::Offer> out;
  for (const auto& [id, kept] : kept_) {
    if (!kept.declined && kept.offer.kind() == kind && kept.offer.actor() == actor) out.push_back(kept.offer);
  }
  return out;
}

Result<void> Offers::check_room(const pb::Offer& offer) const {
  const auto full = [](std::string why) {
    return fail(Code::exhausted, "capabilities.offers", std::move(why), 10'000);
  };
  if (kept_.size() >= limits_.offers_max) return full("too many offers wait for an answer");
  const auto asked = std::ranges::count_if(kept_, [&](const auto& entry) {
    return entry.second.offer.actor() == offer.actor() && entry.second.offer.kind() == offer.kind();
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

void Offers::save(Turn& turn, const pb::Offer& offer, bool declined) const {
  turn.write(
      "insert into capabilities_offers (id, record, declined) values ($1, $2, $3) "
      "on conflict (id) do update set record = excluded.record, declined = excluded.declined",
      Values{offer.id(), Blob{stable_bytes(offer)}, std::int64_t{declined ? 1 : 0}});
}

void Offers::put(Turn& turn, const pb::Offer& offer) {
  kept_[offer.id()] = {offer, false};
  save(turn, offer, false);
  turn.schedule("capabilities", std::string(kTimer) + offer.id(), GameTime{offer.until_ms()});
}

void Offers::decline(Turn& turn, const std::string& id, GameTime forget_at) {
  auto& kept = kept_.at(id);
  kept.declined = true;
  kept.offer.set_until_ms(forget_at.ms);
  save(turn, kept.offer, true);
  turn.schedule("capabilities", std::string(kTimer) + id, forget_at);
}

void Offers::remove(Turn& turn, const std::string& id) {
  kept_.erase(id);
  turn.write("delete from capabilities_offers where id = $1", Values{id});
  turn.unschedule("capabilities", std::string(kTimer) + id);
}

Result<void> Offers::load(db::Reader& reader) {
  kept_.clear();
  TRY(const auto rows, reader.query("select id, record, declined from capabilities_offers"));
  for (const auto& row : rows) {
    auto& kept = kept_[row.text(0)];
    kept.offer.ParseFromString(row.blob(1));
    kept.declined = row.integer(2) != 0;
  }
  return {};
}

}  // namespace troupe::capabilities

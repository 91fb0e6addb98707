// What takes a player's word: it is offered, and done once everybody whom it would touch has agreed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "services/capabilities/capabilities_service.h"
#include "services/capabilities/verb_text.h"

namespace troupe {

using capabilities::Offers;
using pack::ActorKind;

namespace {

bool names(const google::protobuf::RepeatedPtrField<std::string>& players, const std::string& player) {
  return std::ranges::find(players, player) != players.end();
}

std::vector<std::string> still_asked(const pb::Offer& offer) {
  std::vector<std::string> out;
  for (const auto& player : offer.asked()) {
    if (!names(offer.agreed(), player)) out.push_back(player);
  }
  return out;
}

pb::Verdict waiting(const pb::Offer& offer) {
  const auto asked = still_asked(offer);
  pb::Verdict verdict;
  verdict.set_reason("verb.offered");
  verdict.set_message(
      fmt::format("{} {} to agree to that", fmt::join(asked, " and "), asked.size() == 1 ? "has" : "have"));
  verdict.set_offer(offer.id());
  verdict.mutable_asks()->Assign(asked.begin(), asked.end());
  return verdict;
}

GameSpan real_seconds(const Turn& turn, std::int64_t seconds) {
  return {std::max<std::int64_t>(60'000, turn.clock().span_of(std::chrono::seconds(seconds)).ms)};
}

}  // namespace

void CapabilitiesService::mount_offers() {
  auto& timeline = host_.timeline();
  timeline.add_timer_handler("capabilities", [this](Turn& turn, const std::string& key, const std::string&) {
    on_timer(turn, key);
  });
  timeline.add_pack_hook(
      "capabilities", [this](Turn& turn, const pb::PackChanged& change) { on_pack_changed(turn, change); });
  host_.serve(&CapabilitiesService::offers, static_cast<const CapabilitiesService*>(this));
  host_.serve(&CapabilitiesService::accept, this);
  host_.serve(&CapabilitiesService::decline, this);
}

// The actor keeps their time until it is done: whoever waits for an answer is not busy.
Result<pb::Verdict> CapabilitiesService::offer(Turn& turn, const Actor& actor, const Trial& trial) {
  const auto& judged = *trial.judged;
  pb::Offer offer;
  offer.set_kind(std::string(name_of(actor.kind)));
  offer.set_actor(actor.id);
  offer.mutable_action()->set_verb(judged.bound.verb->id.str());
  for (const auto& [name, value] : judged.bound.args) (*offer.mutable_action()->mutable_args())[name] = value;
  if (const auto* before = offers_.same(offer.kind(), offer.actor(), offer.action())) {
    if (!offers_.declined(*before)) return waiting(*before);
    return fail(Code::conflict, "verb.declined",
                fmt::format("{} said no to that a while ago", fmt::join(before->asked(), " and ")));
  }
  offer.set_id("o-" + std::to_string(turn.next_sequence()));
  offer.set_text(capabilities::option_text(pack_, judged.bound, capabilities::FactText::hidden));
  offer.mutable_asked()->Assign(judged.asks.begin(), judged.asks.end());
  offer.set_until_ms((turn.now() + real_seconds(turn, limits_.offer_real_s)).ms);
  TRY_VOID(offers_.check_room(offer));

  offers_.put(turn, offer);
  std::uint64_t sequence = 0;
  for (const auto& player : offer.asked()) {
    pb::VerbOffered event;
    event.set_offer(offer.id());
    event.set_kind(offer.kind());
    event.set_actor(offer.actor());
    *event.mutable_action() = offer.action();
    event.set_text(offer.text());
    event.set_player(player);
    event.set_until_ms(offer.until_ms());
    sequence = turn.emit(event, {.subject = player, .place = trial.around.actor.place});
  }
  pb::Verdict verdict = waiting(offer);
  verdict.set_event_id(event_log::event_id(turn.world(), sequence));
  return verdict;
}

void CapabilitiesService::end_offer(Turn& turn, const pb::Offer& offer, const std::string& how) {
  const pb::Offer ended = offer;  // may live in the book
  if (how != "declined") offers_.remove(turn, ended.id());
  for (const auto& player : ended.asked()) {
    pb::VerbOfferEnded event;
    event.set_offer(ended.id());
    event.set_how(how);
    event.set_player(player);
    event.set_kind(ended.kind());
    event.set_actor(ended.actor());
    std::vector<std::string> both = {player};  // and nobody else
    if (ended.kind() == "player") both.push_back(ended.actor());
    turn.emit(event, {.subject = player, .audience = Audience::only(std::move(both))});
  }
}

// What is offered or being done with something that the pack has no more is void.
void CapabilitiesService::on_pack_changed(Turn& turn, const pb::PackChanged& change) {
  busy_.keep_known(turn, pack_);
  for (const auto& offer : offers_.all()) {
    const bool gone = pack_.verb(offer.action().verb()) == nullptr ||
                      (offer.kind() == "npc" && pack_.npc(offer.actor()) == nullptr) ||
                      std::ranges::any_of(offer.action().args(), [&](const auto& arg) {
                        return std::ranges::any_of(change.parts(), [&](const auto& part) {
                          return std::ranges::find(part.removed(), arg.second) != part.removed().end();
                        });
                      });
    if (!gone) continue;
    if (offers_.declined(offer)) {
      offers_.remove(turn, offer.id());
    } else {
      end_offer(turn, offer, "expired");
    }
  }
}

void CapabilitiesService::on_timer(Turn& turn, const std::string& key) {
  if (!key.starts_with(Offers::kTimer)) return;
  const std::string id = key.substr(Offers::kTimer.size());
  if (const auto* offer = offers_.find(id)) {
    end_offer(turn, *offer, "expired");
  } else {
    offers_.remove(turn, id);  // a declined one is forgotten
  }
}

Result<pb::Offer> CapabilitiesService::known_offer(const std::string& id) const {
  if (const auto* offer = offers_.find(id)) return *offer;
  return fail(Code::not_found, "capabilities.unknown_offer",
              "no offer '" + std::string(utf8_prefix(id, 60)) + "' waits for an answer");
}

Result<pb::CapabilitiesOffersReply> CapabilitiesService::offers(
    const Caller& caller, const pb::CapabilitiesOffersRequest& request) const {
  const std::string player = caller.player_or_self(request.player());
  pb::CapabilitiesOffersReply reply;
  for (auto& offer : offers_.to_answer(player)) *reply.add_to_answer() = std::move(offer);
  for (auto& offer : offers_.of_actor(std::string(name_of(ActorKind::player)), player))
    *reply.add_asked_of_others() = std::move(offer);
  return reply;
}

Result<pb::Verdict> CapabilitiesService::accept(Turn& turn, const Caller& caller,
                                                const pb::CapabilitiesAcceptRequest& request) {
  TRY(pb::Offer offer, known_offer(request.offer()));
  const std::string player = caller.player_or_self(request.player());
  if (!names(offer.asked(), player)) {
    return fail(Code::permission_denied, "capabilities.not_you", "'" + player + "' was not asked");
  }
  if (!names(offer.agreed(), player)) offer.add_agreed(player);
  const Actor actor{offer.kind() == name_of(ActorKind::npc) ? ActorKind::npc : ActorKind::player,
                    offer.actor()};
  if (!still_asked(offer).empty()) {
    offers_.put(turn, offer);
    return waiting(offer);
  }
  TRY_VOID(check_free(actor, offer.action().verb()));
  TRY(const Trial trial, attempt(caller, actor, offer.action()));
  if (!trial.judged) {
    end_offer(turn, offer, "impossible");
    return refuse(turn, actor, offer.action(), trial.judged.error(), trial.around.actor.place);
  }
  TRY(auto verdict, carry_out(turn, caller, actor, trial));
  end_offer(turn, offer, "accepted");
  return verdict;
}

Result<pb::Offer> CapabilitiesService::decline(Turn& turn, const Caller& caller,
                                               const pb::CapabilitiesDeclineRequest& request) {
  TRY(const pb::Offer offer, known_offer(request.offer()));
  const std::string player = caller.player_or_self(request.player());
  if (offer.kind() == name_of(ActorKind::player) && offer.actor() == player) {
    end_offer(turn, offer, "withdrawn");
    return offer;
  }
  if (!names(offer.asked(), player)) {
    return fail(Code::permission_denied, "capabilities.not_you", "'" + player + "' was not asked");
  }
  offers_.decline(turn, offer.id(), turn.now() + real_seconds(turn, limits_.declined_real_s));
  end_offer(turn, offer, "declined");
  return offer;
}

}  // namespace troupe

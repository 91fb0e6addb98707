#include "services/npc/beliefs.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "host/event_log.h"
#include "services/npc/appraisal_rules.h"

namespace troupe::npc {

namespace {

constexpr int kShownMax = 1000;  // of one npc.Beliefs
// Of a player's word no more is made than of a rumour.
constexpr double kPlayersWord = .5;

}  // namespace

Beliefs::Beliefs(const Ground& ground, Minds& minds)
    : pack_(ground.pack),
      host_(ground.host),
      texts_(ground.texts),
      minds_(minds),
      beliefs_(host_.timeline()) {
  for (const auto& who : pack_.npcs) held_[who.id.str()];
  for (const auto& fact : pack_.facts) {
    if (fact.is_public) continue;
    for (const auto& holder : fact.holders) held_[holder.str()].push_back(&fact);
  }
}

void Beliefs::mount() {
  host_.timeline().add_pack_hook("npc", [this](Turn& turn, const pb::PackChanged&) { take_pack(turn); });
  host_.serve(&Beliefs::beliefs, static_cast<const Beliefs*>(this));
}

// Nobody believes a fact that is no more, and who is gone believes nothing.
void Beliefs::take_pack(Turn& turn) {
  beliefs_.erase_if(turn, [&](const pb::BeliefRecord& belief) {
    const auto fact = fact_of(belief.subject());
    return !minds_.has(belief.npc()) || (!fact.empty() && pack_.fact(fact) == nullptr);
  });
}

void Beliefs::note(Turn& turn, const std::string& npc, Taken taken) {
  for (auto& row : taken.rows) beliefs_.put(turn, std::move(row));
  const BeliefLimits limits;
  for (auto list = of(npc); list.size() > limits.per_npc; list = of(npc)) {
    const auto& least = to_drop(list, turn.now().ms, limits);
    beliefs_.erase(turn, npc, least.subject(), least.true_at_ms());
  }
}

BeliefList Beliefs::of(const std::string& npc) const {
  BeliefList list;
  for (const auto& belief : beliefs_.of(npc)) list.push_back(&belief);
  return list;
}

const std::vector<const pack::Fact*>& Beliefs::held(const std::string& npc) const {
  static const std::vector<const pack::Fact*> kNone;
  const auto found = held_.find(npc);
  return found == held_.end() ? kNone : found->second;
}

bool Beliefs::knows(const std::string& npc, const pack::Fact& fact) const {
  return pack::knows(fact, pack::NpcId(npc)) ||
         std::ranges::any_of(beliefs_.of(npc, fact_subject(fact.id)), is_live);
}

pack::Listener Beliefs::listener(const Mind& teller, const Mind& listener, const pack::Fact* fact) const {
  const auto& id = listener.record().id();
  pack::Listener to;
  to.npc = listener.who->id;
  to.faction = listener.who->faction;
  to.trust = confidence(relation_or_default(teller, id), mood_of(teller.record()),
                        mood_now(teller.record(), host_.timeline().now().ms));
  if (fact == nullptr) return to;
  for (const auto& before : fact->share_with.after) {
    const auto* needed = pack_.fact(before.str());
    if (needed != nullptr && knows(id, *needed)) to.knows.insert(before);
  }
  return to;
}

std::vector<talk::Known> Beliefs::known_by(const std::string& npc) const {
  std::vector<talk::Known> known;
  for (const auto& belief : beliefs_.of(npc)) {
    const auto* fact = pack_.fact(fact_of(belief.subject()));
    if (!is_live(belief) || fact == nullptr || fact->secret) continue;
    // What they would not pass on they do not answer with either.
    if (belief.confidence() < BeliefLimits{}.worth_telling) continue;
    known.push_back({.fact = fact->id,
                     .says = belief.text() == fact->text ? std::string() : belief.text(),
                     .source = belief.source()});
  }
  return known;
}

void Beliefs::see(Turn& turn, const Mind& mind, const News& news) {
  const std::string& npc = mind.record().id();
  pb::BeliefRecord seen;
  seen.set_npc(npc);
  seen.set_subject(news.subject);
  seen.set_text(std::string(utf8_prefix(news.text, BeliefLimits{}.text_bytes)));
  seen.set_source(std::string(kSaw));
  seen.set_confidence(1);
  seen.set_importance(news.importance);
  seen.set_true_at_ms(news.true_at_ms);
  seen.set_learned_at_ms(turn.now().ms);
  seen.set_event(news.event);
  seen.mutable_about()->Assign(news.about.begin(), news.about.end());
  note(turn, npc, take(of(npc), std::move(seen)));
}

std::uint64_t Beliefs::hear(Turn& turn, const Mind& mind, const Telling& said) {
  const std::string& npc = mind.record().id();
  const auto& [fact, own, sure, important] = said.topic;
  const bool by_player = is_player_key(said.teller);
  pb::BeliefRecord news;
  if (own != nullptr) *news.mutable_about() = own->about();
  news.set_npc(npc);
  news.set_subject(fact != nullptr ? fact_subject(fact->id) : own->subject());
  news.set_source(said.teller);
  const double told_with = by_player ? kPlayersWord : sure;
  news.set_confidence(heard(told_with, relation_or_default(mind, said.teller).trust()));
  news.set_importance(important > 0 || fact == nullptr ? important : importance_of(*fact));
  news.set_true_at_ms(own != nullptr ? own->true_at_ms() : 0);
  news.set_learned_at_ms(turn.now().ms);
  const std::string text = own != nullptr ? own->text() : fact->text;
  news.set_text(news.confidence() < BeliefLimits{}.vague_below ? made_vague(text, texts_.vague) : text);
  news.set_event(turn.next_sequence());
  pb::RumourTold event;
  event.set_teller(said.teller);
  event.set_listener(npc);
  event.set_subject(news.subject());
  event.set_text(news.text());
  event.set_source(own != nullptr ? own->source() : by_player ? said.teller : "pack");
  event.set_told_with(told_with);
  event.set_trust(said.trust);
  event.set_true_at_ms(news.true_at_ms());
  event.set_vague(news.text() != text);
  event.set_decision(said.decision);
  const std::uint64_t cause = own != nullptr ? own->event() : 0;

  auto taken = take(of(npc), std::move(news));
  if (taken.how == Taken::How::nothing) return 0;
  event.set_known(taken.how == Taken::How::confirmed);
  event.set_confidence(taken.rows.back().confidence());
  note(turn, npc, std::move(taken));
  const EmitOptions options{.subject = npc, .place = place_now(pack_, mind.record(), turn.now().ms)};
  return cause != 0 ? turn.emit_caused_by(cause, event, options) : turn.emit(event, options);
}

void Beliefs::forget(Turn& turn, const Mind& mind, const std::string& player, std::int64_t at_ms) {
  const auto key = player_key(player);
  const auto has = [&](const auto& list) { return std::ranges::find(list, key) != list.end(); };
  const auto is_theirs = [&](const pb::BeliefRecord& belief) {
    return (has(belief.about()) || has(belief.heard_from())) && (at_ms < 0 || belief.true_at_ms() == at_ms);
  };
  beliefs_.erase_if(turn, is_theirs, mind.record().id());
}

void Beliefs::show(const pb::BeliefRecord& belief, pb::BeliefView& out) const {
  const auto* fact = pack_.fact(fact_of(belief.subject()));
  out.set_subject(belief.subject());
  out.set_text(belief.text());
  out.set_source(belief.source());
  out.set_confidence(belief.confidence());
  out.set_importance(belief.importance());
  out.set_true_at_ms(belief.true_at_ms());
  out.set_learned_at_ms(belief.learned_at_ms());
  out.set_ended_at_ms(belief.ended_at_ms());
  if (belief.event() > 0)
    out.set_event_id(event_log::event_id(host_.timeline().config().world, belief.event()));
  *out.mutable_heard_from() = belief.heard_from();
  out.set_secret(fact != nullptr && fact->secret);
}

Result<pb::NpcBeliefsReply> Beliefs::beliefs(const Caller&, const pb::NpcBeliefsRequest& request) const {
  TRY_VOID(minds_.check(request.npc()));
  pb::NpcBeliefsReply reply;
  auto list = of(request.npc());
  std::ranges::sort(list, {}, [](const auto* belief) {
    return std::tuple(-belief->learned_at_ms(), std::string_view(belief->subject()), belief->true_at_ms());
  });
  for (const auto* belief : list) {
    if (is_live(*belief) || request.ended()) show(*belief, *reply.add_beliefs());
  }
  for (const auto* fact : held(request.npc())) {
    if (reply.beliefs_size() >= kShownMax) break;
    auto& given = *reply.add_beliefs();
    given.set_subject(fact_subject(fact->id));
    given.set_text(fact->text);
    given.set_source("pack");
    given.set_confidence(sure_of(fact->source));
    given.set_importance(importance_of(*fact));
    given.set_secret(fact->secret);
  }
  return reply;
}

}  // namespace troupe::npc

#include "services/npc/beliefs.h"

#include <algorithm>

#include "base/text.h"
#include "host/event_log.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/npc_store.h"

namespace troupe::npc {

using db::Blob;
using db::Values;

namespace {

constexpr int kShownMax = 1000;  // of one npc.Beliefs
// Of a player's word no more is made than of a rumour.
constexpr double kPlayersWord = .5;

// In this order they are kept in memory: the same after a restart as before.
auto key_of(const Belief& belief) { return std::pair(std::string_view(belief.subject), belief.true_at_ms); }

}  // namespace

Beliefs::Beliefs(const Ground& ground, Minds& minds)
    : pack_(ground.pack), host_(ground.host), texts_(ground.texts), minds_(minds) {
  for (const auto& who : pack_.npcs) held_[who.id.str()];
  for (const auto& fact : pack_.facts) {
    if (fact.is_public) continue;
    for (const auto& holder : fact.holders) held_[holder.str()].push_back(&fact);
  }
}

void Beliefs::mount() {
  auto& timeline = host_.timeline();
  timeline.add_migrations({{"npc_beliefs", 1, R"sql(
    create table npc_beliefs (
      npc text not null,
      subject text not null,
      true_at_ms bigint not null,
      learned_at_ms bigint not null,
      ended_at_ms bigint not null,
      text text not null,
      source text not null,
      confidence double precision not null,
      importance double precision not null,
      event bigint not null,
      about blob not null,
      heard_from blob not null,
      primary key (npc, subject, true_at_ms)
    ))sql"}});
  timeline.add_table("npc_beliefs", "npc,subject,true_at_ms");
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
  timeline.add_pack_hook("npc", [this](Turn& turn, const pb::PackChanged&) { take_pack(turn); });
  host_.serve(&Beliefs::beliefs, static_cast<const Beliefs*>(this));
}

Result<void> Beliefs::load(db::Reader& reader) {
  beliefs_.clear();
  TRY(const auto rows,
      reader.query("select npc, subject, text, source, confidence, importance, true_at_ms, learned_at_ms, "
                   "ended_at_ms, event, about, heard_from from npc_beliefs"));
  for (const auto& row : rows) {
    beliefs_[row.text(0)].push_back({.subject = row.text(1),
                                     .text = row.text(2),
                                     .source = row.text(3),
                                     .confidence = row.real(4),
                                     .importance = row.real(5),
                                     .true_at_ms = row.integer(6),
                                     .learned_at_ms = row.integer(7),
                                     .ended_at_ms = row.integer(8),
                                     .event = static_cast<std::uint64_t>(row.integer(9)),
                                     .about = store::names_from(row.blob(10)),
                                     .heard_from = store::names_from(row.blob(11))});
  }
  for (auto& [npc, list] : beliefs_) std::ranges::sort(list, {}, key_of);
  return {};
}

// Nobody believes a fact that is no more, and who is gone believes nothing.
void Beliefs::take_pack(Turn& turn) {
  for (auto& [npc, list] : beliefs_) {
    std::erase_if(list, [&](const Belief& belief) {
      const auto fact = fact_of(belief.subject);
      if (minds_.has(npc) && (fact.empty() || pack_.fact(fact) != nullptr)) return false;
      drop(turn, npc, belief);
      return true;
    });
  }
  std::erase_if(beliefs_, [](const auto& entry) { return entry.second.empty(); });
}

void Beliefs::keep(Turn& turn, const std::string& npc, const Belief& b) const {
  turn.write(
      "insert into npc_beliefs (npc, subject, true_at_ms, learned_at_ms, ended_at_ms, text, source, "
      "confidence, importance, event, about, heard_from) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
      "on conflict (npc, subject, true_at_ms) do update set learned_at_ms = excluded.learned_at_ms, "
      "ended_at_ms = excluded.ended_at_ms, text = excluded.text, source = excluded.source, "
      "confidence = excluded.confidence, importance = excluded.importance, event = excluded.event, "
      "about = excluded.about, heard_from = excluded.heard_from",
      Values{npc, b.subject, b.true_at_ms, b.learned_at_ms, b.ended_at_ms, b.text, b.source, b.confidence,
             b.importance, static_cast<std::int64_t>(b.event), Blob{store::names_blob(b.about)},
             Blob{store::names_blob(b.heard_from)}});
}

void Beliefs::drop(Turn& turn, const std::string& npc, const Belief& belief) const {
  turn.write("delete from npc_beliefs where npc = $1 and subject = $2 and true_at_ms = $3",
             Values{npc, belief.subject, belief.true_at_ms});
}

void Beliefs::note(Turn& turn, const std::string& npc, const Taken& taken) {
  auto& list = beliefs_[npc];
  for (const auto index : taken.changed) keep(turn, npc, list[index]);
  const BeliefLimits limits;
  while (list.size() > limits.per_npc) {
    const auto least = to_drop(list, turn.now().ms, limits);
    drop(turn, npc, list[least]);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(least));
  }
  std::ranges::sort(list, {}, key_of);
}

const std::vector<Belief>& Beliefs::of(const std::string& npc) const {
  static const std::vector<Belief> kNone;
  const auto found = beliefs_.find(npc);
  return found == beliefs_.end() ? kNone : found->second;
}

const std::vector<const pack::Fact*>& Beliefs::held(const std::string& npc) const {
  static const std::vector<const pack::Fact*> kNone;
  const auto found = held_.find(npc);
  return found == held_.end() ? kNone : found->second;
}

bool Beliefs::knows(const std::string& npc, const pack::Fact& fact) const {
  return pack::knows(fact, pack::NpcId(npc)) || belief_of(of(npc), fact_subject(fact.id)) != nullptr;
}

pack::Listener Beliefs::listener(const Mind& teller, const Mind& listener, const pack::Fact* fact) const {
  const auto& id = listener.record.id();
  pack::Listener to;
  to.npc = listener.who->id;
  to.faction = listener.who->faction;
  to.trust = confidence(relation_or_default(teller, id), mood_of(teller.record),
                        mood_now(teller.record, host_.timeline().now().ms));
  if (fact == nullptr) return to;
  for (const auto& before : fact->share_with.after) {
    const auto* needed = pack_.fact(before.str());
    if (needed != nullptr && knows(id, *needed)) to.knows.insert(before);
  }
  return to;
}

std::vector<talk::Known> Beliefs::known_by(const std::string& npc) const {
  std::vector<talk::Known> known;
  for (const auto& belief : of(npc)) {
    const auto* fact = pack_.fact(fact_of(belief.subject));
    if (!belief.live() || fact == nullptr || fact->secret) continue;
    // What they would not pass on they do not answer with either.
    if (belief.confidence < BeliefLimits{}.worth_telling) continue;
    known.push_back({.fact = fact->id,
                     .says = belief.text == fact->text ? std::string() : belief.text,
                     .source = belief.source});
  }
  return known;
}

void Beliefs::see(Turn& turn, Mind& mind, Belief news) {
  const std::string& npc = mind.record.id();
  news.text = std::string(utf8_prefix(news.text, BeliefLimits{}.text_bytes));
  news.source = kSaw;
  news.confidence = 1;
  news.learned_at_ms = turn.now().ms;
  note(turn, npc, take(beliefs_[npc], std::move(news)));
}

std::uint64_t Beliefs::hear(Turn& turn, Mind& mind, const Telling& said) {
  const std::string& npc = mind.record.id();
  const auto& [fact, own, sure, important] = said.topic;
  const bool by_player = is_player_key(said.teller);
  Belief news;
  news.subject = fact != nullptr ? fact_subject(fact->id) : own->subject;
  news.source = said.teller;
  const double told_with = by_player ? kPlayersWord : sure;
  news.confidence = heard(told_with, relation_or_default(mind, said.teller).trust());
  news.importance = important > 0 || fact == nullptr ? important : importance_of(*fact);
  news.true_at_ms = own != nullptr ? own->true_at_ms : 0;
  news.learned_at_ms = turn.now().ms;
  if (own != nullptr) news.about = own->about;
  const std::string text = own != nullptr ? own->text : fact->text;
  news.text = news.confidence < BeliefLimits{}.vague_below ? made_vague(text, texts_.vague) : text;
  news.event = turn.next_sequence();
  pb::RumourTold event;
  event.set_teller(said.teller);
  event.set_listener(npc);
  event.set_subject(news.subject);
  event.set_text(news.text);
  event.set_source(own != nullptr ? own->source : by_player ? said.teller : "pack");
  event.set_told_with(told_with);
  event.set_trust(said.trust);
  event.set_true_at_ms(news.true_at_ms);
  event.set_vague(news.text != text);
  event.set_decision(said.decision);
  const std::uint64_t cause = own != nullptr ? own->event : 0;

  auto& list = beliefs_[npc];
  const std::string subject = news.subject;
  const auto taken = take(list, std::move(news));
  if (taken.how == Taken::How::nothing) return 0;
  event.set_known(taken.how == Taken::How::confirmed);
  event.set_confidence(list[taken.changed.back()].confidence);
  const EmitOptions options{.subject = npc, .place = place_now(pack_, mind.record, turn.now().ms)};
  const auto sequence = cause != 0 ? turn.emit_caused_by(cause, event, options) : turn.emit(event, options);
  note(turn, npc, taken);
  return sequence;
}

void Beliefs::forget(Turn& turn, const Mind& mind, const std::string& player, std::int64_t at_ms) {
  const std::string& npc = mind.record.id();
  const auto found = beliefs_.find(npc);
  if (found == beliefs_.end()) return;
  std::erase_if(found->second, [&](const Belief& belief) {
    const auto has = [&](const auto& list) {
      return std::ranges::find(list, player_key(player)) != list.end();
    };
    if (!(has(belief.about) || has(belief.heard_from)) || (at_ms >= 0 && belief.true_at_ms != at_ms))
      return false;
    drop(turn, npc, belief);
    return true;
  });
}

void Beliefs::show(const Belief& belief, pb::BeliefView& out) const {
  const auto* fact = pack_.fact(fact_of(belief.subject));
  out.set_subject(belief.subject);
  out.set_text(belief.text);
  out.set_source(belief.source);
  out.set_confidence(belief.confidence);
  out.set_importance(belief.importance);
  out.set_true_at_ms(belief.true_at_ms);
  out.set_learned_at_ms(belief.learned_at_ms);
  out.set_ended_at_ms(belief.ended_at_ms);
  if (belief.event > 0) out.set_event_id(event_log::event_id(host_.timeline().config().world, belief.event));
  out.mutable_heard_from()->Assign(belief.heard_from.begin(), belief.heard_from.end());
  out.set_secret(fact != nullptr && fact->secret);
}

Result<pb::NpcBeliefsReply> Beliefs::beliefs(const Caller&, const pb::NpcBeliefsRequest& request) const {
  TRY_VOID(minds_.check(request.npc()));
  pb::NpcBeliefsReply reply;
  auto list = of(request.npc());
  std::ranges::sort(list, [](const Belief& a, const Belief& b) {
    return a.learned_at_ms != b.learned_at_ms ? a.learned_at_ms > b.learned_at_ms : key_of(a) < key_of(b);
  });
  for (const auto& belief : list) {
    if (belief.live() || request.ended()) show(belief, *reply.add_beliefs());
  }
  for (const auto* fact : held(request.npc())) {
    if (reply.beliefs_size() >= kShownMax) break;
    show({.subject = fact_subject(fact->id),
          .text = fact->text,
          .source = "pack",
          .confidence = sure_of(fact->source),
          .importance = importance_of(*fact)},
         *reply.add_beliefs());
  }
  return reply;
}

}  // namespace troupe::npc

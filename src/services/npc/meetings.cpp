#include "services/npc/meetings.h"

#include <algorithm>

#include "pack/query.h"
#include "services/npc/npc_rules.h"
#include "services/npc/timers.h"

namespace troupe::npc {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;
// Of the game. Whoever comes looks about first; those who stay together talk again later.
constexpr std::int64_t kArrivedMinutes = 3;  // 3 to 6
constexpr std::int64_t kPairHours = 3;
constexpr int kToldADay = 8;
constexpr int kMetKept = 16;

// Of whoever sleeps nobody expects news: a deed of rest that takes nothing, as a meal does.
bool rests(const pack::Pack& pack, const pb::NpcRecord& record) {
  const auto* verb = pack.verb(record.intent());
  return verb != nullptr && verb->params.empty() &&
         (pack::natures_of(*verb) & pack::bit(pack::Nature::rest)) != 0;
}

}  // namespace

bool has_time(const pack::Pack& pack, const pb::NpcRecord& record) {
  return !record.dead() && record.threats().empty() && record.path_size() < 2 &&
         record.talking_to().empty() && !rests(pack, record);
}

Meetings::Meetings(const Ground& ground, Minds& minds, Decisions& decisions, const Players& players,
                   Beliefs& beliefs, Aloud& aloud, const Situation& situation)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      minds_(minds),
      decisions_(decisions),
      players_(players),
      beliefs_(beliefs),
      aloud_(aloud),
      situation_(situation),
      tales_(ground, beliefs),
      kept_(host_.timeline()) {}

void Meetings::mount() {
  host_.timeline().add_pack_hook("npc", [this](Turn& turn, const pb::PackChanged&) { take_pack(turn); });
  host_.on(&Meetings::on_arrived, this);
  host_.on(&Meetings::on_phase, this);
  host_.serve(&Meetings::chosen, this);
}

void Meetings::take_pack(Turn& turn) {
  kept_.erase_if(turn, [&](const pb::CompanyRecord& record) { return !minds_.has(record.npc()); });
  for (const auto& [key, record] : kept_.rows()) {
    auto next = record;
    auto& met = *next.mutable_met();
    met.erase(std::remove_if(met.begin(), met.end(), [&](const auto& m) { return !minds_.has(m.npc()); }),
              met.end());
    if (met.size() != record.met_size()) kept_.put(turn, std::move(next));
  }
}

pb::CompanyRecord Meetings::today(const std::string& npc, std::int64_t now_ms) const {
  const auto* kept = kept_.find(npc);
  auto record = kept != nullptr ? *kept : pb::CompanyRecord();
  record.set_npc(npc);
  if (record.day() != now_ms / kDayMs) record.set_told(0);
  record.set_day(now_ms / kDayMs);
  return record;
}

void Meetings::close_question(Turn& turn, pb::CompanyRecord company) {
  company.set_asking(false);
  kept_.put(turn, std::move(company));
}

// A while from now they look about; who will do so already does it then.
void Meetings::soon(Turn& turn, const std::string& npc, std::int64_t minutes) const {
  if (scheduled(turn, Timer::meet, npc)) return;
  const auto span = static_cast<std::uint64_t>(minutes * kMinuteMs);
  const auto more = turn.draw("npc.meet", npc).below(span, static_cast<std::uint64_t>(turn.now().ms));
  schedule(turn, Timer::meet, npc,
           turn.now() + GameSpan{minutes * kMinuteMs + static_cast<std::int64_t>(more)});
}

void Meetings::on_arrived(Turn& turn, const EventContext&, const pb::NpcArrived& event) {
  const Mind* mind = minds_.known(event.npc());
  if (mind != nullptr && !company(turn, *mind).awake.empty()) soon(turn, event.npc(), kArrivedMinutes);
}

// Those who are together without anybody's coming: at the start, and after a night.
void Meetings::on_phase(Turn& turn, const EventContext&, const pb::PhaseChanged&) {
  for (const auto& [id, mind] : minds_.people()) {
    if (has_time(pack_, mind->record()) && !company(turn, *mind).awake.empty())
      soon(turn, id, kTogetherMinutes);
  }
}

bool Meetings::rested(const std::string& npc, const std::string& other, std::int64_t now_ms) const {
  const auto* kept = kept_.find(npc);
  if (kept == nullptr) return true;
  return std::ranges::none_of(kept->met(), [&](const auto& met) {
    return met.npc() == other && now_ms - met.at_ms() < kPairHours * 60 * kMinuteMs;
  });
}

bool Meetings::may_tell_more(const std::string& npc, std::int64_t now_ms) const {
  return today(npc, now_ms).told() < kToldADay;
}

Meetings::Company Meetings::company(Turn& turn, const Mind& mind) const {
  Company company;
  if (!has_time(pack_, mind.record())) return company;
  const auto now = turn.now().ms;
  const std::string& place = mind.record().place();
  for (const auto& [id, other] : minds_.people()) {
    const bool here =
        other.get() != &mind && other->record().path_size() < 2 && other->record().place() == place;
    if (!here || other->record().dead() || rests(pack_, other->record())) continue;
    company.awake.push_back(other.get());
    if (company.partners.size() < kListenersMax && has_time(pack_, other->record()) &&
        rested(mind.record().id(), id, now))
      company.partners.push_back(other.get());
  }
  company.in_confidence = company.awake.size() == 1 && players_.at(place).empty();
  return company;
}

void Meetings::meet(Turn& turn, Mind& mind) {
  const std::string& id = mind.record().id();
  const auto* kept = kept_.find(id);
  const bool unanswered = kept != nullptr && kept->asking();
  if (unanswered) close_question(turn, *kept);  // a crash, a lost engine
  const auto with = company(turn, mind);
  if (with.awake.empty()) return;  // until somebody comes
  if (!with.partners.empty() && talk(turn, mind, with, !unanswered)) return;
  soon(turn, id, kTogetherMinutes);
}

std::vector<Tale> Meetings::tales(const Turn& turn, const Mind& teller,
                                  const std::vector<const Mind*>& listeners, bool in_confidence) const {
  if (!may_tell_more(teller.record().id(), turn.now().ms)) return {};
  return tales_.of(turn, teller, listeners, in_confidence);
}

// With whom there is most to say, both ways.
bool Meetings::talk(Turn& turn, Mind& mind, const Company& company, bool may_ask) {
  const auto mine = tales(turn, mind, company.partners, company.in_confidence);
  if (may_ask && ask_gold(turn, mind, mine)) return true;
  const Mind* partner = nullptr;
  double most = 0;
  for (const auto* other : company.partners) {
    const auto best = std::ranges::find(mine, other, &Tale::listener);
    const auto theirs = tales(turn, *other, {&mind}, company.in_confidence);
    const double worth = (best == mine.end() ? 0 : best->worth) + (theirs.empty() ? 0 : theirs[0].worth);
    if (worth <= most) continue;
    partner = other;
    most = worth;
  }
  if (partner == nullptr) return false;
  const auto tale = std::ranges::find(mine, partner, &Tale::listener);
  exchange(turn, mind, *partner, tale == mine.end() ? nullptr : &*tale, company.in_confidence);
  return false;
}

std::uint64_t Meetings::exchange(Turn& turn, Mind& mind, const Mind& partner, const Tale* tale,
                                 bool in_confidence, const std::string& decision) {
  const auto told = tale == nullptr ? 0 : tell(turn, mind, *tale, decision);
  const auto theirs = tales(turn, partner, {&mind}, in_confidence);
  if (!theirs.empty()) (void)tell(turn, partner, theirs[0]);
  note_met(turn, mind.record().id(), partner.record().id());
  note_met(turn, partner.record().id(), mind.record().id());
  return told;
}

std::uint64_t Meetings::tell(Turn& turn, const Mind& teller, const Tale& tale, const std::string& decision) {
  const std::string& id = teller.record().id();
  Mind* listener = minds_.known(tale.listener->record().id());
  const std::string words = in_own_words(*teller.who, tale.topic);
  const auto sequence = beliefs_.hear(
      turn, *listener, {.teller = id, .topic = tale.topic, .trust = tale.trust, .decision = decision});
  if (sequence == 0) return 0;
  auto record = today(id, turn.now().ms);
  record.set_told(record.told() + 1);
  kept_.put(turn, std::move(record));
  const auto& place = teller.record().place();
  const auto here = players_.at(place);
  const bool a_secret = tale.topic.fact != nullptr && tale.topic.fact->secret;
  if (here.empty() || a_secret || gives_away(pack_, words, teller.who->id, {})) return sequence;
  pb::NpcOverheard said;
  said.set_npc(id);
  said.set_to(listener->record().id());
  said.set_text(words);
  said.set_place(place);
  said.mutable_players()->Assign(here.begin(), here.end());
  said.set_cause(sequence);
  aloud_.overheard(turn, std::move(said));
  return sequence;
}

void Meetings::note_met(Turn& turn, const std::string& npc, const std::string& other) {
  auto record = today(npc, turn.now().ms);
  auto& met = *record.mutable_met();
  const auto again = std::remove_if(met.begin(), met.end(), [&](const auto& m) { return m.npc() == other; });
  met.erase(again, met.end());
  if (met.size() >= kMetKept) met.erase(met.begin());
  auto* now = met.Add();
  now->set_npc(other);
  now->set_at_ms(turn.now().ms);
  kept_.put(turn, std::move(record));
}

}  // namespace troupe::npc

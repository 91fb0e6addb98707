// Who stands by joins a talk that concerns them.
#include <algorithm>

#include "services/npc/initiative.h"
#include "services/npc/initiative_rules.h"

namespace troupe::npc {

namespace {

constexpr std::size_t kFactsFitted = 500;  // of whoever was asked

}  // namespace

// What the one who was asked could have answered with.
std::vector<Topic> Initiative::open_facts(const Mind& mind) const {
  std::vector<Topic> found;
  for (const auto& fact : pack_.facts) {
    if (found.size() >= kFactsFitted) break;
    if (!fact.secret && beliefs_.knows(mind.record().id(), fact)) found.push_back({.fact = &fact});
  }
  return found;
}

// The best of those who have something that fits the line better, or were named, adds it: one line.
void Initiative::on_answer(Turn& turn, const EventContext& context, const pb::DialogueEnded& event) {
  const Mind* asked = minds_.known(event.npc());
  if (asked == nullptr || pack_.world.players.addressed_minutes == 0) return;
  const auto* question = minds_.conversations().question(event.npc(), event.player(), event.begun());
  if (question == nullptr || !stands_at(event.player(), context.place)) return;
  const double theirs = best_fit(question->text(), open_facts(*asked)).second;
  pb::NpcJoin best;
  double most = 0;
  for (const auto& [id, mind] : minds_.people()) {
    const bool here = mind.get() != asked && mind->record().place() == context.place;
    if (!here || !has_time(pack_, mind->record())) continue;
    const auto mine = topics(*mind, event.player(), turn.now().ms);
    const auto [topic, fits] = best_fit(question->text(), mine);
    if (topic == nullptr || fits <= most || !joins(fits, theirs, names(question->text(), *mind->who)))
      continue;
    most = fits;
    best.set_npc(id);
    best.set_player(event.player());
    best.set_to(event.npc());
    best.set_text(in_own_words(*mind->who, *topic));
    best.set_subject(topic->fact != nullptr ? fact_subject(topic->fact->id) : topic->belief->subject());
    best.set_cause(context.sequence);
  }
  if (most == 0) return;
  turn.after_commit(
      [this, best] { host_.spawn("join " + best.npc(), [this, best] { return judge(best, "npc.Join"); }); });
}

// Nobody speaks over another: not while somebody is being asked, and not when the talk has gone on.
Result<pb::NpcSaidAloud> Initiative::join(Turn& turn, const Caller&, const pb::NpcJoin& command) {
  TRY(Mind * mind, minds_.find(command.npc()));
  TRY(const Mind* asked, minds_.find(command.to()));
  pb::NpcSaidAloud reply;
  const std::string& place = mind->record().place();
  const auto* last = minds_.conversations().last(command.to(), command.player());
  const bool goes_on = last == nullptr || last->by_player();
  if (goes_on || !has_time(pack_, mind->record()) || !stands_at(command.player(), place) ||
      asked->record().place() != place) {
    reply.set_why("the talk has gone on");
    return reply;
  }
  pb::TalkJoined event;
  event.set_npc(command.npc());
  event.set_player(command.player());
  event.set_to(command.to());
  event.set_text(command.text());
  event.set_subject(command.subject());
  reply.set_sequence(turn.emit_caused_by(command.cause(), event, {.subject = command.npc(), .place = place}));
  note_said(turn, *mind, command.player(), command.subject(), command.text(), reply.sequence());
  return reply;
}

}  // namespace troupe::npc

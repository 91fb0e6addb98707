// Whom to tell what, by the gold tier: asked after the turn, answered by a recorded input (NpcTaleChosen).
#include <algorithm>

#include "base/log.h"
#include "services/npc/meetings.h"
#include "services/npc/npc_rules.h"
#include "services/npc/timers.h"

namespace troupe::npc {

namespace {

constexpr std::size_t kTalesAsked = 3;  // beside saying nothing
constexpr double kClearLead = .2;       // of the best, over which no model is asked

// What may stand before a model: no secret, and nothing that may be called after a player.
bool may_be_asked(const Tale& tale) {
  if (tale.topic.fact != nullptr) return !tale.topic.fact->secret;
  return std::ranges::none_of(tale.topic.belief->about(), is_player_key);
}

}  // namespace

bool Meetings::ask_gold(Turn& turn, Mind& mind, const std::vector<Tale>& tales) {
  const auto& record = mind.record();
  const auto now = turn.now().ms;
  const bool rested = now - record.gold_ms() >= real_ms(turn.clock(), config_.tuning.watched_gold_real);
  if (!minds_.thinks() || !record.watched() || !rested) return false;
  std::vector<const Tale*> asked;
  for (const auto& tale : tales) {
    if (asked.size() < kTalesAsked && may_be_asked(tale)) asked.push_back(&tale);
  }
  // What weighs most of all may be a secret: then it is nobody else's to choose.
  if (asked.size() < 2 || asked[0] != &tales[0] || asked[0]->worth - asked[1]->worth >= kClearLead)
    return false;

  const std::string& id = record.id();
  auto company = today(id, now);
  company.set_asked(company.asked() + 1);
  company.set_asking(true);
  kept_.put(turn, company);
  minds_.edit(turn, mind).set_gold_ms(now);
  schedule(turn, Timer::meet, id, turn.now() + turn.clock().span_of(config_.tuning.give_up_real));

  const auto& who = *mind.who;
  pb::AiChooseRequest request;
  request.set_npc(id);
  request.set_who(
      texts_.person.chooser.with({{"name", who.name}, {"role", who.role}, {"persona", who.persona}}));
  request.set_situation(situation_.now(turn, mind));
  request.set_deadline_ms(config_.choose_within().count());
  std::vector<pb::NpcTaleChosen> answers;
  for (const auto* tale : asked) {
    auto& answer = answers.emplace_back();
    answer.set_npc(id);
    answer.set_asked(company.asked());
    answer.set_listener(tale->listener->record().id());
    answer.set_subject(tale->subject());
    answer.mutable_decision()->set_reason(texts_.rumour.unheard.with({{"name", tale->listener->who->name}}));
    request.add_options(
        texts_.rumour.say_to.with({{"name", tale->listener->who->name}, {"text", tale->text()}}));
  }
  answers.emplace_back().set_npc(id);
  answers.back().set_asked(company.asked());
  request.add_options(texts_.rumour.keep_quiet.text());
  turn.after_commit([this, request, answers] {
    host_.spawn("tell " + request.npc(), [this, request, answers] { return ask(request, answers); });
  });
  return true;
}

boost::asio::awaitable<void> Meetings::ask(pb::AiChooseRequest request,
                                           std::vector<pb::NpcTaleChosen> answers) {
  const auto self = as_npc(host_.timeline().config().world);
  auto answer = co_await host_.call<pb::AiChooseReply>(self, request);
  auto command = answers[answer ? static_cast<std::size_t>(answer->index()) : 0];
  const std::string reason = command.decision().reason();
  if (answer) {
    *command.mutable_decision() = answer->decision();
  } else {
    // No model and no reflex engine: what weighed most.
    auto& decision = *command.mutable_decision();
    decision.set_tier("reflex");
    decision.set_method("utility");
    *decision.mutable_options() = request.options();
    decision.set_output(request.options(0));
    decision.add_fallbacks(answer.error().message);
  }
  command.mutable_decision()->set_kind("rumour");
  command.mutable_decision()->set_reason(reason);
  const auto done = co_await host_.submit<pb::NpcChosenReply>(self, command);
  if (!done) log::warn("npc", "{}: what to tell was lost: {}", request.npc(), done.error().message);
}

// They may have parted meanwhile, or it is not new any more.
Result<pb::NpcChosenReply> Meetings::chosen(Turn& turn, const Caller&, const pb::NpcTaleChosen& command) {
  TRY(Mind * mind, minds_.find(command.npc()));
  const auto* kept = kept_.find(command.npc());
  pb::NpcChosenReply reply;
  if (kept == nullptr || !kept->asking() || kept->asked() != command.asked()) {
    reply.set_why("the question is closed");
    return reply;
  }
  close_question(turn, *kept);
  unschedule(turn, Timer::meet, command.npc());
  soon(turn, command.npc(), kTogetherMinutes);
  const auto with = company(turn, *mind);
  const auto mine = tales(turn, *mind, with.partners, with.in_confidence);
  const auto tale = std::ranges::find_if(mine, [&](const Tale& one) {
    return one.listener->record().id() == command.listener() && one.subject() == command.subject();
  });
  if (tale == mine.end()) {
    reply.set_why(command.listener().empty() ? "they keep it to themselves" : "something else came up");
    return reply;
  }
  auto decision = command.decision();
  decision.set_verdict("done");
  // It is called after RumourTold, which is the next of the log.
  decision.set_event_sequence(turn.next_sequence());
  const auto told = exchange(turn, *mind, *tale->listener, &*tale, with.in_confidence,
                             decision_id(decision.event_sequence()));
  if (told == decision.event_sequence()) decisions_.keep(turn, *mind, decision);
  reply.set_taken(true);
  return reply;
}

}  // namespace troupe::npc

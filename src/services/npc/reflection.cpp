#include "services/npc/reflection.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "pack/query.h"

namespace troupe::npc {

namespace {

constexpr const char* kJobKind = "reflection";
constexpr std::int64_t kDayMs = 86'400'000;

// A thought may hold what these said, and goes when they wish to be forgotten.
std::vector<std::string> players_of_late(const MemoryList& memories, std::int64_t now_ms) {
  std::vector<std::string> players;
  for (const auto* memory : memories) {
    const bool recent = now_ms - memory->at_ms() < 2 * kDayMs && memory->source() != "reflected";
    const auto of = std::string(subject_of(*memory));
    if (recent && !of.empty() && std::ranges::find(players, of) == players.end()) players.push_back(of);
  }
  return players;
}

}  // namespace

// Empty where nobody talked to them.
MemoryList Reflection::weightiest_today(const Mind& mind, std::int64_t now_ms) const {
  MemoryList today;
  for (const auto* memory : minds_.memories(mind)) {
    if (now_ms - memory->at_ms() < kDayMs && memory->source() != "reflected") today.push_back(memory);
  }
  if (std::ranges::none_of(today, [](const auto* memory) { return memory->source() == "said"; })) return {};
  std::ranges::sort(today, {}, [](const auto* m) { return std::pair(-m->importance(), m->id()); });
  if (today.size() > config_.tuning.reflect_memories) today.resize(config_.tuning.reflect_memories);
  return today;
}

pb::RouterSubmitRequest Reflection::job_for(Turn& turn, const Mind& mind, const MemoryList& today,
                                            std::int64_t day) const {
  const auto& who = *mind.who;
  const auto system = texts_.person.reflecting.with({{"world", pack::world_text(pack_.world)},
                                                     {"name", who.name},
                                                     {"role", who.role},
                                                     {"persona", who.persona}});
  std::string lines;
  for (const auto* memory : today) lines += texts_.prompt.line.with({{"text", memory->text()}});
  const auto task = texts_.person.day.with({{"name", who.name}, {"lines", lines}});
  pb::RouterSubmitRequest job;
  job.set_key("reflect:" + mind.record().id() + ":" + std::to_string(day));
  job.set_kind(kJobKind);
  const std::string prompt = system + "\n" + task;
  job.set_context(std::string(utf8_prefix(prompt, config_.limits.reflection_bytes_max)));
  auto& work = *job.mutable_work();
  work.set_npc(mind.record().id());
  auto* first = work.add_messages();
  first->set_role("system");
  first->set_text(system);
  // The day's memories quote players: user role.
  auto* second = work.add_messages();
  second->set_role("user");
  second->set_text(task);
  work.set_whole_sentences(true);
  work.set_tokens_max(config_.tuning.reflect_tokens);
  work.set_temperature(-1);
  work.set_seed(turn.draw("npc.reflect", mind.record().id()).bits(static_cast<std::uint64_t>(day)) >> 1);
  work.add_stop("\n");
  return job;
}

void Reflection::reflect(Turn& turn, const Mind& mind) const {
  if (!minds_.thinks() || !config_.reflects()) return;
  const auto today = weightiest_today(mind, turn.now().ms);
  if (today.empty()) return;
  const auto day = turn.now().ms / kDayMs;
  const auto job = job_for(turn, mind, today, day);
  if (const auto kept = turn.call<pb::RouterJob>(as_npc(turn.world()), job); !kept) {
    log::warn("npc", "{} does not reflect on day {}: {}", mind.record().id(), day, kept.error().message);
  }
}

// In the turn in which the job ends, so that nothing of it is lost or comes twice.
void Reflection::reflected(Turn& turn, const EventContext&, const pb::JobEnded& event) {
  const auto text = trim(event.text());
  if (event.kind() != kJobKind || event.state() != "done" || text.empty()) return;
  const auto mind = minds_.find_living(event.npc());
  if (!mind) return;
  pb::Decision decision;
  decision.set_kind("reflect");
  decision.set_prompt(event.context());
  decision.set_output(text);
  decision.set_event_sequence(turn.next_sequence());
  pb::RouterGetJobRequest which;
  which.set_id(event.job());
  if (const auto job = turn.call<pb::RouterJob>(as_npc(turn.world()), which)) {
    const auto& answer = job->answer();
    decision.set_tier(answer.tier());
    decision.set_model(answer.model());
    decision.set_model_hash(answer.model_hash());
    decision.set_total_us(answer.usage().total_us());
    decision.set_new_tokens(answer.usage().new_tokens());
  }
  (void)memories_.remember(turn, **mind,
                           {.text = text,
                            .at_ms = turn.now().ms,
                            .place = (*mind)->record().place(),
                            .witnesses = players_of_late(minds_.memories(**mind), turn.now().ms),
                            .source = "reflected",
                            .importance = config_.tuning.reflected_importance});
  decisions_.keep(turn, **mind, decision);
}

}  // namespace troupe::npc

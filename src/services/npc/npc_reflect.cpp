// The slow layer: at the end of a day on which a player talked to them, somebody makes up their mind about it
// (bronze). The router keeps the job until it has ended, whatever happens to the server.
#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/router.pb.h"

namespace troupe {

namespace {

constexpr const char* kJobKind = "reflection";
constexpr double kImportance = .7;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kPromptKeptMax = 4000;  // bytes; a job's context has no more room

}  // namespace

void NpcService::reflect(Turn& turn, Mind& mind) {
  constexpr std::size_t kMemoriesMax = 6;
  if (!thinks_ || (config_.setting && config_.setting("ai.reflection") == 0)) return;
  std::vector<const npc::Memory*> today;
  for (const auto& memory : mind.memories) {
    if (turn.now().ms - memory.at_ms < kDayMs && memory.source != "reflected") today.push_back(&memory);
  }
  const bool talked = std::ranges::any_of(today, [](const auto* memory) { return memory->source == "said"; });
  if (!talked) return;
  std::ranges::sort(today, [](const auto* a, const auto* b) {
    return a->importance != b->importance ? a->importance > b->importance : a->id < b->id;
  });
  if (today.size() > kMemoriesMax) today.resize(kMemoriesMax);

  std::string system = pack::world_text(pack_.world) + "\n\nYou are " + mind.who->name + ", " +
                       mind.who->role + ". " + mind.who->persona;
  std::string task = "Today " + mind.who->name + " lived through this:\n";
  for (const auto* memory : today) task += "- " + memory->text + "\n";
  task += "What does " + mind.who->name + " think of it tonight? One short sentence in first person.";
  const auto day = turn.now().ms / kDayMs;
  pb::RouterSubmitRequest job;
  job.set_key("reflect:" + mind.record.id() + ":" + std::to_string(day));
  job.set_kind(kJobKind);
  const std::string prompt = system + "\n" + task;
  job.set_context(std::string(utf8_prefix(prompt, kPromptKeptMax)));
  auto& work = *job.mutable_work();
  work.set_npc(mind.record.id());
  auto* first = work.add_messages();
  first->set_role("system");
  first->set_text(system);
  // The day's memories quote players: user role.
  auto* second = work.add_messages();
  second->set_role("user");
  second->set_text(task);
  work.set_whole_sentences(true);
  work.set_tokens_max(48);
  work.set_temperature(-1);
  work.set_seed(turn.draw("npc.reflect", mind.record.id()).bits(static_cast<std::uint64_t>(day)) >> 1);
  work.add_stop("\n");
  if (const auto kept = turn.call<pb::RouterJob>(as_self(), job); !kept) {
    log::warn("npc", "{} does not reflect on day {}: {}", mind.record.id(), day, kept.error().message);
  }
}

// In the turn in which the job ends, so that nothing of it is lost or comes twice.
void NpcService::reflected(Turn& turn, const EventContext&, const pb::JobEnded& event) {
  const auto text = trim(event.text());
  if (event.kind() != kJobKind || event.state() != "done" || text.empty()) return;
  const auto mind = find_living(event.npc());
  if (!mind) return;
  pb::Decision decision;
  decision.set_kind("reflect");
  decision.set_prompt(event.context());
  decision.set_output(text);
  decision.set_event_sequence(turn.next_sequence());
  pb::RouterGetJobRequest which;
  which.set_id(event.job());
  if (const auto job = turn.call<pb::RouterJob>(as_self(), which)) {
    const auto& answer = job->answer();
    decision.set_tier(answer.tier());
    decision.set_model(answer.model());
    decision.set_model_hash(answer.model_hash());
    decision.set_total_us(answer.usage().total_us());
    decision.set_new_tokens(answer.usage().new_tokens());
  }
  // It may hold what these said, and goes when they wish to be forgotten.
  std::vector<std::string> players;
  for (const auto& memory : (*mind)->memories) {
    const bool recent = turn.now().ms - memory.at_ms < 2 * kDayMs && memory.source != "reflected";
    const auto of = std::string(npc::subject_of(memory));
    if (recent && !of.empty() && std::ranges::find(players, of) == players.end()) players.push_back(of);
  }
  (void)remember(turn, **mind,
                 {.text = text,
                  .at_ms = turn.now().ms,
                  .place = (*mind)->record.place(),
                  .witnesses = std::move(players),
                  .source = "reflected",
                  .importance = kImportance});
  keep_decision(turn, **mind, decision);
}

}  // namespace troupe

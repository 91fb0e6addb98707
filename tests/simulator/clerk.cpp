#include "tests/simulator/clerk.h"

#include <cstdio>
#include <stdexcept>

#include "troupe/v1/state.pb.h"

namespace troupe::test {

namespace {
constexpr const char* kService = "clerk";
constexpr const char* kAlwaysFails = "always fails";
}  // namespace

void Clerk::mount() {
  host_.timeline().add_apply(
      kErrand, [this](Turn& turn, const Caller&, const std::string& payload) { return run(turn, payload); });
  host_.timeline().add_timer_handler(
      kService, [this](Turn& turn, const std::string& key, const std::string&) { fire(turn, key); });
  host_.timeline().add_listener(
      "TimerFired", [](Turn& turn, const EventContext& context, const std::string&) {
        if (context.subject == "poison")
          turn.abandon({Code::conflict, "clerk.poisoned", "who hears of it refuses"});
      });
}

int Clerk::times(int number) const {
  const auto* row = rows_.find(std::to_string(number));
  return row == nullptr ? 0 : static_cast<int>(row->sequence());
}

void Clerk::put(Turn& turn, const std::string& name, std::uint64_t times) {
  pb::WorldRecord row;
  row.set_name(name);
  row.set_sequence(times);
  rows_.put(turn, std::move(row));
}

Result<std::string> Clerk::run(Turn& turn, const std::string& payload) {
  int number = 0, how = 0;
  if (std::sscanf(payload.c_str(), "%d %d", &number, &how) != 2)
    return fail(Code::invalid_argument, "clerk.payload", "two numbers");
  const auto ending = static_cast<Ending>(how);
  put(turn, std::to_string(number), static_cast<std::uint64_t>(times(number)) + 1);
  pb::StatePatchRequest patch;
  patch.set_kind("errand");
  patch.set_id("last");
  (*patch.mutable_patch()->mutable_fields())["number"].set_number_value(number);
  if (!turn.call<pb::StateDocument>(Caller::server(), patch)) {
    pb::StatePutRequest first;
    first.set_kind("errand");
    first.set_id("last");
    (*first.mutable_document()->mutable_fields())["number"].set_number_value(number);
    (void)turn.call<pb::StateDocument>(Caller::server(), first);
  }
  pb::TimeScheduleRequest bell;
  bell.set_name("bell " + std::to_string(number));
  bell.set_at_ms(turn.now().ms + 60'000);
  (void)turn.call<pb::TimeScheduleReply>(Caller::server(), bell);
  turn.schedule(kService, "rings " + std::to_string(number % 5), turn.now() + game_minutes(number % 90));
  if (!turn.scheduled(kService, kAlwaysFails))
    turn.schedule(kService, kAlwaysFails, turn.now() + game_minutes(7));
  pb::TimerFired event;
  event.set_due_ms(turn.now().ms);
  turn.emit(event, {.subject = ending == Ending::poisoned ? "poison" : "errand"});
  if (ending == Ending::refused)
    return fail(Code::conflict, "clerk.refused", "after changes in three services");
  if (ending == Ending::throws) throw std::runtime_error("what nobody thought of");
  if (ending == Ending::unstorable) put(turn, std::string("a\0b", 3), 1);  // what no database takes
  return std::to_string(number);
}

void Clerk::fire(Turn& turn, const std::string& key) {
  put(turn, key, 1);
  pb::TimerFired event;
  event.set_due_ms(turn.now().ms);
  turn.emit(event, {.subject = "rings"});
  if (key == kAlwaysFails) turn.abandon({Code::internal, "clerk.timer", "it always fails"});
}

}  // namespace troupe::test

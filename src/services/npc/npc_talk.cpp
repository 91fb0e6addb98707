// One player's sentence and the answer to it.
#include <algorithm>

#include "base/counted.h"
#include "base/text.h"
#include "host/word_guard.h"
#include "pack/query.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "services/npc/prompt.h"
#include "services/npc/relation_rules.h"

namespace troupe {

Result<std::string> NpcService::check_line(const std::string& text) const {
  if (text.size() > config_.limits.text_bytes_max) {
    return fail(Code::invalid_argument, "npc.text_too_long",
                "text is " + std::to_string(text.size()) + " bytes; at most " +
                    std::to_string(config_.limits.text_bytes_max));
  }
  if (!is_utf8(text)) return fail(Code::invalid_argument, "npc.bad_utf8", "text is not valid UTF-8");
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      if (!clean.empty() && clean.back() != ' ') clean += ' ';
    } else {
      clean += c;
    }
  }
  clean = trim(clean);
  if (clean.empty()) return fail(Code::invalid_argument, "npc.text_empty", "text must say something");
  return clean;
}

// (Whoever waits afterwards looks for them again: nothing that points at a mind survives a wait.)
Result<void> NpcService::check_npc(const std::string& npc) const {
  TRY([[maybe_unused]] const Mind* mind, find(npc));
  return {};
}

Result<void> NpcService::check_player(const std::string& name) const {
  if (name.empty()) return fail(Code::invalid_argument, "npc.no_player", "player must say who this is");
  return check_player_name(name);
}

Task<pb::NpcPromptReply> NpcService::prompt(Caller caller, pb::NpcPromptRequest request) {
  CO_TRY_VOID(check_npc(request.npc()));
  CO_TRY(const std::string text, check_line(request.text()));
  const std::string player = caller.player_or_self(request.player());
  CO_TRY_VOID(check_player(player));
  CO_TRY(auto made, co_await make_prompt(caller, request.npc(), player, text));
  made.request.set_assemble_only(true);
  CO_TRY(const auto assembled, co_await host_.call<pb::AiSpeakReply>(as_self(caller.trace), made.request));
  pb::NpcPromptReply reply;
  *reply.mutable_messages() = assembled.messages();
  reply.mutable_facts()->Assign(made.facts.begin(), made.facts.end());
  reply.mutable_memories()->Assign(made.memories.begin(), made.memories.end());
  co_return reply;
}

Task<pb::NpcTalkReply> NpcService::talk(Caller caller, pb::NpcTalkRequest request) {
  const auto started = host_.env().now();
  if (const auto living = find_living(request.npc()); !living) co_return std::unexpected(living.error());
  CO_TRY(const std::string text, check_line(request.text()));
  const std::string player = caller.player_or_self(request.player());
  CO_TRY_VOID(check_player(player));
  if (request.deadline_ms() < 0 || request.deadline_ms() > 600'000) {
    co_return fail(Code::invalid_argument, "npc.deadline",
                   "deadline_ms is 1 to 600000, or 0 for the setting ai.talk_deadline_ms");
  }
  const auto span = request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : talk_deadline();
  const auto deadline = std::min(caller.deadline, started + span);
  const Counted talking(talks_);
  CO_TRY_VOID(co_await may_say(request.npc(), player, text));

  Caller inner = as_self(caller.trace);
  inner.deadline =
      deadline + std::chrono::seconds(2);  // what was said is still recorded when the time is over
  pb::NpcTalkBegin begin;
  begin.set_npc(request.npc());
  begin.set_player(player);
  begin.set_text(text);
  begin.set_talk(host_.env().ids.uuid7(host_.env().clock.wall_ms()));
  CO_TRY(const auto begun, co_await host_.submit<pb::NpcTalkBegun>(inner, begin));

  CO_TRY(auto prompt, co_await make_prompt(inner, request.npc(), player, text));
  *prompt.request.mutable_allowed() = begun.allowed();
  // 63 bits: requests carry no larger number.
  prompt.request.set_seed(
      rt::Draw(host_.timeline().config().seed, "npc.talk", request.npc()).bits(begun.sequence()) >> 1);
  prompt.request.set_deadline_ms(
      std::max<std::int64_t>(1, (deadline - host_.env().now()).count() / 1'000'000));
  Caller speaking = inner;
  speaking.stream = caller.stream;
  CO_TRY(const auto spoken, co_await host_.call<pb::AiSpeakReply>(speaking, prompt.request));

  pb::NpcTalkEnd end;
  end.set_talk(begin.talk());
  end.set_npc(request.npc());
  end.set_player(player);
  end.set_text(spoken.text());
  end.set_begun(begun.sequence());
  end.set_asked(text);
  *end.mutable_decision() = spoken.decision();
  end.mutable_decision()->mutable_facts()->Assign(prompt.facts.begin(), prompt.facts.end());
  end.mutable_decision()->mutable_memories()->Assign(prompt.memories.begin(), prompt.memories.end());
  for (const auto& proposed : spoken.proposed()) {
    if (const auto action = prompt.actions.find(proposed); action != prompt.actions.end())
      *end.add_proposed() = action->second;
  }
  for (const auto& id : prompt.facts) {
    const auto* fact = pack_.fact(id);
    std::string own;
    if (const auto* who = pack_.npc(request.npc())) {
      for (const auto& known : who->knows) {
        if (known.fact.str() == id) own = known.says;
      }
    }
    if (fact != nullptr && npc::tells(spoken.text(), *fact, own)) end.add_told(id);
  }
  CO_TRY(const auto ended, co_await host_.submit<pb::NpcTalkEnded>(inner, end));

  pb::NpcTalkReply reply;
  reply.set_text(spoken.text());
  reply.set_tier(spoken.tier());
  reply.set_model(spoken.model());
  reply.set_deadline_met(spoken.deadline_met() && host_.env().now() <= deadline + rt::milliseconds(50));
  reply.set_first_token_ms((host_.env().now() - started).count() / 1'000'000 -
                           (spoken.decision().total_us() - spoken.decision().first_token_us()) / 1000);
  *reply.mutable_verbs() = ended.verbs();
  reply.set_event_id(event_log::event_id(host_.timeline().config().world, ended.sequence()));
  count_talk(spoken.decision());
  anticipate(player, request.npc());  // most say something else
  co_return reply;
}

Result<pb::NpcTalkBegun> NpcService::talk_begin(Turn& turn, const Caller& caller,
                                                const pb::NpcTalkBegin& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  TRY(Mind * mind, find_living(command.npc()));
  auto& record = mind->record;
  pb::DialogueStarted event;
  event.set_npc(command.npc());
  event.set_player(command.player());
  event.set_text(command.text());
  const auto place = npc::place_now(pack_, record, turn.now().ms);
  pb::NpcTalkBegun reply;
  reply.set_sequence(
      turn.emit(event, {.subject = command.npc(), .place = place, .priority = pb::PRIORITY_HIGH}));
  reply.set_talk(command.talk());
  reply.set_at_ms(turn.now().ms);
  record.set_talking_to(command.player());
  record.set_busy_until_ms(turn.now().ms + real_ms(turn.clock(), kAnswerRealMs));
  turn.schedule("npc", "done:" + command.npc(), GameTime{record.busy_until_ms()});
  // Not what was said: a player's words stay in the user role, and perceptions go into scenes.
  perceive(*mind, turn.now().ms, "Somebody spoke to " + mind->who->name + ".", reply.sequence());
  // In prompts they go on with what they did: what was read ahead must still be true when they are spoken to.
  set_intent(turn, *mind, "talk", "talks with " + command.player(), command.player() + " spoke to them",
             "reflex", record.scene());
  freeze_levels(turn, *mind, command.player(), reply);
  mind->conversations[command.player()].allowed.assign(reply.allowed().begin(), reply.allowed().end());
  add_line(turn, *mind, command.player(), true, reply.sequence(), command.text());
  save(turn, *mind);
  return reply;
}

// The player's own words are judged before they are said: to whom, and to what is kept, they are not said at
// all.
Task<void> NpcService::may_say(std::string npc, std::string player, std::string text) {
  pb::AiModerateRequest ask;
  ask.set_npc(npc);
  ask.set_player(player);
  ask.set_text(text);
  ask.set_direction("in");
  ask.set_door("npc.Talk");
  if (const auto mind = find(npc)) {
    if (const auto* levels = frozen(**mind, player))
      ask.mutable_allowed()->Assign(levels->begin(), levels->end());
  }
  CO_TRY(const auto judged, co_await host_.call<pb::AiModerateReply>(as_self(), ask));
  if (judged.allowed()) co_return Result<void>();
  co_return fail(Code::invalid_argument, "ai.held_back", "that cannot be said here: " + judged.reason());
}

// Of the conversation that goes on; null: a new one begins.
const std::vector<pb::CategoryLevel>* NpcService::frozen(const Mind& mind, const std::string& player) const {
  constexpr std::int64_t kMinuteMs = 60'000;
  constexpr std::int64_t kOverAfterRealS = 120;  // or ten minutes of the game, what is longer
  const auto& timeline = host_.timeline();
  const auto gap =
      std::max(10 * kMinuteMs, timeline.clock().span_of(std::chrono::seconds(kOverAfterRealS)).ms);
  const auto known = mind.conversations.find(player);
  if (known == mind.conversations.end() || known->second.allowed.empty()) return nullptr;
  return timeline.now().ms - known->second.lines.back().at_ms <= gap ? &known->second.allowed : nullptr;
}

// A profile that changes while two talk counts from their next conversation.
void NpcService::freeze_levels(Turn& turn, const Mind& mind, const std::string& player,
                               pb::NpcTalkBegun& reply) const {
  if (const auto* levels = frozen(mind, player)) {
    reply.mutable_allowed()->Assign(levels->begin(), levels->end());
    return;
  }
  pb::AiGetProfileRequest ask;
  ask.set_player(player);
  if (const auto profile = turn.call<pb::ModerationProfile>(as_self(), ask))
    *reply.mutable_allowed() = profile->levels();
}

Result<pb::NpcTalkEnded> NpcService::talk_end(Turn& turn, const Caller& caller,
                                              const pb::NpcTalkEnd& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  TRY(Mind * mind, find_living(command.npc()));
  const std::string& player = command.player();
  const auto now = turn.now().ms;
  const auto place = npc::place_now(pack_, mind->record, now);
  const auto found = mind->conversations.find(player);
  // Forgotten meanwhile, where very many speak to them: then the answer is no line of it either.
  const bool remembered =
      found != mind->conversations.end() && found->second.question(command.begun()) != nullptr;
  if (remembered && found->second.answer(command.begun()) != nullptr)
    return fail(Code::conflict, "npc.talk_ended", "this line was answered already");
  auto decision = command.decision();
  decision.set_reason(player + " said: " + command.asked());
  decision.set_player(player);
  pb::DialogueEnded event;
  event.set_npc(command.npc());
  event.set_player(player);
  event.set_text(command.text());
  event.set_tier(decision.tier());
  event.set_deadline_met(decision.deadline_met());
  event.set_begun(command.begun());
  event.set_decision("d-" + std::to_string(turn.next_sequence()));
  decision.set_event_sequence(turn.emit_caused_by(
      command.begun(), event, {.subject = command.npc(), .place = place, .priority = pb::PRIORITY_HIGH}));
  pb::NpcTalkEnded reply;
  reply.set_sequence(decision.event_sequence());

  if (remembered) add_line(turn, *mind, player, false, command.begun(), command.text());
  for (const auto& id : command.told()) {
    auto* told = [&]() -> pb::ToldRecord* {
      for (auto& known : *mind->record.mutable_told()) {
        if (known.player() == player) return &known;
      }
      auto* made = mind->record.add_told();
      made->set_player(player);
      return made;
    }();
    if (std::ranges::find(told->facts(), id) == told->facts().end()) told->add_facts(id);
  }
  npc::forget_strangers(mind->record, *mind->who, player_key(player));
  for (const auto& action : command.proposed()) {
    auto* verb = reply.add_verbs();
    verb->set_verb(action.verb());
    *verb->mutable_args() = action.args();
    pb::CapabilitiesExecuteRequest execute;
    execute.set_kind("npc");
    execute.set_actor(command.npc());
    *execute.mutable_action() = action;
    const auto done = turn.call<pb::Verdict>(as_self(), execute);
    verb->set_verdict(!done             ? done.error().message
                      : done->allowed() ? "done"
                                        : "refused: " + done->message());
    decision.set_verdict(decision.verdict() + "; " + action.verb() + ": " + verb->verdict());
  }
  keep_decision(turn, *mind, decision);
  // The next line may come: they wait for it as long as people do, whatever the scale.
  if (mind->record.talking_to() == player) {
    mind->record.set_busy_until_ms(now + real_ms(turn.clock(), kNextLineRealMs));
    turn.schedule("npc", "done:" + command.npc(), GameTime{mind->record.busy_until_ms()});
  }
  std::vector<std::string> witnesses = {player_key(player), command.npc()};
  (void)remember(turn, *mind,
                 {.text = player + " asked " + mind->who->name + ": \"" +
                          std::string(utf8_prefix(command.asked(), 300)) + "\" " + mind->who->name +
                          " answered: \"" + std::string(utf8_prefix(command.text(), 300)) + "\"",
                  .at_ms = now,
                  .place = place,
                  .witnesses = witnesses,
                  .source = "said",
                  .importance = .6,
                  .talk = command.begun()});
  save(turn, *mind);
  return reply;
}

}  // namespace troupe

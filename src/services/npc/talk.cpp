#include "services/npc/talk.h"

#include <algorithm>

#include "base/text.h"
#include "host/event_log.h"
#include "services/npc/relation_rules.h"
#include "services/npc/timers.h"
#include "talk/addressed.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

// What this player was told by them.
pb::ToldRecord& told_to(pb::NpcRecord& record, const std::string& player) {
  for (auto& known : *record.mutable_told()) {
    if (known.player() == player) return known;
  }
  auto* made = record.add_told();
  made->set_player(player);
  return *made;
}

// And what they do because they were asked to.
pb::NpcTalkEnd with(const std::optional<Wished>& wished, pb::NpcTalkEnd end) {
  if (!wished) return end;
  // An order is no insult where it is a wish that can be met.
  end.set_heard_as(std::string(talk::name_of(talk::Manner::none)));
  if (wished->does) *end.add_proposed() = wished->action;
  return end;
}

// What a model may do about an answer: less where the rules are sure, nothing where it must not be heard.
std::string_view freedom_for(const talk::Answer& answer) {
  using talk::Manner;
  switch (answer.way) {
    case talk::Way::deflected:
      return "none";
    case talk::Way::unknown:
    case talk::Way::nearest:
      return "nearest";
    case talk::Way::small:
      // What has a form of its own is answered in it.
      return answer.manner == Manner::none || answer.manner == Manner::news ? "small_talk" : "first";
    case talk::Way::written:
    case talk::Way::grounded:
    case talk::Way::told:
      break;
  }
  return "rephrase";
}

}  // namespace

Talk::Talk(const Ground& ground, Minds& minds, Decisions& decisions, const Day& day, Feelings& feelings,
           Memories& memories, Answers& answers, Wishes& wishes, const Prompts& prompts,
           Anticipation& anticipation)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      language_(ground.language),
      minds_(minds),
      decisions_(decisions),
      day_(day),
      feelings_(feelings),
      memories_(memories),
      answers_(answers),
      wishes_(wishes),
      prompts_(prompts),
      anticipation_(anticipation) {}

void Talk::mount() {
  host_.serve(&Talk::talk, this);
  host_.serve(&Talk::prompt, this);
  host_.serve(&Talk::begin, this);
  host_.serve(&Talk::end, this);
}

// One line, without control characters.
Result<std::string> Talk::check_line(const std::string& text) const {
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

std::string Talk::who_answers(const std::string& asked, std::string_view text) const {
  const auto now = host_.timeline().now().ms;
  const auto place = place_now(pack_, minds_.known(asked)->record(), now);
  std::vector<const pack::Npc*> present;
  for (const auto& [id, mind] : minds_.people()) {
    const auto& record = mind->record();
    if (id == asked || (!record.dead() && !place.empty() && place_now(pack_, record, now) == place))
      present.push_back(mind->who);
  }
  const auto* called = talk::addressed(language_, present, text);
  return called == nullptr ? asked : called->id.str();
}

Task<pb::NpcPromptReply> Talk::prompt(Caller caller, pb::NpcPromptRequest request) {
  CO_TRY_VOID(minds_.check(request.npc()));
  CO_TRY(const std::string text, check_line(request.text()));
  const std::string player = caller.player_or_self(request.player());
  CO_TRY_VOID(check_player(player));
  CO_TRY(const auto answered, co_await answers_.to(caller, request.npc(), player, text, 0));
  CO_TRY(auto made, prompts_.make(request.npc(), player,
                                  {.text = text, .vector = answered.vector, .notes = answered.answer.notes}));
  made.request.set_assemble_only(true);
  const auto self = as_npc(host_.timeline().config().world, caller.trace);
  CO_TRY(const auto assembled, co_await host_.call<pb::AiSpeakReply>(self, made.request));
  pb::NpcPromptReply reply;
  *reply.mutable_messages() = assembled.messages();
  reply.mutable_facts()->Assign(made.facts.begin(), made.facts.end());
  reply.mutable_memories()->Assign(made.memories.begin(), made.memories.end());
  co_return reply;
}

Task<pb::NpcTalkReply> Talk::talk(Caller caller, pb::NpcTalkRequest request) {
  const auto started = host_.env().now();
  if (const auto living = minds_.find_living(request.npc()); !living)
    co_return std::unexpected(living.error());
  CO_TRY(const std::string text, check_line(request.text()));
  request.set_npc(who_answers(request.npc(), text));
  const std::string player = caller.player_or_self(request.player());
  CO_TRY_VOID(check_player(player));
  const auto span =
      request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : config_.talk_within();
  const auto deadline = std::min(caller.deadline, started + span);
  const auto talking = anticipation_.somebody_is_answered();
  CO_TRY_VOID(co_await may_say(request.npc(), player, text));

  const auto& world = host_.timeline().config().world;
  Caller inner = as_npc(world, caller.trace);
  inner.deadline = deadline + config_.tuning.record_after;
  pb::NpcTalkBegin begin;
  begin.set_npc(request.npc());
  begin.set_player(player);
  begin.set_text(text);
  begin.set_talk(host_.env().ids.uuid7(host_.env().clock.wall_ms()));
  CO_TRY(const auto begun, co_await host_.submit<pb::NpcTalkBegun>(inner, begin));

  CO_TRY(const auto answered, co_await answers_.to(inner, request.npc(), player, text, begun.sequence()));
  CO_TRY(const auto wished, co_await wishes_.of(inner, request.npc(), player, answered));
  CO_TRY(auto prompt, prompt_for(begin, answered, wished));
  *prompt.request.mutable_allowed() = begun.allowed();
  // 63 bits: requests carry no larger number.
  prompt.request.set_seed(
      rt::Draw(host_.timeline().config().seed, "npc.talk", request.npc()).bits(begun.sequence()) >> 1);
  prompt.request.set_deadline_ms(
      std::max<std::int64_t>(1, (deadline - host_.env().now()).count() / 1'000'000));
  Caller speaking = inner;
  speaking.stream = caller.stream;
  CO_TRY(const auto spoken, co_await host_.call<pb::AiSpeakReply>(speaking, prompt.request));
  CO_TRY(const auto ended, co_await host_.submit<pb::NpcTalkEnded>(
                               inner, with(wished, ending(begin, begun, answered, prompt, spoken))));
  minds_.conversations().keep_spoken(request.npc(), player, answered.answer.spoken);

  const auto now = host_.env().now();
  pb::NpcTalkReply reply;
  reply.set_npc(request.npc());
  reply.set_text(spoken.text());
  reply.set_tier(spoken.tier());
  reply.set_model(spoken.model());
  reply.set_deadline_met(spoken.deadline_met() && now <= deadline + config_.tuning.late);
  reply.set_first_token_ms((now - started).count() / 1'000'000 -
                           (spoken.decision().total_us() - spoken.decision().first_token_us()) / 1000);
  *reply.mutable_verbs() = ended.verbs();
  reply.set_way(spoken.decision().way());
  *reply.mutable_evidence() = spoken.decision().evidence();
  *reply.mutable_guard() = spoken.decision().guard();
  reply.set_event_id(event_log::event_id(world, ended.sequence()));
  anticipation_.count_talk(spoken.decision());
  anticipation_.expect(player, request.npc());  // most say something else
  co_return reply;
}

// What they have in mind for the line, and what is said if nobody says it better.
Result<Prompt> Talk::prompt_for(const pb::NpcTalkBegin& begin, const Answered& answered,
                                const std::optional<Wished>& wished) const {
  const auto& answer = answered.answer;
  TRY(auto prompt, prompts_.make(begin.npc(), begin.player(),
                                 {.text = begin.text(), .vector = answered.vector, .notes = answer.notes}));
  auto& request = prompt.request;
  request.set_written(answer.text);
  request.set_way(std::string(way_of(answer.way)));
  for (auto& evidence : evidence_of(pack_, answered)) *request.add_evidence() = std::move(evidence);
  request.set_heard(answer.why);
  request.set_freedom(std::string(freedom_for(answer)));
  request.mutable_may_say()->Assign(answered.may_say.begin(), answered.may_say.end());
  request.mutable_keys()->Assign(answer.keys.begin(), answer.keys.end());
  if (wished) {
    // Words and deed follow from one rule, so no model speaks here.
    request.set_written(wished->says);
    request.set_way("written");
    request.clear_evidence();
    request.set_heard(wished->why);
    request.set_freedom("none");
  }
  return prompt;
}

// What came of it, to be recorded.
pb::NpcTalkEnd Talk::ending(const pb::NpcTalkBegin& begin, const pb::NpcTalkBegun& begun,
                            const Answered& answered, const Prompt& prompt,
                            const pb::AiSpeakReply& spoken) const {
  pb::NpcTalkEnd end;
  end.set_talk(begin.talk());
  end.set_npc(begin.npc());
  end.set_player(begin.player());
  end.set_text(spoken.text());
  end.set_begun(begun.sequence());
  end.set_asked(begin.text());
  *end.mutable_decision() = spoken.decision();
  end.set_heard_as(std::string(talk::name_of(answered.answer.manner)));
  end.mutable_stated()->Assign(answered.stated.begin(), answered.stated.end());
  auto facts = prompt.facts;
  if (spoken.decision().prompt().empty()) {  // no model was asked
    facts.clear();
    for (const auto& evidence : spoken.decision().evidence()) {
      if (evidence.kind() == "fact") facts.push_back(evidence.id());
    }
  } else {
    end.mutable_decision()->mutable_memories()->Assign(prompt.memories.begin(), prompt.memories.end());
  }
  end.mutable_decision()->mutable_facts()->Assign(facts.begin(), facts.end());
  for (const auto& fact : facts) {
    if (told(begin.npc(), fact, spoken.text())) end.add_told(fact);
  }
  return end;
}

bool Talk::told(const std::string& npc, const std::string& fact_id, const std::string& answer) const {
  const auto* fact = pack_.fact(fact_id);
  if (fact == nullptr) return false;
  std::string own;
  if (const auto* who = pack_.npc(npc)) {
    for (const auto& known : who->knows) {
      if (known.fact.str() == fact_id) own = known.says;
    }
  }
  return tells(answer, *fact, own);
}

// A player is dead where their document says so, as for verbs.
Result<void> Talk::check_lives(Turn& turn, const std::string& player) {
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  const auto document = turn.call<pb::StateDocument>(as_npc(turn.world()), get);
  if (!document) return {};
  const auto dead = document->document().fields().find("dead");
  if (dead == document->document().fields().end() || !dead->second.bool_value()) return {};
  return fail(Code::conflict, "npc.dead", player + " is dead");
}

Result<pb::NpcTalkBegun> Talk::begin(Turn& turn, const Caller&, const pb::NpcTalkBegin& command) {
  TRY(Mind * mind, minds_.find_living(command.npc()));
  const auto& player = command.player();
  TRY_VOID(check_lives(turn, player));
  auto& record = minds_.edit(turn, *mind);
  pb::DialogueStarted event;
  event.set_npc(command.npc());
  event.set_player(player);
  event.set_text(command.text());
  const auto place = place_now(pack_, record, turn.now().ms);
  pb::NpcTalkBegun reply;
  reply.set_sequence(
      turn.emit(event, {.subject = command.npc(), .place = place, .priority = pb::PRIORITY_HIGH}));
  reply.set_talk(command.talk());
  reply.set_at_ms(turn.now().ms);
  record.set_talking_to(player);
  record.set_busy_until_ms(turn.now().ms + real_ms(turn.clock(), config_.tuning.answer_real));
  schedule(turn, Timer::done, command.npc(), GameTime{record.busy_until_ms()});
  // Not what was said: a player's words stay in the user role, and perceptions go into scenes.
  minds_.perceive(*mind, {.at_ms = turn.now().ms,
                          .text = texts_.seen.spoken_to.with({{"name", mind->who->name}}),
                          .sequence = reply.sequence()});
  // In prompts they go on with what they did: what was read ahead must still be true when they are spoken to.
  day_.take_up(turn, *mind,
               {.intent = "talk",
                .activity = texts_.doing.talks.with({{"player", player}}),
                .reason = texts_.reason.spoken_to.with({{"player", player}}),
                .tier = "reflex",
                .scene = record.scene()});
  freeze_levels(turn, *mind, player, reply);
  pb::LineRecord line;
  line.set_player(player);
  line.set_talk(reply.sequence());
  line.set_by_player(true);
  line.set_text(command.text());
  *line.mutable_allowed() = reply.allowed();
  minds_.add_line(turn, *mind, std::move(line));
  return reply;
}

// The player's own words are judged before they are said: to whom, and to what is kept, they are not said at
// all.
Task<void> Talk::may_say(std::string npc, std::string player, std::string text) {
  pb::AiModerateRequest ask;
  ask.set_npc(npc);
  ask.set_player(player);
  ask.set_text(text);
  ask.set_direction("in");
  ask.set_door("npc.Talk");
  if (const auto mind = minds_.find(npc)) {
    if (const auto* line = frozen(**mind, player)) *ask.mutable_allowed() = line->allowed();
  }
  const auto self = as_npc(host_.timeline().config().world);
  CO_TRY(const auto judged, co_await host_.call<pb::AiModerateReply>(self, ask));
  if (judged.allowed()) co_return Result<void>();
  co_return fail(Code::invalid_argument, "ai.held_back", "that cannot be said here: " + judged.reason());
}

// The line with the levels of the conversation that goes on; null: a new one begins.
const pb::LineRecord* Talk::frozen(const Mind& mind, const std::string& player) const {
  constexpr std::int64_t kMinuteMs = 60'000;
  const auto& tuning = config_.tuning;
  const auto& timeline = host_.timeline();
  const auto gap = std::max(tuning.conversation_minutes * kMinuteMs,
                            timeline.clock().span_of(tuning.conversation_real).ms);
  const auto& held = minds_.conversations();
  const auto* theirs = held.last_of_player(mind.who->id.str(), player);
  if (theirs == nullptr || theirs->allowed().empty()) return nullptr;
  return timeline.now().ms - held.last(mind.who->id.str(), player)->at_ms() <= gap ? theirs : nullptr;
}

// A profile that changes while two talk counts from their next conversation.
void Talk::freeze_levels(Turn& turn, const Mind& mind, const std::string& player,
                         pb::NpcTalkBegun& reply) const {
  if (const auto* line = frozen(mind, player)) {
    *reply.mutable_allowed() = line->allowed();
    return;
  }
  pb::AiGetProfileRequest ask;
  ask.set_player(player);
  if (const auto profile = turn.call<pb::ModerationProfile>(as_npc(turn.world()), ask))
    *reply.mutable_allowed() = profile->levels();
}

Result<pb::NpcTalkEnded> Talk::end(Turn& turn, const Caller&, const pb::NpcTalkEnd& command) {
  TRY(Mind * mind, minds_.find_living(command.npc()));
  const std::string& player = command.player();
  const auto place = place_now(pack_, mind->record(), turn.now().ms);
  const auto& held = minds_.conversations();
  // Forgotten meanwhile, where very many speak to them: then the answer is no line of it either.
  const bool remembered = held.question(command.npc(), player, command.begun()) != nullptr;
  if (remembered && held.answer(command.npc(), player, command.begun()) != nullptr)
    return fail(Code::conflict, "npc.talk_ended", "this line was answered already");
  auto decision = command.decision();
  decision.set_reason(texts_.reason.said.with({{"player", player}, {"text", command.asked()}}));
  decision.set_player(player);
  pb::DialogueEnded event;
  event.set_npc(command.npc());
  event.set_player(player);
  event.set_text(command.text());
  event.set_tier(decision.tier());
  event.set_deadline_met(decision.deadline_met());
  event.set_begun(command.begun());
  event.set_decision(decision_id(turn.next_sequence()));
  decision.set_event_sequence(turn.emit_caused_by(
      command.begun(), event, {.subject = command.npc(), .place = place, .priority = pb::PRIORITY_HIGH}));
  pb::NpcTalkEnded reply;
  reply.set_sequence(decision.event_sequence());

  if (remembered) {
    pb::LineRecord line;
    line.set_player(player);
    line.set_talk(command.begun());
    line.set_text(command.text());
    minds_.add_line(turn, *mind, std::move(line));
  }
  auto& record = minds_.edit(turn, *mind);
  for (const auto& id : command.told()) {
    auto& told = told_to(record, player);
    if (std::ranges::find(told.facts(), id) == told.facts().end()) told.add_facts(id);
  }
  forget_strangers(record, *mind->who, player_key(player));
  felt(turn, command, place);
  act(turn, command, decision, reply);
  decisions_.keep(turn, *mind, decision);
  if (record.talking_to() == player) wait_for_next_line(turn, *mind);
  remember(turn, *mind, command, place);
  return reply;
}

void Talk::act(Turn& turn, const pb::NpcTalkEnd& command, pb::Decision& decision,
               pb::NpcTalkEnded& reply) const {
  for (const auto& action : command.proposed()) {
    auto* verb = reply.add_verbs();
    verb->set_verb(action.verb());
    *verb->mutable_args() = action.args();
    pb::CapabilitiesExecuteRequest execute;
    execute.set_kind("npc");
    execute.set_actor(command.npc());
    *execute.mutable_action() = action;
    auto done = turn.call<pb::Verdict>(as_npc(turn.world()), execute);
    // Whoever wishes it aloud has agreed to it.
    if (done && !done->offer().empty()) {
      pb::CapabilitiesAcceptRequest accept;
      accept.set_offer(done->offer());
      accept.set_player(command.player());
      done = turn.call<pb::Verdict>(as_npc(turn.world()), accept);
    }
    verb->set_verdict(!done             ? done.error().message
                      : done->allowed() ? "done"
                                        : "refused: " + done->message());
    decision.set_verdict(decision.verdict() + "; " + action.verb() + ": " + verb->verdict());
  }
}

void Talk::wait_for_next_line(Turn& turn, Mind& mind) const {
  minds_.edit(turn, mind)
      .set_busy_until_ms(turn.now().ms + real_ms(turn.clock(), config_.tuning.next_line_real));
  schedule(turn, Timer::done, mind.record().id(), GameTime{mind.record().busy_until_ms()});
}

// By the one who was spoken to, and by everybody who heard it.
void Talk::felt(Turn& turn, const pb::NpcTalkEnd& command, const std::string& place) const {
  const auto manner = pack::find_name<talk::Manner>(talk::kMannerNames, command.heard_as());
  if (!manner || *manner == talk::Manner::none) return;
  const auto said = texts_.reason.said.with({{"player", command.player()}, {"text", command.asked()}});
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead() || place_now(pack_, mind->record(), turn.now().ms) != place) continue;
    feelings_.hear(turn, *mind, *manner, player_key(command.player()), command.npc(), said);
  }
}

void Talk::remember(Turn& turn, Mind& mind, const pb::NpcTalkEnd& command, const std::string& place) const {
  for (const auto& sentence : command.stated()) {
    const std::string kept(utf8_prefix(sentence, config_.limits.quote_bytes_max));
    if (is_repeated(minds_.newest_memories(mind, kRepeatedAmong), kept, turn.now().ms)) continue;
    (void)memories_.remember(turn, mind,
                             {.text = kept,
                              .at_ms = turn.now().ms,
                              .place = place,
                              .witnesses = {player_key(command.player()), command.npc()},
                              .source = std::string(kStated),
                              .importance = config_.tuning.told_importance,
                              .talk = command.begun()});
  }
  const auto most = config_.limits.quote_bytes_max;
  (void)memories_.remember(turn, mind,
                           {.text = texts_.seen.talk.with({{"player", command.player()},
                                                           {"name", mind.who->name},
                                                           {"asked", utf8_prefix(command.asked(), most)},
                                                           {"answer", utf8_prefix(command.text(), most)}}),
                            .at_ms = turn.now().ms,
                            .place = place,
                            .witnesses = {player_key(command.player()), command.npc()},
                            .source = "said",
                            .importance = config_.tuning.said_importance,
                            .talk = command.begun()});
}

}  // namespace troupe::npc

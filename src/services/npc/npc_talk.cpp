// One player's sentence and the answer to it.
#include <algorithm>

#include "base/text.h"
#include "pack/query.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"

namespace troupe {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

// A prompt, and what went into it.
struct NpcService::Prompt {
  pb::AiSpeakRequest request;
  std::vector<std::string> facts;
  std::vector<std::string> memories;
  std::map<std::string, pb::Action> actions;  // by their text
};

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

Result<void> NpcService::check_player(const std::string& name) const {
  if (name.empty()) return fail(Code::invalid_argument, "npc.no_player", "player must say who this is");
  const bool control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.size() <= config_.limits.player_bytes_max && !control && is_utf8(name)) return {};
  return fail(Code::invalid_argument, "npc.bad_player",
              "a player's name is UTF-8 of at most " + std::to_string(config_.limits.player_bytes_max) +
                  " bytes without control characters");
}

pack::Listener NpcService::listener_for(const Mind& mind, const std::string& player) const {
  pack::Listener listener;
  listener.trust = relation_or_default(mind, player_key(player)).trust();
  // What anybody here told this player, this player knows.
  for (const auto& [id, other] : minds_) {
    for (const auto& told : other->record.told()) {
      if (told.player() != player) continue;
      for (const auto& fact : told.facts()) listener.knows.insert(pack::FactId(fact));
    }
  }
  return listener;
}

Task<NpcService::Prompt> NpcService::make_prompt(Caller caller, std::string npc, std::string player,
                                                 std::string text) {
  constexpr std::size_t kOwnFactsMax = 8;
  constexpr std::size_t kFactsBroughtUp = 2;
  constexpr double kFitsMin = .3;
  constexpr double kOwnWordsBonus = .1;  // what a writer wrote for this person before what everybody knows
  constexpr std::size_t kMemoriesMax = 4;
  const auto vector = co_await embed_one(caller, text);
  CO_TRY(const Mind* mind, find(npc));
  const auto& who = *mind->who;
  const auto listener = listener_for(*mind, player);
  Prompt prompt;
  auto& context = *prompt.request.mutable_context();
  context.set_name(who.name);
  context.set_world(pack_.world.text);
  context.set_persona("You are " + who.name + ", " + std::to_string(who.age) + ", " + who.role + ". " +
                      who.persona + " Voice: " + who.voice);
  if (const auto greetings = who.lines.find(pack::LineKind::greeting); greetings != who.lines.end()) {
    context.set_sample_line(greetings->second.front());
  }

  // What may be said to this listener. What may not is not here at all: no model ever sees it. What is this
  // person's own stands in the prompt's head in the pack's order and as plain facts ("Odo ..."), the same for
  // a whole conversation, so that its prefix is computed once. What this line asks about comes last and in
  // the person's own words: a small model says what it read last, and of "he has been gone eleven nights"
  // alone it cannot know who "he" is.
  struct Candidate {
    const pack::Fact* fact;
    std::string says;
    double fits;
  };
  std::vector<Candidate> candidates;
  for (const auto& fact : pack_.facts) {
    if (!pack::knows(fact, who.id) || !pack::may_share(fact, who.id, listener)) continue;
    const auto own = std::ranges::find(who.knows, fact.id, &pack::Knows::fact);
    const std::string plain = fact.secret && !fact.reveal.empty() ? fact.reveal : fact.text;
    if (own != who.knows.end() && static_cast<std::size_t>(context.knows_size()) < kOwnFactsMax) {
      context.add_knows(plain);
      prompt.facts.push_back(fact.id.str());
    }
    double fits = npc::overlap(text, fact.text + " " + join(fact.topics, " "));
    if (const auto cached = fact_vectors_.find(fact.id.str());
        vector && !vector->empty() && cached != fact_vectors_.end()) {
      double dot = 0;
      for (std::size_t i = 0; i < vector->size(); ++i)
        dot += static_cast<double>((*vector)[i]) * cached->second[i];
      fits = std::max(dot, fits * .5);
    }
    const bool in_own_words = own != who.knows.end() && !own->says.empty() && !fact.secret;
    candidates.push_back(
        {&fact, in_own_words ? own->says : plain, in_own_words ? fits + kOwnWordsBonus : fits});
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.fits != b.fits ? a.fits > b.fits : a.fact->id < b.fact->id;
  });
  if (candidates.size() > kFactsBroughtUp) candidates.resize(kFactsBroughtUp);
  for (const auto& candidate : candidates) {
    if (candidate.fits < kFitsMin) continue;
    context.add_brought_up(candidate.says);
    const auto id = candidate.fact->id.str();
    if (std::ranges::find(prompt.facts, id) == prompt.facts.end()) prompt.facts.push_back(id);
  }
  for (const auto& recalled : recall(*mind, text, vector ? *vector : std::vector<float>(), kMemoriesMax + 4,
                                     host_.timeline().now().ms, player_key(player))) {
    if (prompt.memories.size() >= kMemoriesMax) break;
    if (npc::gives_away(pack_, recalled.memory.text, who.id, listener)) continue;
    if (npc::is_players_text(recalled.memory)) {
      context.add_said_before(recalled.memory.text);
    } else {
      context.add_memories(recalled.memory.text);
    }
    prompt.memories.push_back("m-" + std::to_string(recalled.memory.id));
  }
  const auto conversation = mind->conversations.find(player);
  if (conversation != mind->conversations.end()) {
    for (const auto& line : conversation->second) {
      const bool by_player = line.who == player;
      if (!by_player && npc::gives_away(pack_, line.text, who.id, listener)) continue;
      auto* turn = context.add_turns();
      turn->set_who(line.who);
      turn->set_player(by_player);
      turn->set_text(line.text);
    }
  }
  // The line just said is the task, not the past.
  if (context.turns_size() > 0 && context.turns(context.turns_size() - 1).player())
    context.mutable_turns()->RemoveLast();

  pb::TimeGetRequest get_time;
  pb::TimeState time;
  if (const auto bytes = host_.timeline().query(as_self(), get_time.GetDescriptor()->full_name(), "")) {
    time.ParseFromString(*bytes);
  }
  context.set_situation(situation(
      *mind, time, weather_at(nullptr, npc::place_now(pack_, mind->record, host_.timeline().now().ms))));
  const auto relation = relation_or_default(*mind, player_key(player));
  const bool met = conversation != mind->conversations.end() && conversation->second.size() > 1;
  context.set_listener(
      (met ? "Before you stands somebody you have talked to before. " : "Before you stands a stranger. ") +
      who.name + " " + std::string(npc::describe(relation)) + " them.");
  context.set_player_text(text);

  pb::CapabilitiesLegalRequest legal;
  legal.set_kind("npc");
  legal.set_actor(npc);
  legal.set_limit(24);
  if (const auto bytes =
          host_.timeline().query(as_self(), legal.GetDescriptor()->full_name(), legal.SerializeAsString())) {
    pb::CapabilitiesLegalReply options;
    options.ParseFromString(*bytes);
    // Only what the words could be about: the rest would be noise for a small model.
    for (const auto& option : options.options()) {
      if (npc::overlap(text, option.text()) <= 0 || prompt.actions.size() >= 4) continue;
      if (!prompt.actions.emplace(option.text(), option.action()).second) continue;
      context.add_actions(option.text());
    }
  }
  prompt.request.set_npc(npc);
  prompt.request.set_player(player);
  for (const auto kind : {pack::LineKind::deflection, pack::LineKind::greeting}) {
    const auto lines = who.lines.find(kind);
    if (lines == who.lines.end() || (met && kind == pack::LineKind::greeting)) continue;
    for (const auto& line : lines->second) prompt.request.add_fallback_lines(line);
  }
  co_return prompt;
}

Task<pb::NpcPromptReply> NpcService::prompt(Caller caller, pb::NpcPromptRequest request) {
  CO_TRY([[maybe_unused]] const Mind* mind, find(request.npc()));
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
  CO_TRY([[maybe_unused]] const Mind* mind, find(request.npc()));
  CO_TRY(const std::string text, check_line(request.text()));
  const std::string player = caller.player_or_self(request.player());
  CO_TRY_VOID(check_player(player));
  if (request.deadline_ms() < 0 || request.deadline_ms() > 600'000) {
    co_return fail(Code::invalid_argument, "npc.deadline", "deadline_ms is 1 to 600000, or 0 for 15000");
  }
  const auto span =
      request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : config_.talk_deadline;
  const auto deadline = std::min(caller.deadline, started + span);

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
  prompt.request.set_seed(
      rt::Draw(host_.timeline().config().seed, "npc.talk", request.npc()).bits(begun.sequence()));
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
    for (const auto& known : pack_.npc(request.npc())->knows) {
      if (known.fact.str() == id) own = known.says;
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
  co_return reply;
}

Result<pb::NpcTalkBegun> NpcService::talk_begin(Turn& turn, const Caller& caller,
                                                const pb::NpcTalkBegin& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  TRY(Mind * mind, find(command.npc()));
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
  record.set_busy_until_ms(turn.now().ms + 10 * kMinuteMs);
  turn.schedule("npc", "done:" + command.npc(), GameTime{record.busy_until_ms()});
  // Not what was said: a player's words stay in the user role, and perceptions go into scenes.
  perceive(*mind, turn.now().ms, "Somebody spoke to " + mind->who->name + ".", reply.sequence());
  set_intent(turn, *mind, "talk", "talks with " + command.player(), command.player() + " spoke to them",
             "reflex", "talks with somebody");
  add_line(turn, *mind, command.player(), command.player(), command.text());
  save(turn, *mind);
  return reply;
}

Result<pb::NpcTalkEnded> NpcService::talk_end(Turn& turn, const Caller& caller,
                                              const pb::NpcTalkEnd& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  TRY(Mind * mind, find(command.npc()));
  const std::string& player = command.player();
  const auto now = turn.now().ms;
  const auto place = npc::place_now(pack_, mind->record, now);
  auto decision = command.decision();
  decision.set_reason(player + " said: " + mind->conversations[player].back().text);
  pb::DialogueEnded event;
  event.set_npc(command.npc());
  event.set_player(player);
  event.set_text(command.text());
  event.set_tier(decision.tier());
  event.set_deadline_met(decision.deadline_met());
  event.set_decision("d-" + std::to_string(turn.next_sequence()));
  decision.set_event_sequence(turn.emit_caused_by(
      command.begun(), event, {.subject = command.npc(), .place = place, .priority = pb::PRIORITY_HIGH}));
  pb::NpcTalkEnded reply;
  reply.set_sequence(decision.event_sequence());

  // The line it answers, for the memory of it.
  std::string asked;
  for (const auto& line : mind->conversations[player]) {
    if (line.who == player) asked = line.text;
  }
  add_line(turn, *mind, player, command.npc(), command.text());
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
  std::vector<std::string> witnesses = {player_key(player), command.npc()};
  (void)remember(
      turn, *mind,
      {.text = player + " asked " + mind->who->name + ": \"" + std::string(utf8_prefix(asked, 300)) + "\" " +
               mind->who->name + " answered: \"" + std::string(utf8_prefix(command.text(), 300)) + "\"",
       .at_ms = now,
       .place = place,
       .witnesses = witnesses,
       .source = "said",
       .importance = .6});
  save(turn, *mind);
  return reply;
}

}  // namespace troupe

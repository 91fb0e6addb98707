#include "services/capabilities/capabilities_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/capabilities/verb_text.h"

namespace troupe {

using capabilities::Judged;
using pack::ActorKind;

namespace {

capabilities::Args args_of(const pb::Action& action) { return {action.args().begin(), action.args().end()}; }

pb::Verdict refusal(const Error& why) {
  pb::Verdict verdict;
  verdict.set_reason(why.reason);
  verdict.set_message(why.message);
  return verdict;
}

// As whoever stands by sees it: which fact is told is said only where it is public.
pb::Action action_of(const pack::Pack& pack, const capabilities::Bound& bound) {
  pb::Action action;
  action.set_verb(bound.verb->id.str());
  for (const auto& param : bound.verb->params) {
    const auto given = bound.args.find(param.name);
    if (given == bound.args.end()) continue;
    const auto* fact = param.type == pack::ParamType::fact ? pack.fact(given->second) : nullptr;
    if (param.type == pack::ParamType::fact && (fact == nullptr || !fact->is_public)) continue;
    (*action.mutable_args())[param.name] = given->second;
  }
  return action;
}

std::string game_span_text(std::int64_t ms) {
  const auto minutes = std::max<std::int64_t>(1, (ms + 59'999) / 60'000);
  if (minutes < 60) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

// The players who take part, wherever their documents say they are.
std::vector<std::string> players_in(const capabilities::Bound& bound, const capabilities::Person& actor) {
  std::vector<std::string> players;
  const auto add = [&](const capabilities::Person& person) {
    if (person.kind == ActorKind::player) players.push_back(person.id);
  };
  add(actor);
  for (const auto& [name, person] : bound.people) add(*person);
  return players;
}

pb::VerbInfo info_of(const pack::Pack& pack, const pack::Verb& verb) {
  pb::VerbInfo info;
  info.set_id(verb.id.str());
  info.set_text(verb.text);
  for (const auto& param : verb.params) {
    auto& out = *info.add_params();
    out.set_name(param.name);
    out.set_type(std::string(name_of(param.type)));
    out.set_feature_kind(param.feature_kind);
    out.set_required(param.required);
  }
  for (const auto& condition : verb.preconditions)
    info.add_preconditions(capabilities::describe(pack, condition));
  for (const auto& effect : verb.effects) info.add_effects(capabilities::describe(pack, effect));
  info.set_duration_minutes(verb.duration_minutes);
  info.set_asks(verb.asks);
  for (const ActorKind who : verb.who) info.add_who(std::string(name_of(who)));
  return info;
}

}  // namespace

CapabilitiesService::CapabilitiesService(const pack::Pack& pack, Host& host,
                                         const capabilities::Limits& limits)
    : pack_(pack),
      host_(host),
      limits_(limits),
      reader_(pack, host, limits),
      registered_engines_(host.timeline()),
      registered_features_(host.timeline()),
      engines_(registered_engines_.rows(), registered_features_.rows(), limits),
      busy_(host.timeline()),
      offers_(host.timeline(), limits) {}

void CapabilitiesService::mount() {
  host_.serve(&CapabilitiesService::verbs, this);
  host_.serve(&CapabilitiesService::legal, this);
  host_.serve(&CapabilitiesService::check, this);
  host_.serve(&CapabilitiesService::grammar, this);
  host_.serve(&CapabilitiesService::execute, this);
  mount_engines();
  mount_offers();
}

// A player acts as themselves, an NPC too; who acts for others names an actor.
Result<CapabilitiesService::Actor> CapabilitiesService::actor_of(const Caller& caller,
                                                                 const std::string& kind,
                                                                 const std::string& id) const {
  Actor actor{ActorKind::player, id};
  if (!kind.empty()) {
    actor.kind = kind == "npc" ? ActorKind::npc : ActorKind::player;
  } else if (caller.role == pb::ROLE_NPC || (!id.empty() && pack_.npc(id) != nullptr)) {
    actor.kind = ActorKind::npc;
  }
  if (!caller.acts_for_others()) {
    const ActorKind own = caller.role == pb::ROLE_NPC ? ActorKind::npc : ActorKind::player;
    if (kind.empty()) actor.kind = own;
    if (actor.kind != own || (!id.empty() && id != caller.name)) {
      return fail(Code::permission_denied, "capabilities.not_you",
                  "'" + caller.name + "' acts for nobody else");
    }
    actor.id = caller.name;
  }
  if (actor.id.empty())
    return fail(Code::invalid_argument, "capabilities.no_actor", "who does it: 'actor' is missing");
  if (actor.kind == ActorKind::npc && pack_.npc(actor.id) == nullptr) {
    return fail(Code::not_found, "npc.unknown",
                "no NPC '" + actor.id + "' here" + did_you_mean(actor.id, pack_.npc_ids()));
  }
  const bool control = std::ranges::any_of(actor.id, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (actor.id.size() > limits_.name_bytes_max || control) {
    return fail(
        Code::invalid_argument, "capabilities.bad_actor",
        fmt::format("a player's name has 1 to {} bytes and no control characters", limits_.name_bytes_max));
  }
  return actor;
}

// What is larger than any action goes nowhere, not even into the log.
Result<void> CapabilitiesService::check_bounds(const pb::Action& action) const {
  const auto too_long = [&](const std::string& text) { return text.size() > limits_.arg_bytes_max; };
  const bool large = too_long(action.verb()) || action.args().size() > limits_.args_max ||
                     std::ranges::any_of(action.args(), [&](const auto& arg) {
                       return too_long(arg.first) || too_long(arg.second);
                     });
  if (!large) return {};
  return fail(Code::invalid_argument, "capabilities.too_large",
              fmt::format("an action has at most {} arguments of at most {} bytes", limits_.args_max,
                          limits_.arg_bytes_max));
}

std::vector<const pack::Verb*> CapabilitiesService::verbs_of(ActorKind kind) const {
  std::vector<const pack::Verb*> verbs;
  for (const auto& verb : pack_.verbs) {
    if (std::ranges::find(verb.who, kind) != verb.who.end()) verbs.push_back(&verb);
  }
  return verbs;
}

Result<pb::CapabilitiesVerbsReply> CapabilitiesService::verbs(const Caller&,
                                                              const pb::CapabilitiesVerbsRequest&) const {
  pb::CapabilitiesVerbsReply reply;
  for (const auto& verb : pack_.verbs) *reply.add_verbs() = info_of(pack_, verb);
  return reply;
}

Result<pb::CapabilitiesLegalReply> CapabilitiesService::legal(
    const Caller& caller, const pb::CapabilitiesLegalRequest& request) const {
  const auto limit =
      request.limit() == 0 ? limits_.options_default : static_cast<std::size_t>(request.limit());
  TRY(const Actor actor, actor_of(caller, request.kind(), request.actor()));
  pb::CapabilitiesLegalReply reply;
  if (const auto left = actor.kind == ActorKind::player ? left_ms(actor, "") : 0; left > 0) {
    reply.set_left_ms(left);
    return reply;
  }
  TRY(auto around, reader_.read(caller, actor.kind, actor.id, verbs_of(actor.kind), {}));
  if (request.as_if_paid()) {
    for (auto& person : around.people) person.money = std::max(person.money, limits_.money_enough);
  }
  const auto whom = std::ranges::find_if(around.people, [&](const auto& person) {
    return capabilities::key_of(person.kind, person.id) == request.towards();
  });
  const auto towards = whom == around.people.end() ? std::string() : capabilities::token(pack_, *whom);
  for (const auto& option : capabilities::legal_options(pack_, around, limit, limits_, towards)) {
    if (left_ms(actor, option.verb->id.str()) > 0) continue;
    auto& out = *reply.add_options();
    out.mutable_action()->set_verb(option.verb->id.str());
    for (const auto& [name, value] : option.args) (*out.mutable_action()->mutable_args())[name] = value;
    out.set_text(option.text);
  }
  return reply;
}

Result<pb::CapabilitiesGrammarReply> CapabilitiesService::grammar(
    const Caller& caller, const pb::CapabilitiesGrammarRequest& request) const {
  TRY(const Actor actor, actor_of(caller, request.kind(), request.actor()));
  TRY(const auto around, reader_.read(caller, actor.kind, actor.id, verbs_of(actor.kind), {}));
  pb::CapabilitiesGrammarReply reply;
  reply.set_json_schema(capabilities::grammar(pack_, around, limits_));
  return reply;
}

Result<CapabilitiesService::Trial> CapabilitiesService::attempt(const Caller& caller, const Actor& actor,
                                                                const pb::Action& action) const {
  const auto args = args_of(action);
  const auto verb = capabilities::find_verb(pack_, action.verb());
  std::vector<const pack::Verb*> needed;
  if (verb) needed.push_back(*verb);
  TRY(auto around, reader_.read(caller, actor.kind, actor.id, needed, args));
  if (!verb) return Trial{std::move(around), std::unexpected(verb.error())};
  // In two steps: what is judged points into the surroundings that the trial keeps.
  Trial trial{std::move(around), std::unexpected(Error{})};
  trial.judged = capabilities::judge(pack_, **verb, args, trial.around, limits_);
  return trial;
}

Result<pb::Verdict> CapabilitiesService::check(const Caller& caller,
                                               const pb::CapabilitiesCheckRequest& request) const {
  TRY(const Actor actor, actor_of(caller, request.kind(), request.actor()));
  TRY_VOID(check_bounds(request.action()));
  TRY(const Trial trial, attempt(caller, actor, request.action()));
  if (!trial.judged) return refusal(trial.judged.error());
  if (const auto free = check_free(actor, request.action().verb()); !free) {
    pb::Verdict verdict = refusal(free.error());
    verdict.set_left_ms(left_ms(actor, request.action().verb()));
    return verdict;
  }
  pb::Verdict verdict;
  verdict.set_allowed(true);
  verdict.set_duration_minutes(trial.judged->bound.verb->duration_minutes);
  verdict.mutable_asks()->Assign(trial.judged->asks.begin(), trial.judged->asks.end());
  return verdict;
}

std::int64_t CapabilitiesService::left_ms(const Actor& actor, const std::string& verb) const {
  const auto now = host_.timeline().now();
  const auto* deed = busy_.with(actor.kind, capabilities::key_of(actor.kind, actor.id), verb, now);
  return deed == nullptr ? 0 : deed->until_ms() - now.ms;
}

// An error and no verdict: it leaves nothing in the log, however often it is tried.
Result<void> CapabilitiesService::check_free(const Actor& actor, const std::string& verb) const {
  const auto& timeline = host_.timeline();
  const auto now = timeline.now();
  const auto* deed = busy_.with(actor.kind, capabilities::key_of(actor.kind, actor.id), verb, now);
  if (deed == nullptr) return {};
  const auto left = deed->until_ms() - now.ms;
  Error error{
      Code::conflict, "verb.busy",
      fmt::format("{} is busy with '{}' for another {}", actor.id, deed->verb(), game_span_text(left))};
  if (timeline.clock().running()) error.retry_after_ms = 1 + timeline.clock().real_of({left}).count();
  return std::unexpected(std::move(error));
}

Result<pb::Verdict> CapabilitiesService::execute(Turn& turn, const Caller& caller,
                                                 const pb::CapabilitiesExecuteRequest& request) {
  TRY(const Actor actor, actor_of(caller, request.kind(), request.actor()));
  TRY_VOID(check_bounds(request.action()));
  TRY_VOID(check_free(actor, request.action().verb()));
  TRY(const Trial trial, attempt(caller, actor, request.action()));
  if (!trial.judged)
    return refuse(turn, actor, request.action(), trial.judged.error(), trial.around.actor.place);
  if (!trial.judged->asks.empty()) return offer(turn, actor, trial);
  return carry_out(turn, caller, actor, trial);
}

pb::Verdict CapabilitiesService::refuse(Turn& turn, const Actor& actor, const pb::Action& action,
                                        const Error& why, const std::string& place) const {
  pb::VerbRefused event;
  event.set_kind(std::string(name_of(actor.kind)));
  event.set_actor(actor.id);
  *event.mutable_action() = action;
  event.set_reason(why.reason);
  event.set_message(why.message);
  const auto sequence = turn.emit(event, {.subject = actor.id, .place = place, .priority = pb::PRIORITY_LOW});
  pb::Verdict verdict = refusal(why);
  verdict.set_event_id(event_log::event_id(turn.world(), sequence));
  return verdict;
}

// What a player is told is theirs alone to know: an event of its own, beside the one that everybody there
// sees.
void CapabilitiesService::hear(Turn& turn, const Actor& actor, const Judged& judged,
                               std::uint64_t cause) const {
  constexpr std::string_view kPlayer = "player:";
  for (const auto& [id, to] : judged.outcome.told) {
    const auto* fact = pack_.fact(id);
    if (fact == nullptr || !to.starts_with(kPlayer)) continue;
    pb::FactHeard event;
    event.set_player(to.substr(kPlayer.size()));
    event.set_from(actor.id);
    event.set_fact(id);
    event.set_text(fact->text);
    turn.emit_caused_by(cause, event, {.subject = actor.id});
  }
}

Result<pb::Verdict> CapabilitiesService::carry_out(Turn& turn, const Caller& caller, const Actor& actor,
                                                   const Trial& trial) {
  const Judged& judged = *trial.judged;
  const auto changes = capabilities::changes_of(trial.around, judged.outcome);
  if (changes.changes_size() > 0) {
    const Caller self{
        .role = pb::ROLE_SERVICE, .world = caller.world, .deadline = caller.deadline, .trace = caller.trace};
    TRY_VOID(
        turn.call<pb::StateBatchReply>(self, changes));  // all or none: an error here has changed nothing
  }
  const auto span = game_minutes(judged.bound.verb->duration_minutes);
  busy_.begin(turn, actor.kind, capabilities::key_of(actor.kind, actor.id), judged.bound.verb->id.str(),
              turn.now() + span);
  pb::VerbExecuted event;
  event.set_kind(std::string(name_of(actor.kind)));
  event.set_actor(actor.id);
  *event.mutable_action() = action_of(pack_, judged.bound);
  event.set_text(capabilities::deed_text(pack_, judged.bound, trial.around));
  event.set_moved_to(judged.outcome.moved_to);
  for (const auto& shift : judged.outcome.relations) {
    auto& out = *event.add_relations();
    out.set_npc(shift.npc);
    out.set_towards(shift.towards);
    out.set_feeling(shift.feeling);
    out.set_by(shift.by);
  }
  for (const auto& [fact, to] : judged.outcome.told) {
    auto& out = *event.add_told();
    out.set_fact(fact);
    out.set_to(to);
  }
  for (const auto& name : judged.outcome.raised) event.add_raised(name);
  const auto sequence =
      turn.emit(event, {.subject = actor.id,
                        .place = trial.around.actor.place,
                        .audience = Audience::at_place(players_in(judged.bound, trial.around.actor))});
  hear(turn, actor, judged, sequence);
  pb::Verdict verdict;
  verdict.set_allowed(true);
  verdict.set_event_id(event_log::event_id(turn.world(), sequence));
  verdict.set_duration_minutes(judged.bound.verb->duration_minutes);
  verdict.set_left_ms(span.ms);
  verdict.set_doing(capabilities::doing_text(pack_, judged.bound, capabilities::FactText::hidden));
  return verdict;
}

}  // namespace troupe

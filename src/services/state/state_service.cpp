#include "services/state/state_service.h"

#include <fmt/format.h>

#include "base/text.h"
#include "host/pack_change.h"
#include "services/state/state_pack.h"
#include "troupe/v1/events.pb.h"

namespace troupe {

using state::Document;
using state::Key;
using state::key_of;
using state::live;

namespace {

pb::StateDocument view(const Document& document, const google::protobuf::Struct& content) {
  pb::StateDocument made;
  made.set_kind(document.kind());
  made.set_id(document.id());
  made.set_version(document.version());
  *made.mutable_document() = content;
  made.set_changed_ms(document.changed_ms());
  made.set_deleted(document.deleted());
  return made;
}

Document deleted_after(Document document) {
  document.set_version(document.version() + 1);
  document.set_deleted(true);
  return document;
}

constexpr std::int64_t kHourMs = 3'600'000;

// What a caller may see of a document: all of it, or only where somebody is.
enum class Sight { none, place, all };
Sight sight_of(const Caller& caller, const Key& key) {
  if (caller.role != pb::ROLE_PLAYER && caller.role != pb::ROLE_NPC) return Sight::all;
  if (key.kind == "feature" || key.kind == state::kPile) return Sight::all;
  const bool own = key.id == caller.name && key.kind == (caller.role == pb::ROLE_PLAYER ? "player" : "npc");
  if (own) return Sight::all;
  return key.kind == "npc" ? Sight::place : Sight::none;
}

// 0 = no condition. `live` is the version now, 0 where there is no such document.
Result<void> expect_version(const Key& key, std::uint64_t wanted, std::uint64_t live) {
  if (wanted == live) return {};
  const std::string expected = wanted == 0 ? "you expected none" : fmt::format("you read {}", wanted);
  const std::string now =
      live == 0 ? "it does not exist, now at version 0" : fmt::format("now at version {}", live);
  return std::unexpected(Error{.code = Code::conflict,
                               .reason = "state.version",
                               .message = fmt::format("{}: {}; {}", describe(key), now, expected),
                               .current_version = live});
}

}  // namespace

StateService::StateService(const pack::Pack& pack, Host& host, const state::Limits& limits)
    : pack_(pack),
      host_(host),
      limits_(limits),
      image_(host.timeline(), limits),
      documents_(host.metrics().gauge("troupe_state_documents", "Documents held")),
      reads_(host.metrics().counter("troupe_state_reads_total", "Documents read")),
      hit_ratio_(
          host.metrics().gauge("troupe_state_cache_hit_ratio", "Share of reads that needed no decoding")) {}

void StateService::mount() {
  auto& timeline = host_.timeline();
  timeline.on_loaded([this] { measure(); });
  // Where players are is what their documents say, for verbs and for what they perceive.
  timeline.set_witnesses([this](const std::string& place) { return image_.players_at(place); });
  timeline.add_genesis("state", [this](Turn& turn) { genesis(turn); });
  timeline.add_pack_hook(
      "state", [this](Turn& turn, const pb::PackChanged& change) { on_pack_changed(turn, change); });
  timeline.add_timer_handler("state", [this](Turn& turn, const std::string&, const std::string&) {
    wear_off(turn);
    wear_next(turn);
  });
  // A world that is older than what its pack says of wear begins with it here.
  host_.on(&StateService::on_phase, this);
  host_.serve(&StateService::get, this);
  host_.serve(&StateService::query, this);
  host_.serve(&StateService::put, this);
  host_.serve(&StateService::patch, this);
  host_.serve(&StateService::remove, this);
  host_.serve(&StateService::batch, this);
  host_.serve(&StateService::depart, this);
}

void StateService::measure() const {
  documents_.set(static_cast<double>(image_.live_count()));
  if (image_.reads() > 0)
    hit_ratio_.set(static_cast<double>(image_.hits()) / static_cast<double>(image_.reads()));
}

Error StateService::unknown(const Key& key) const {
  return {Code::not_found, "state.unknown",
          "no " + describe(key) + " here" + did_you_mean(key.id, image_.ids(key.kind))};
}

Result<pb::StateDocument> StateService::get(const Caller& caller, const pb::StateGetRequest& request) const {
  const Key key{request.kind(), request.id()};
  const Sight sight = sight_of(caller, key);
  if (sight == Sight::none) {
    return fail(Code::permission_denied, "state.not_yours",
                "'" + caller.name + "' may read their own document, things, and where people are");
  }
  const Document* document = image_.find(key);
  if (!live(document)) return std::unexpected(unknown(key));
  const auto content = image_.decoded(*document);
  reads_.add();
  measure();
  return view(*document, sight == Sight::all ? *content : state::only(*content, {"place"}));
}

Result<pb::StateQueryReply> StateService::query(const Caller&, const pb::StateQueryRequest& request) const {
  state::Filter filter{request.kind(), request.player(), request.place(), request.tag(), {}};
  if (!request.after_id().empty()) {
    filter.after = {request.kind(), request.after_id()};
    if (request.kind().empty()) {  // of several kinds, an id alone is no position
      const auto slash = request.after_id().find('/');
      if (slash == std::string::npos) {
        return fail(Code::invalid_argument, "state.bad_limit",
                    "after_id is 'kind/id' where no kind is asked for");
      }
      filter.after = {request.after_id().substr(0, slash), request.after_id().substr(slash + 1)};
    }
  }
  const auto limit = request.limit() == 0 ? limits_.page_default : static_cast<std::size_t>(request.limit());
  pb::StateQueryReply reply;
  for (const Key& key : image_.query(filter, limit)) {
    const Document& document = *image_.find(key);
    *reply.add_documents() = view(document, *image_.decoded(document));
    reads_.add();
  }
  measure();
  return reply;
}

Result<pb::StateDocument> StateService::put(Turn& turn, const Caller& caller,
                                            const pb::StatePutRequest& request) {
  return change(turn, caller, request);
}
Result<pb::StateDocument> StateService::patch(Turn& turn, const Caller& caller,
                                              const pb::StatePatchRequest& request) {
  return change(turn, caller, request);
}
Result<pb::StateDocument> StateService::remove(Turn& turn, const Caller& caller,
                                               const pb::StateDeleteRequest& request) {
  return change(turn, caller, request);
}

template <class Request>
Result<pb::StateDocument> StateService::change(Turn& turn, const Caller& caller, const Request& request) {
  Staging staging = begin(turn, caller);
  TRY_VOID(stage(staging, request));
  apply(turn, staging);
  return std::move(staging.replies[0]);
}

Result<pb::StateBatchReply> StateService::batch(Turn& turn, const Caller& caller,
                                                const pb::StateBatchRequest& request) {
  const auto count = static_cast<std::size_t>(request.changes_size());
  Staging staging = begin(turn, caller);
  for (int i = 0; i < request.changes_size(); ++i) {
    if (auto done = stage(staging, request.changes(i)); !done) {
      Error error = std::move(done).error();
      error.message = fmt::format("change {} of {}: {}", i + 1, count, error.message);
      return std::unexpected(std::move(error));
    }
  }
  // Before anything is done: what was done and then could not be said would look like a failure.
  pb::StateBatchReply reply;
  for (auto& document : staging.replies) *reply.add_documents() = std::move(document);
  if (const std::size_t bytes = reply.ByteSizeLong(); bytes > limits_.reply_bytes_max) {
    return fail(Code::invalid_argument, "state.batch_too_large",
                fmt::format("the documents after these {} changes have {} bytes; a batch answers at most {}: "
                            "make several of it",
                            count, bytes, limits_.reply_bytes_max));
  }
  apply(turn, staging);
  return reply;
}

StateService::Staging StateService::begin(const Turn& turn, const Caller& caller) const {
  Staging staging;
  staging.by_owner = caller.role == pb::ROLE_SERVICE;
  staging.live = image_.live_count();
  staging.now_ms = turn.now().ms;
  return staging;
}

const Document* StateService::seen(const Staging& staging, const Key& key) const {
  const auto found = staging.documents.find(key);
  return found != staging.documents.end() ? &found->second : image_.find(key);
}

void StateService::enter(Staging& staging, Document document) const {
  const auto key = key_of(document);
  document.set_changed_ms(staging.now_ms);
  if (!staging.documents.contains(key)) staging.order.push_back(key);
  staging.replies.push_back(view(document, state::decode(document.document())));
  staging.documents[key] = std::move(document);
}

void StateService::enter(Staging& staging, const Key& key, std::string text,
                         const state::Members& members) const {
  const Document* present = seen(staging, key);
  Document next;
  next.set_kind(key.kind);
  next.set_id(key.id);
  next.set_version((present == nullptr ? 0 : present->version()) + 1);
  next.set_document(std::move(text));
  next.set_place(members.place);
  next.set_player(members.player);
  next.mutable_tags()->Add(members.tags.begin(), members.tags.end());
  if (!live(present)) ++staging.live;
  enter(staging, std::move(next));
}

void StateService::mark_deleted(Staging& staging, const Key& key) const {
  --staging.live;
  enter(staging, deleted_after(*seen(staging, key)));
}

// `text` becomes the document's next version, unless it says what the present one says.
Result<void> StateService::replace(Staging& staging, const Key& key, std::string text) const {
  TRY(const state::Members members, members_of(key, text, pack_, limits_));
  const Document* present = seen(staging, key);
  if (live(present) && present->document() == text) {
    staging.replies.push_back(view(*present, state::decode(text)));
    return {};
  }
  if (!live(present) && staging.live >= limits_.documents_max) {
    return fail(Code::exhausted, "state.full",
                fmt::format("the world holds {} documents already; delete some", limits_.documents_max));
  }
  enter(staging, key, std::move(text), members);
  return {};
}

Result<void> StateService::stage(Staging& staging, const pb::StatePutRequest& request) const {
  const Key key{request.kind(), request.id()};
  TRY_VOID(check_key(key, limits_));
  const Document* present = seen(staging, key);
  const bool gone = present != nullptr && present->deleted();
  // Who read a document before it was deleted lost the race; who knows of the deletion may bring it back.
  if (!(gone && request.version() == present->version())) {
    TRY_VOID(expect_version(key, request.version(), live(present) ? present->version() : 0));
  }
  const std::string before = live(present) ? present->document() : std::string();
  if (!staging.by_owner) TRY_VOID(state::check_owned(key, before, request.document()));
  TRY(std::string text, state::canonical(request.document(), limits_));
  if (!staging.by_owner) {
    text = state::keep_owned(key, before, text);
    TRY_VOID(state::check_of_pack(key, text, pack_));
  }
  return replace(staging, key, std::move(text));
}

Result<void> StateService::stage(Staging& staging, const pb::StatePatchRequest& request) const {
  const Key key{request.kind(), request.id()};
  TRY_VOID(check_key(key, limits_));
  const Document* present = seen(staging, key);
  if (!live(present)) return std::unexpected(unknown(key));
  if (request.version() != 0) TRY_VOID(expect_version(key, request.version(), present->version()));
  if (!staging.by_owner) TRY_VOID(state::check_owned(key, present->document(), request.patch()));
  TRY(std::string text, state::merged(present->document(), request.patch(), limits_));
  if (!staging.by_owner) TRY_VOID(state::check_of_pack(key, text, pack_));
  return replace(staging, key, std::move(text));
}

Result<void> StateService::stage(Staging& staging, const pb::StateDeleteRequest& request) const {
  const Key key{request.kind(), request.id()};
  TRY_VOID(check_key(key, limits_));
  const Document* present = seen(staging, key);
  if (!live(present)) return std::unexpected(unknown(key));
  if (request.version() != 0) TRY_VOID(expect_version(key, request.version(), present->version()));
  if (const auto method = state::owner_of_end(key); !staging.by_owner && !method.empty()) {
    return fail(Code::permission_denied, "state.owned",
                fmt::format("{} goes by {}, which tells everybody", describe(key), method));
  }
  if (!staging.by_owner && key.kind == "feature" && pack_.feature(key.id) != nullptr) {
    return fail(Code::permission_denied, "state.owned", describe(key) + " comes and goes with the pack");
  }
  mark_deleted(staging, key);
  return {};
}

Result<void> StateService::stage(Staging& staging, const pb::StateBatchRequest::Change& change) const {
  switch (change.change_case()) {
    case pb::StateBatchRequest::Change::kPut:
      return stage(staging, change.put());
    case pb::StateBatchRequest::Change::kPatch:
      return stage(staging, change.patch());
    case pb::StateBatchRequest::Change::kDelete:
      return stage(staging, change.delete_());
    case pb::StateBatchRequest::Change::CHANGE_NOT_SET:
      break;
  }
  return fail(Code::invalid_argument, "state.bad_batch", "expected put, patch or delete");
}

void StateService::wear_next(Turn& turn) const {
  if (pack_.wears.empty()) return;
  turn.schedule("state", "wear", GameTime{(turn.now().ms / kHourMs + 1) * kHourMs});
}

void StateService::on_phase(Turn& turn, const EventContext&, const pb::PhaseChanged&) { wear_next(turn); }

void StateService::wear_off(Turn& turn) {
  Staging staging = begin(turn, Caller{.role = pb::ROLE_SERVICE});
  for (const auto& wear : pack_.wears) wear_off(turn, wear, staging);
  apply(turn, staging);
}

// Each thing at an hour of its own, so that the lamps of a town do not go out together.
void StateService::wear_off(const Turn& turn, const pack::Wear& wear, Staging& staging) const {
  const auto hour = static_cast<std::uint64_t>(turn.now().ms / kHourMs);
  const auto every = static_cast<std::uint64_t>(wear.hours);
  const bool people = wear.of == "npc";
  state::Filter filter{.kind = people ? "npc" : "feature"};
  for (auto page = image_.query(filter, limits_.page_max); !page.empty();
       page = image_.query(filter, limits_.page_max)) {
    for (const Key& key : page) {
      if ((hour + turn.draw("state.wear", key.id + "." + wear.key).below(every, 0)) % every != 0) continue;
      const Document* present = seen(staging, key);
      if (!people) {
        const auto content = state::decode(present->document());
        const auto kind = content.fields().find("kind");
        if (kind == content.fields().end() || kind->second.string_value() != wear.of) continue;
      }
      // What a full world cannot keep stays as it is.
      if (auto text = state::worn(present->document(), wear)) (void)replace(staging, key, *std::move(text));
    }
    filter.after = page.back();
  }
}

void StateService::keep(Turn& turn, Document after, const std::string& gone_because) {
  const Document* old = image_.find(key_of(after));
  emit(turn, live(old) ? old->document() : std::string(), after, gone_because);
  image_.put(turn, std::move(after));
}

void StateService::apply(Turn& turn, Staging& staging) {
  static const std::string kDeleted = "its document was deleted";
  for (const Key& key : staging.order) {
    const auto reason = staging.gone_because.find(key);
    keep(turn, std::move(staging.documents.at(key)),
         reason == staging.gone_because.end() ? kDeleted : reason->second);
  }
  // Names cost nothing for long: whoever came, has nothing and did nothing since makes room for others.
  while (const auto* newcomer = image_.newcomer_too_many()) {
    Document gone = deleted_after(*newcomer);
    gone.set_changed_ms(staging.now_ms);
    keep(turn, std::move(gone), kDeleted);
  }
  image_.forget_oldest(turn);
  measure();
}

void StateService::emit(Turn& turn, const std::string& before, const Document& after,
                        const std::string& gone_because) const {
  const auto key = key_of(after);
  const auto keys = state::changed_keys(before, after.deleted() ? std::string() : after.document());
  EmitOptions options{.subject = key.id, .place = after.place()};
  const auto fill = [&](auto event) {
    event.set_version(after.version());
    for (const auto& name : keys) event.add_keys(name);
    return event;
  };
  if (key.kind == "player") {
    auto event = fill(pb::PlayerStateChanged());
    event.set_player(key.id);
    turn.emit(event, options);
  } else if (key.kind == "npc") {
    auto event = fill(pb::NpcStateChanged());
    event.set_npc(key.id);
    turn.emit(event, options);
  } else {
    // Of features whoever is there sees it; what a game keeps besides is for operators, as state.Get says.
    options.audience = key.kind == "feature" ? Audience::by_type() : Audience::operators();
    auto event = fill(pb::EntityStateChanged());
    event.set_kind(key.kind);
    event.set_id(key.id);
    if (key.kind == "feature" && !after.deleted())
      *event.mutable_changed() = state::only(state::decode(after.document()), keys);
    turn.emit(event, options);
  }
  if (!after.deleted()) return;
  pb::EntityGone gone;
  gone.set_kind(key.kind);
  gone.set_id(key.id);
  gone.set_reason(gone_because);
  if (after.place().empty()) options.audience = Audience::operators();
  turn.emit(gone, options);
}

}  // namespace troupe

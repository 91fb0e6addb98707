#include "services/world/history.h"

#include "base/text.h"
#include "host/json.h"
#include "troupe/v1/npc.pb.h"

namespace troupe::world {

namespace {

// The message as a JSON object, for people and tools.
void to_struct(const google::protobuf::Message& message, google::protobuf::Struct& out) {
  (void)from_json(to_json(message), out);
}

std::string clock_text(GameTime at) {
  const auto minute = at.ms / 60'000 % 1440;
  return fmt::format("day {} {:02}:{:02}", at.ms / 86'400'000 + 1, minute / 60, minute % 60);
}

}  // namespace

void History::mount() {
  host_.serve(&History::why, this);
  host_.serve(&History::verify, this);
}

Task<pb::WorldWhyReply::Link> History::link(Caller caller, pb::Envelope event) {
  pb::WorldWhyReply::Link out;
  out.set_event_id(event_log::event_id(event.world(), event.sequence()));
  out.set_type(event.type());
  out.set_subject(event.subject());
  out.set_at_ms(event.game_ms());
  out.set_clock(clock_text(GameTime{event.game_ms()}));
  out.set_text(out.clock() + "  " + event.type() + (event.subject().empty() ? "" : " of " + event.subject()));
  const auto type = find_event_type(event.type());
  const auto message =
      new_message(type ? (*type)->message : google::protobuf::Struct::descriptor());  // or a game's own
  if (!message->ParseFromString(event.payload())) co_return out;
  to_struct(*message, *out.mutable_payload());
  const auto* field = message->GetDescriptor()->FindFieldByName("decision");
  if (field != nullptr && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    pb::NpcDecisionRequest ask;
    ask.set_id(message->GetReflection()->GetString(*message, field));
    Caller self = caller;
    self.role = pb::ROLE_SERVICE;
    // Decisions may be older than what is kept; the chain stands without them.
    if (const auto decision = co_await host_.call<pb::Decision>(self, ask))
      to_struct(*decision, *out.mutable_decision());
  }
  co_return out;
}

Task<pb::WorldWhyReply> History::why(Caller caller, pb::WorldWhyRequest request) {
  CO_TRY(std::uint64_t sequence, event_log::sequence_of(host_.timeline().config().world, request.event_id()));
  pb::WorldWhyReply reply;
  std::size_t bytes = 0;
  while (sequence != 0 && static_cast<std::size_t>(reply.chain_size()) < limits_.chain_max &&
         bytes < limits_.chain_bytes_max) {
    const auto event = std::make_shared<std::optional<EventRecord>>();
    const auto input = std::make_shared<std::optional<InputRecord>>();
    CO_TRY_VOID(
        co_await host_.timeline().db().read([event, input, sequence](db::Reader& reader) -> Result<void> {
          TRY(*event, event_log::event(reader, sequence));
          if (*event && (*event)->cause == 0 && (*event)->input != 0) {
            TRY(*input, event_log::input(reader, (*event)->input));
          }
          return {};
        }));
    std::optional<Shown> shown;
    if (*event) shown.emplace(event_log::to_envelope(**event, host_.timeline().config().world));
    const auto* seen = shown ? shown->to(caller.role, caller.name) : nullptr;
    if (seen == nullptr) {
      if (reply.chain_size() > 0) break;
      co_return fail(
          Code::not_found, "events.unknown",
          "no event '" + request.event_id() + "'; the last is '" +
              event_log::event_id(host_.timeline().config().world, host_.timeline().tail().events) + "'");
    }
    CO_TRY(auto made, co_await link(caller, *seen));
    if (*input) {
      auto& fields = *made.mutable_input()->mutable_fields();
      fields["sequence"].set_number_value(static_cast<double>((*input)->sequence));
      fields["type"].set_string_value((*input)->type);
      fields["caller"].set_string_value((*input)->caller);
      fields["role"].set_string_value(role_name(static_cast<pb::Role>((*input)->role)));
      fields["wall_ms"].set_number_value(static_cast<double>((*input)->wall_ms));
    }
    bytes += made.ByteSizeLong();
    *reply.add_chain() = std::move(made);
    sequence = (*event)->cause;
  }
  co_return reply;
}

Task<pb::WorldVerifyReply> History::verify(Caller, pb::WorldVerifyRequest) {
  const auto reply = std::make_shared<pb::WorldVerifyReply>();
  auto* timeline = &host_.timeline();
  CO_TRY_VOID(co_await timeline->db().read([reply, timeline](db::Reader& reader) -> Result<void> {
    const auto tail = event_log::verify(reader);
    if (!tail) {
      reply->set_problem(tail.error().message);
      return {};
    }
    reply->set_events(tail->events);
    reply->set_inputs(tail->inputs);
    reply->set_log_hash(hex(tail->event_chain));
    TRY(const auto hash, timeline->state_hash(reader));
    reply->set_state_hash(hex(hash));
    return {};
  }));
  if (!reply->problem().empty()) co_return *reply;
  // The log vouches for itself; the tables of the state are compared with what was written to them.
  const auto whole = co_await timeline->db().verify();
  if (!whole && whole.error().reason != "db.damaged") co_return std::unexpected(whole.error());
  if (!whole) reply->set_problem(whole.error().message);
  co_return *reply;
}

}  // namespace troupe::world

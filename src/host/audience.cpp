#include "host/audience.h"

#include <algorithm>

namespace troupe {

using google::protobuf::FieldDescriptor;

namespace {

// The player that a message is about, or "": a field `player`, by the contract's naming.
std::string player_in(const google::protobuf::Message& event) {
  const auto* field = event.GetDescriptor()->FindFieldByName("player");
  if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) return {};
  return event.GetReflection()->GetString(event, field);
}

bool hidden(const FieldDescriptor& field) { return field.options().GetExtension(pb::hidden); }

bool has_hidden(const google::protobuf::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (hidden(*message.field(i))) return true;
  }
  return false;
}

}  // namespace

pb::Audience decide_audience(const EventType* type, const google::protobuf::Message& event,
                             const Audience& wanted, const std::string& place, const Witnesses& witnesses) {
  pb::Audience decided;
  std::vector<std::string> players = wanted.players;
  auto kind = wanted.kind;
  if (kind == Audience::Kind::by_type) {
    if (type == nullptr || !type->info.players()) return decided;
    if (auto player = player_in(event); !player.empty()) {
      kind = Audience::Kind::players;
      players = {std::move(player)};
    } else {
      kind = Audience::Kind::place;
    }
  }
  if (kind == Audience::Kind::operators) return decided;
  if (kind == Audience::Kind::everybody || (kind == Audience::Kind::place && place.empty())) {
    decided.set_kind(pb::Audience::EVERYBODY);
    return decided;
  }
  decided.set_kind(pb::Audience::PLAYERS);
  if (kind == Audience::Kind::place && witnesses)
    std::ranges::move(witnesses(place), std::back_inserter(players));
  std::ranges::sort(players);
  const auto repeated = std::ranges::unique(players);
  players.erase(repeated.begin(), repeated.end());
  if (players.size() > kAudienceMax) players.resize(kAudienceMax);
  for (auto& name : players) {
    if (!name.empty()) decided.add_players(std::move(name));
  }
  return decided;
}

bool sees_everything(pb::Role role) {
  return role == pb::ROLE_GAME_SERVER || role == pb::ROLE_DESIGNER || role == pb::ROLE_ADMIN ||
         role == pb::ROLE_SERVICE;
}

bool may_see_type(pb::Role role, const EventType* type) {
  return sees_everything(role) || type == nullptr || type->info.players();
}

const pb::Envelope* Shown::to(pb::Role role, std::string_view name) const {
  if (sees_everything(role)) return &whole_;
  const auto& audience = whole_.audience();
  const bool named = role == pb::ROLE_PLAYER && audience.kind() == pb::Audience::PLAYERS &&
                     std::ranges::binary_search(audience.players(), name);
  if (!named && audience.kind() != pb::Audience::EVERYBODY) return nullptr;
  if (!public_) public_ = public_part(whole_);
  return &*public_;
}

pb::Envelope public_part(const pb::Envelope& envelope) {
  pb::Envelope out = envelope;
  out.clear_audience();
  out.clear_trace();  // of whoever caused it
  const auto type = find_event_type(envelope.type());
  if (!type || !has_hidden(*(*type)->message)) return out;
  const auto message = new_message((*type)->message);
  if (!message->ParseFromString(envelope.payload())) {
    out.clear_payload();
    return out;
  }
  message->GetReflection()->MutableUnknownFields(message.get())->Clear();  // of another build: nobody knows
  const auto* descriptor = message->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    if (hidden(*descriptor->field(i)))
      message->GetReflection()->ClearField(message.get(), descriptor->field(i));
  }
  out.set_payload(stable_bytes(*message));
  return out;
}

}  // namespace troupe

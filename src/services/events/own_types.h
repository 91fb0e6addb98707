#pragma once
// Event types of the game's own: what a declaration may say, and whether a payload fits it. Pure.
#include "host/audience.h"
#include "services/events/event_rules.h"

namespace troupe::events {

using OwnType = pb::EventsRegisterRequest;

// `invalid_argument` events.bad_type saying what is wrong and what would be right; `conflict`
// events.type_taken for a name of the server's.
Result<void> check_own_type(const OwnType& type, const Limits& limits);

// `invalid_argument` events.bad_payload naming the field, and the nearest one.
Result<void> check_own_payload(const OwnType& type, const google::protobuf::Struct& payload,
                               const Limits& limits);

// Who perceives an event of it.
Audience audience_of(const OwnType& type, const google::protobuf::Struct& payload);

pb::EventsTypesReply::Type describe(const OwnType& type);

}  // namespace troupe::events

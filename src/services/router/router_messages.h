#pragma once
// The router's messages and the port's values. Pure.
#include "ports/engine.h"
#include "troupe/v1/router.pb.h"

namespace troupe::router {

namespace pb = troupe::v1;

void fill(pb::RouterUsage& out, const engine::Usage& usage);
void fill(pb::RouterStatusReply::Thought& out, std::string_view engine, const engine::ThoughtView& thought);
void fill(pb::TokenLogprob& out, const engine::TokenLogprob& token);
// Everything but model, caller, deadline and think_again. `invalid_argument` router.bad_role,
// router.no_messages.
Result<engine::GenerateRequest> to_engine(const pb::RouterGenerateRequest& request);

}  // namespace troupe::router

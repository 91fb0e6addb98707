#pragma once
// What is told of an answer: what was asked of the router, and what it used. Pure.
#include <string>
#include <vector>

#include "rt/clock.h"
#include "troupe/v1/ai.pb.h"
#include "troupe/v1/router.pb.h"

namespace troupe::ai {

namespace pb = troupe::v1;

inline std::int64_t micros(rt::nanoseconds span) { return span.count() / 1000; }
void take_usage(pb::Decision& decision, const pb::RouterUsage& usage);
void take_answer(pb::Decision& decision, const pb::RouterGenerateReply& answer);
std::string as_text(const std::vector<pb::ChatMessage>& messages);
pb::RouterGenerateRequest router_request(const pb::AiSpeakRequest& request,
                                         const std::vector<pb::ChatMessage>& messages);

}  // namespace troupe::ai

#pragma once
// How a prompt is put together. Pure. Bounds: PromptLimits, in bytes (about four to a token); what does not
// fit is left out from the least important end.
#include <string>
#include <vector>

#include "pack/prompt_texts.h"
#include "troupe/v1/ai.pb.h"
#include "troupe/v1/router.pb.h"

namespace troupe::ai {

namespace pb = troupe::v1;

struct PromptLimits {
  std::size_t knows_max = 8;
  std::size_t brought_up_max = 3;
  std::size_t memories_max = 4;
  std::size_t turns_max = 8;
  std::size_t line_bytes = 400;  // of one fact, memory or line of the conversation
  std::size_t player_bytes =
      1200;  // of what was said just now: more would push the persona out of a small model's mind
};

// Text that came from outside, as it may stand in a prompt: no control characters, no template tokens, one
// line.
std::string inert(std::string_view text, std::size_t bytes_max);

std::vector<pb::ChatMessage> assemble(const pb::AiContext& context, const pack::PromptWords& words,
                                      const PromptLimits& limits);

// Where a model's answer must end: the next speaker's name, a new paragraph.
std::vector<std::string> stops(const pb::AiContext& context);

// Without "Marta:" in front.
std::string without_name(std::string_view text, const std::string& name);

}  // namespace troupe::ai

#pragma once
// What OpenAI's clients ask, as values. Pure.
#include <string>
#include <string_view>

#include "edge/openai_api.h"
#include "edge/openai_tools.h"

namespace troupe::edge {

inline constexpr int kChoicesMax = 8;  // `n`

struct ParsedChat {
  ChatRequest request;
  ToolUse tools;
  std::string model;  // as the client named it
  int choices = 1;
  bool stream = false;
  bool include_usage = false;
  bool seeded = false;
};
// `tier`: the header's, for a model that is named; null = silver. `invalid_argument` openai.bad_request,
// openai.impossible_schema; openai.unsupported for what this server does not do: refused with its name
// rather than ignored, since the answer would not be what was asked for. What is not OpenAI's is ignored.
Result<ParsedChat> parse_chat(std::string_view body, const std::string* tier = nullptr);

struct ParsedEmbed {
  EmbedRequest request;
  bool base64 = false;
};
Result<ParsedEmbed> parse_embed(std::string_view body);

}  // namespace troupe::edge

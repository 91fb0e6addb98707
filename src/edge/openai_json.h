#pragma once
// OpenAI's JSON to our values and back. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "edge/openai_api.h"

namespace troupe::edge {

struct ParsedChat {
  ChatRequest request;
  std::string model;  // as the client named it
  bool stream = false;
  bool include_usage = false;
  bool seeded = false;
};
// `invalid_argument` openai.bad_request; openai.unsupported for what this server does not do (n > 1, tools,
// ...).
Result<ParsedChat> parse_chat(std::string_view body);

struct ParsedEmbed {
  engine::EmbedRequest request;
  bool base64 = false;
};
Result<ParsedEmbed> parse_embed(std::string_view body);

// What all chunks of one answer share.
struct CompletionHead {
  std::string id;
  std::int64_t created = 0;  // Unix seconds
  std::string model;
};
std::string completion_json(const CompletionHead& head, const engine::GenerateReply& reply);
std::string chunk_role_json(const CompletionHead& head);
std::string chunk_text_json(const CompletionHead& head, std::string_view text);
std::string chunk_end_json(const CompletionHead& head, const engine::GenerateReply& reply);
std::string chunk_usage_json(const CompletionHead& head, const engine::Usage& usage);
std::string embeddings_json(const engine::EmbedReply& reply, bool base64);
std::string models_json(const std::vector<engine::ModelInfo>& models);
// One of models_json's entries, or "".
std::string model_json(const std::vector<engine::ModelInfo>& models, std::string_view name);

std::string openai_error_json(const Error& error);
HttpReply openai_error_reply(const Error& error);

}  // namespace troupe::edge

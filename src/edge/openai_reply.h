#pragma once
// Our values as OpenAI's JSON. Pure.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http_types.h"
#include "edge/openai_tools.h"
#include "ports/engine.h"

namespace troupe::edge {

// What all parts of one answer share.
struct CompletionHead {
  std::string id;
  std::int64_t created = 0;  // Unix seconds
  std::string model;
  bool usage_follows = false;  // of a stream: each chunk says that it has none
  ToolVerdict verdict;
  std::vector<std::string> call_ids;  // one for each choice when a tool is called
};
std::string completion_json(const CompletionHead& head, std::span<const engine::GenerateReply> replies);
std::string chunk_begin_json(const CompletionHead& head, std::size_t index);
std::string chunk_piece_json(const CompletionHead& head, std::size_t index, std::string_view text);
// With the log probabilities of the whole answer.
std::string chunk_end_json(const CompletionHead& head, std::size_t index, const engine::GenerateReply& reply);
std::string chunk_usage_json(const CompletionHead& head, std::span<const engine::GenerateReply> replies);
std::string embeddings_json(const engine::EmbedReply& reply, bool base64);
std::string models_json(const std::vector<engine::ModelInfo>& models);
// One of models_json's entries, or "".
std::string model_json(const std::vector<engine::ModelInfo>& models, std::string_view name);

bool is_json(std::string_view text);

// OpenAI's words where it has some (model_not_found, context_length_exceeded), and its statuses: what the
// caller asked for in vain is 400, so that clients do not try again.
std::string openai_error_json(const Error& error);
HttpReply openai_error_reply(const Error& error);

}  // namespace troupe::edge

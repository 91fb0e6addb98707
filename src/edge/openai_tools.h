#pragma once
// Tools: which function is called, and how a prompt asks for its arguments. Pure. An engine knows no tools:
// it chooses one of some options in one pass, and writes JSON of a schema. So every engine can call
// functions.
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "edge/openai_fields.h"
#include "ports/engine.h"

namespace troupe::edge {

struct Tool {
  std::string name;  // letters, digits, '_', '-'
  std::string description;
  std::string parameters;  // JSON schema
};

enum class ToolMode { none, automatic, required, named };

struct ToolUse {
  ToolMode mode = ToolMode::none;
  std::vector<Tool> offered;          // with `named` just that one
  std::vector<std::string> answered;  // called and answered since the user spoke last
};

namespace openai {

// Reads `tools` and `tool_choice`.
Result<ToolUse> tools_of(const Json& body);
struct Call {
  std::string id;
  std::string name;
  std::string arguments;  // JSON
};

// Appends an assistant's calls in the history.
Result<void> add_calls(const Json& tool_calls, std::vector<Call>& calls);
// What a prompt says of a call and its answer. Not as the model's own words: small models go on writing calls
// as text.
std::string answered_text(const Call& call, std::string_view answer);

}  // namespace openai

// What may be done; nullopt is the answer in words. With `automatic` a function that was answered since the
// user spoke last is not called again, so that a loop around the model ends.
std::vector<std::optional<Tool>> tool_options(const ToolUse& use);

struct ToolQuestion {
  engine::ChooseRequest ask;
  std::vector<std::optional<Tool>> options;  // as in `ask`
};
ToolQuestion tool_question(std::vector<std::optional<Tool>> options, const engine::GenerateRequest& request);

// What was decided, and how sure: for the answer's `troupe` part.
struct ToolVerdict {
  std::optional<Tool> tool;          // nullopt = words
  bool named = false;                // by the client
  std::vector<std::string> options;  // empty: there was nothing to choose
  std::vector<double> probabilities;
  std::string method;
  MicroUsd cost{0};
};

// Makes the answer the arguments of `tool`.
void ask_for_arguments(const Tool& tool, engine::GenerateRequest& request);

}  // namespace troupe::edge

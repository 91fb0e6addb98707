#include "edge/openai_tools.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "edge/openai_schema.h"
#include "schema/schema.h"

namespace troupe::edge {

namespace {

constexpr std::size_t kToolsMax = 25;  // and words: the options of one choice
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kDescriptionBytesMax = 4096;
// A choice is read in one pass, now: it looks at what was said last. Also fits an embedding model's 512
// tokens.
constexpr std::size_t kSceneBytesMax = 1024;
constexpr std::size_t kOptionBytesMax = 160;

}  // namespace

namespace openai {

namespace {

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<Tool> tool_of(const Json& entry, const std::string& where, std::int64_t& states_left) {
  if (!entry.is_object()) return bad_at(where, "must be an object");
  TRY(const auto type, at(where, text(entry, "type")));
  if (type != "function") return unsupported(fmt::format("'{}.type' {}", where, utf8_prefix(type, 64)));
  const Json* function = find(entry, "function");
  const std::string inside = where + ".function";
  if (function == nullptr || !function->is_object()) return bad_at(inside, "must be an object");
  Tool tool;
  TRY(tool.name, at(inside, text(*function, "name")));
  if (!good_name(tool.name))
    return bad_at(inside + ".name", fmt::format("has 1 to {} letters, digits, '_' and '-'", kNameBytesMax));
  TRY(tool.description, at(inside, optional_text(*function, "description", kDescriptionBytesMax)));
  TRY([[maybe_unused]] const bool strict, at(inside, boolean(*function, "strict", false)));
  const Json* parameters = find(*function, "parameters");
  if (parameters == nullptr) {
    tool.parameters = R"({"type":"object","properties":{},"additionalProperties":false})";
    return tool;
  }
  TRY_VOID(check_schema(*parameters, inside + ".parameters", states_left));
  tool.parameters = dump(*parameters);
  return tool;
}

Result<void> choose_mode(const Json& choice, ToolUse& use) {
  if (choice.is_string()) {
    const auto& word = choice.get_ref<const std::string&>();
    if (word == "none") {
      use.mode = ToolMode::none;
    } else if (word == "auto") {
      use.mode = use.offered.empty() ? ToolMode::none : ToolMode::automatic;
    } else if (word == "required" && !use.offered.empty()) {
      use.mode = ToolMode::required;
    } else if (word == "required") {
      return bad_at("tool_choice", "needs 'tools'");
    } else {
      return bad_at("tool_choice", "must be none, auto, required or a function");
    }
    return {};
  }
  if (!choice.is_object()) return bad_at("tool_choice", "must be a text or an object");
  TRY(const auto type, at("tool_choice", text(choice, "type")));
  if (type != "function") return unsupported(fmt::format("'tool_choice.type' {}", utf8_prefix(type, 64)));
  const Json* function = find(choice, "function");
  if (function == nullptr || !function->is_object())
    return bad_at("tool_choice.function", "must be an object");
  TRY(const auto name, at("tool_choice.function", text(*function, "name")));
  const auto named = std::ranges::find(use.offered, name, &Tool::name);
  if (named == use.offered.end())
    return bad_at("tool_choice.function.name",
                  fmt::format("'{}' is not among 'tools'", utf8_prefix(name, 64)));
  use.mode = ToolMode::named;
  use.offered = {*named};
  return {};
}

}  // namespace

Result<ToolUse> tools_of(const Json& body) {
  ToolUse use;
  if (const Json* tools = find(body, "tools")) {
    if (!tools->is_array()) return bad_at("tools", "must be a list");
    if (tools->size() > kToolsMax) return bad_at("tools", fmt::format("holds at most {}", kToolsMax));
    auto states_left = schema::Limits().pattern_states_max;
    for (std::size_t i = 0; i < tools->size(); ++i) {
      const auto where = fmt::format("tools[{}]", i);
      TRY(auto tool, tool_of((*tools)[i], where, states_left));
      if (std::ranges::find(use.offered, tool.name, &Tool::name) != use.offered.end())
        return bad_at(where, fmt::format("is a second '{}'", tool.name));
      use.offered.push_back(std::move(tool));
    }
  }
  if (!use.offered.empty()) use.mode = ToolMode::automatic;
  if (const Json* choice = find(body, "tool_choice")) TRY_VOID(choose_mode(*choice, use));
  return use;
}

Result<void> add_calls(const Json& tool_calls, std::vector<Call>& calls) {
  if (!tool_calls.is_array()) return bad_at("tool_calls", "must be a list");
  for (std::size_t i = 0; i < tool_calls.size(); ++i) {
    const auto where = fmt::format("tool_calls[{}]", i);
    const Json& call = tool_calls[i];
    const Json* function = call.is_object() ? find(call, "function") : nullptr;
    if (function == nullptr || !function->is_object())
      return bad_at(where + ".function", "must be an object");
    TRY(const auto id, at(where, text(call, "id")));
    TRY(const auto name, at(where + ".function", text(*function, "name")));
    TRY(const auto arguments, at(where + ".function", required_text(*function, "arguments")));
    // OpenAI takes any text, also none, which is how a call without arguments comes back from some clients.
    auto read = parse_ordered_json(arguments.empty() ? "{}" : arguments);
    calls.push_back({id, name, dump(read ? *std::move(read) : Json(arguments))});
  }
  return {};
}

std::string answered_text(const Call& call, std::string_view answer) {
  return fmt::format("{} {} answered: {}", call.name, call.arguments, answer);
}

}  // namespace openai

std::vector<std::optional<Tool>> tool_options(const ToolUse& use) {
  std::vector<std::optional<Tool>> out;
  if (use.mode == ToolMode::none || use.mode == ToolMode::automatic) out.emplace_back(std::nullopt);
  if (use.mode == ToolMode::none) return out;
  for (const auto& tool : use.offered) {
    const bool again =
        use.mode == ToolMode::automatic && std::ranges::find(use.answered, tool.name) != use.answered.end();
    if (!again) out.emplace_back(tool);
  }
  return out;
}

ToolQuestion tool_question(std::vector<std::optional<Tool>> options, const engine::GenerateRequest& request) {
  ToolQuestion out{.ask = {.model = request.model, .tier = request.tier, .deadline = request.deadline},
                   .options = std::move(options)};
  std::string& scene = out.ask.scene;
  for (const auto& message : request.messages) {
    if (message.role == engine::Role::system) {
      out.ask.context += (out.ask.context.empty() ? "" : "\n") + message.text;
    } else {
      scene +=
          fmt::format("{}{}: {}", scene.empty() ? "" : "\n", engine::role_name(message.role), message.text);
    }
  }
  if (scene.size() > kSceneBytesMax) {
    std::size_t from = scene.size() - kSceneBytesMax;
    while (from < scene.size() && (static_cast<unsigned char>(scene[from]) & 0xC0) == 0x80) ++from;
    scene.erase(0, from);
  }
  for (const auto& option : out.options) {
    std::string phrase = "answer in words";
    if (option) phrase = "call " + option->name;
    if (option && !option->description.empty()) phrase += ": " + option->description;
    std::ranges::replace(phrase, '\n', ' ');
    out.ask.options.emplace_back(utf8_prefix(phrase, kOptionBytesMax));
  }
  return out;
}

void ask_for_arguments(const Tool& tool, engine::GenerateRequest& request) {
  auto& messages = request.messages;
  if (messages.back().role != engine::Role::user) messages.push_back({engine::Role::user, ""});
  auto& last = messages.back().text;
  if (!last.empty()) last += "\n\n";
  last += fmt::format(
      "Call the function {} now{}{}. Write its arguments as JSON of this schema, nothing else:\n{}",
      tool.name, tool.description.empty() ? "" : ": ", tool.description, tool.parameters);
  request.json_schema = tool.parameters;
  request.stop.clear();  // half of the arguments are none
}

}  // namespace troupe::edge

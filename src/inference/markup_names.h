#pragma once
// The words of models' own markup: thoughts, calls of tools, ends of turns. Private to markup.cpp.
#include <array>
#include <string_view>

namespace troupe::inference {

// Names in lower case, without bars, slashes and brackets.
inline constexpr std::array<std::string_view, 19> kThoughts = {
    "think",           "thinking", "thought",    "thoughts",         "reasoning",  "reason",
    "reflection",      "analysis", "scratchpad", "monologue",        "seed:think", "inner_monologue",
    "antthinking",     "cot",      "deliberate", "internal_thought", "musing",     "ponder",
    "chain_of_thought"};
inline constexpr std::array<std::string_view, 4> kThoughtsEnd = {"endthink", "unused95", "eothink",
                                                                 "inner_suffix"};
inline constexpr std::array<std::string_view, 2> kThoughtsBegin = {"unused94", "inner_prefix"};
// Words of longer names: "inner_thoughts", "reasoning_start", "end_of_thinking".
inline constexpr std::array<std::string_view, 11> kThoughtWords = {
    "think",      "thinking",  "thought", "thoughts",     "reasoning", "reflection",
    "scratchpad", "monologue", "cot",     "deliberation", "rationale"};
inline constexpr std::array<std::string_view, 4> kEndWords = {"end", "close", "stop", "suffix"};
inline constexpr std::array<std::string_view, 16> kHidden = {
    "tool_call",  "tool_calls",       "tool_response", "tool_responses", "function_call", "function_calls",
    "function",   "tool_code",        "tool_use",      "tool_result",    "tool_results",  "invoke",
    "python_tag", "tool_calls_begin", "start_action",  "tool_call_begin"};
inline constexpr std::array<std::string_view, 4> kHiddenEnd = {"tool_calls_end", "end_action",
                                                               "tool_call_end", "eom_id"};
inline constexpr std::array<std::string_view, 20> kEnds = {"im_end",
                                                           "eot_id",
                                                           "eot",
                                                           "end",
                                                           "return",
                                                           "endoftext",
                                                           "end_of_text",
                                                           "eom_id",
                                                           "end_of_turn",
                                                           "eos",
                                                           "end_of_sentence",
                                                           "call",
                                                           "end_response",
                                                           "turn_end",
                                                           "end_of_turn_token",
                                                           "end_of_utterance",
                                                           "eod",
                                                           "end_of_solution",
                                                           "eop",
                                                           "endofturn"};
inline constexpr std::array<std::string_view, 7> kStarts = {
    "im_start", "start_of_turn", "turn_start", "start_of_turn_token", "im_user", "im_system", "im_assistant"};
inline constexpr std::array<std::string_view, 2> kHeaders = {"start", "start_header_id"};
inline constexpr std::array<std::string_view, 19> kDropped = {"s",
                                                              "bos",
                                                              "pad",
                                                              "unk",
                                                              "mask",
                                                              "sop",
                                                              "sep",
                                                              "cls",
                                                              "begin_of_text",
                                                              "startoftext",
                                                              "begin_of_sentence",
                                                              "fim_prefix",
                                                              "fim_suffix",
                                                              "fim_middle",
                                                              "fim_pad",
                                                              "begin_of_solution",
                                                              "start_response",
                                                              "start_text",
                                                              "end_text"};
inline constexpr std::array<std::string_view, 22> kBrackets = {"think",
                                                               "/think",
                                                               "thinking",
                                                               "/thinking",
                                                               "reasoning",
                                                               "/reasoning",
                                                               "INST",
                                                               "/INST",
                                                               "TOOL_CALLS",
                                                               "TOOL_RESULTS",
                                                               "/TOOL_RESULTS",
                                                               "AVAILABLE_TOOLS",
                                                               "/AVAILABLE_TOOLS",
                                                               "SYSTEM_PROMPT",
                                                               "/SYSTEM_PROMPT",
                                                               "gMASK",
                                                               "BOS",
                                                               "EOS",
                                                               "PAD",
                                                               "UNK",
                                                               "MASK",
                                                               "SEP"};
inline constexpr std::array<std::string_view, 8> kOwnRoles = {"assistant", "model", "ai",  "bot",
                                                              "gpt",       "",      "npc", "character"};
inline constexpr std::array<std::string_view, 10> kOtherRoles = {
    "user",    "system",   "tool",        "developer", "human",
    "ipython", "function", "environment", "context",   "player"};

}  // namespace troupe::inference

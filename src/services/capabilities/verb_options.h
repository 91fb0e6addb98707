#pragma once
// What somebody could do: verbs with arguments filled in from what is near. Pure, bounded, and in the same
// order for the same surroundings.
#include <string>
#include <vector>

#include "services/capabilities/verb_rules.h"

namespace troupe::capabilities {

struct Option {
  const pack::Verb* verb = nullptr;
  Args args;
  std::string text;
};

// Text parameters cannot be filled in: verbs that need one are left out of options, and are in the grammar
// with `kAnyText`.
inline constexpr const char* kAnyText = "...";
enum class TextVerbs { left_out, with_any_text };

// A person who is `towards` ("" = nobody): what can be done to them comes first and is there however many others are.
std::vector<Option> legal_options(const pack::Pack& pack, const Surroundings& around, std::size_t limit,
                                  const Limits& limits, const std::string& towards = {},
                                  TextVerbs texts = TextVerbs::left_out);

// JSON schema of one action: {"verb": ..., "args": {...}}, each verb with the values that its parameters may
// have.
std::string grammar(const pack::Pack& pack, const Surroundings& around, const Limits& limits);

}  // namespace troupe::capabilities

#pragma once
// Reads the words of prompts from their file. Pure; any thread.
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "pack/prompt_texts.h"

namespace troupe::pack {

// All of them, or everything that is wrong with the file: a key that is missing or unknown, a place that a
// phrase has not.
std::expected<PromptTexts, std::vector<Problem>> load_prompt_texts(const std::string& file,
                                                                   const std::string& text);

// Those that are built in for a language; of a language that has none the English ones.
PromptTexts built_in_prompt_texts(std::string_view language);

}  // namespace troupe::pack

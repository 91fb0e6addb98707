#pragma once
// Names as they stand in a sentence for people: one place for articles and underscores.
#include <string>
#include <string_view>

namespace troupe {

// "EXTREME_COLD", "net_mender" -> "extreme cold", "net mender".
std::string readable(std::string_view name);

// The same with its article: "a storm", "an old net"; none where English has none: "extreme cold", "heavy
// rain".
std::string with_article(std::string_view name);

// The first letter large, for the beginning of a sentence.
std::string sentence_case(std::string text);

}  // namespace troupe

#include "talk/addressed.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "talk/asking.h"
#include "talk/things.h"
#include "talk/words.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kNameBytesMin = 3;  // shorter words of a name are no call: "Al", "de"

// As people call them: each word of the name that is no title, the whole of it, and the aliases; the longest first.
std::vector<std::string> calls(const Words& words, const pack::Npc& who) {
  std::vector<std::string> out = {fold(who.name)};
  for (const auto& word : name_words(words, who.name)) out.push_back(fold(word));
  for (const auto& alias : who.aliases) out.push_back(fold(alias));
  std::erase_if(out, [](const auto& name) { return name.size() < kNameBytesMin; });
  std::ranges::sort(out, std::greater(), &std::string::size);
  return out;
}

// `alone`: the name with nothing behind it is a call, too.
bool is_called_first(const Words& words, std::string_view line, const pack::Npc& who, bool alone) {
  return std::ranges::any_of(calls(words, who), [&](const std::string& name) {
    if (!line.starts_with(name)) return false;
    const auto rest = line.substr(name.size());
    if (!alone && tokens(rest).empty()) return false;
    // "Pip - listen." as well as "Pip, listen."; "Pip-squeak" is another word, and "Pip." alone is a call.
    return rest.empty() || std::string_view(",:;!?").contains(rest.front()) || rest.starts_with(" -") ||
           trim(rest) == "." || rest.starts_with("...");
  });
}

bool is_called_last(const Words& words, std::string_view line, const pack::Npc& who) {
  const auto end = line.find_last_not_of(" .!?");
  line = line.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return std::ranges::any_of(calls(words, who),
                             [&](const std::string& name) { return line.ends_with(", " + name); });
}

}  // namespace

const pack::Npc* addressed(const Language& language, std::span<const pack::Npc* const> present,
                           std::string_view line) {
  const std::string folded = trim(fold(line));
  const std::string first = trim(without_filler(language.asking, folded));
  // "And Pip?" goes on with what was asked of somebody else.
  const bool alone = !language.asking.follow.find_any(folded);
  for (const auto* who : present) {
    if (is_called_first(language.words, first, *who, alone) ||
        is_called_first(language.words, folded, *who, alone))
      return who;
  }
  for (const auto* who : present) {
    if (is_called_last(language.words, folded, *who)) return who;
  }
  return nullptr;
}

}  // namespace troupe::talk

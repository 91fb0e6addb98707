#pragma once
// A language: all that a line of a player is understood by and answered with, beside the pack. Read from
// data/talk.<code>.yaml, which is built in, or from a pack's own file. Nothing in it belongs to one world.
// Loaded once, then immutable and shared by reference; no thread, no I/O. Bounds: those of a pack's file.
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "talk/acting.h"
#include "talk/asking.h"
#include "talk/guarding.h"
#include "talk/intents.h"
#include "talk/saying.h"
#include "talk/words.h"

namespace troupe::talk {

struct Language {
  std::string code;  // "en"
  Words words;
  Asking asking;
  std::vector<Intent> intents;
  Saying saying;
  Acting acting;
  Guarding guarding;

  // Asks without a slot, folded: what is one of them word for word asks for nothing else, whatever was said before it.
  std::set<std::string, std::less<>> whole_asks;

  const Intent* intent(std::string_view id) const;
};

// The whole language, or everything that is wrong with it, sorted by line: "talk.en.yaml:12:5: ...".
std::expected<Language, std::vector<pack::Problem>> load_language(const std::string& file,
                                                                  const std::string& text);

// The file of a language that is built in, or "".
std::string_view language_file(std::string_view code);
std::vector<std::string> built_in_languages();  // codes, sorted

// The language that a pack's people speak: the pack's own file where it has one for it, otherwise the
// built-in one.
std::expected<Language, std::vector<pack::Problem>> language_of(const pack::Pack& pack);

}  // namespace troupe::talk

#pragma once
// What a text contains, by category and level, and whether that fits. By lists of words (data/), after
// undoing what people do to get past lists: cheap, explainable, the same on every machine. English and German
// together. Pure; the lists are read once. Cost: proportional to the text.
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::moderation {

enum class Category { violence, sexual, language, horror, drugs, sensitive, morality };
inline constexpr std::size_t kCategories = 7;
std::string_view category_name(Category category);
bool parse_category(std::string_view name, Category& out);

// Levels 0 (none) to 4 (extreme), per category.
using Levels = std::array<int, kCategories>;
inline constexpr int kLevelMax = 4;

struct Found {
  Levels levels{};
  // The words of the highest level, as they stand in the text; 200 bytes at most.
  std::array<std::string, kCategories> words;
};
Found look(std::string_view text);
Levels levels_of(std::string_view text);

// A game's rating, and the profile of a player: "teen" or "mature".
bool is_rating(std::string_view name);
Levels levels_for(std::string_view rating);  // of no rating: teen's
// What a teen profile may hold at most, whatever it says.
Levels teen_cap();

// The first category that goes beyond, or none.
struct Finding {
  bool allowed = true;
  Category category = Category::violence;
  int level = 0;
  std::string words;
};
Finding judge(const Found& found, const Levels& allowed);
Finding judge(std::string_view text, const Levels& allowed);
// What follows a text that fits. Read with the end of it, since a phrase may stretch over both; not with all
// of it: a long answer would cost its square.
Finding judge_next(std::string_view before, std::string_view next, const Levels& allowed);

// Without what is no word but a key, a hash or a picture: 25 bytes and more in one, with digits.
std::string without_codes(std::string_view text);

// Which of some lines fit, in their order, from the `first` on.
std::vector<std::string> fitting(const std::vector<std::string>& lines, const Levels& allowed,
                                 std::size_t first = 0);

}  // namespace troupe::moderation

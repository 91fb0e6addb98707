#pragma once
// What a text contains, by category and level, and whether that fits a profile. Word lists, whole words, case
// ignored: cheap, explainable, the same on every machine. Pure.
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::ai {

enum class Category { violence, sexual, language, horror, drugs, sensitive, morality };
inline constexpr std::size_t kCategories = 7;
std::string_view category_name(Category category);

// Levels 0 (none) to 4 (extreme), per category.
using Levels = std::array<int, kCategories>;

Levels levels_of(std::string_view text);

// The most that a profile allows. "teen" and "mature"; "custom" starts as mature.
Levels profile_levels(std::string_view profile);

// The first category that goes beyond, or none.
struct Finding {
  bool allowed = true;
  Category category = Category::violence;
  int level = 0;
};
Finding judge(const Levels& found, const Levels& allowed);

// Lets text through as it streams, holding the last words back until they cannot become part of something
// longer.
class StreamCheck {
 public:
  explicit StreamCheck(Levels allowed) : allowed_(allowed) {}
  // What may be shown now. Once blocked(), nothing more comes.
  std::string push(std::string_view text);
  std::string finish();
  bool blocked() const { return !finding_.allowed; }
  const Finding& finding() const { return finding_; }

 private:
  bool could_begin(std::size_t word) const;

  Levels allowed_;
  std::string text_;
  std::size_t shown_ = 0;
  Finding finding_;
};

}  // namespace troupe::ai

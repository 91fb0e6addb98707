#pragma once
// A sentence with places for words, "You are {name}, {age}.", as data files write it. Immutable once read;
// any thread.
#include <expected>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::pack {

class Phrase {
 public:
  // `places`: the names that may stand in braces. The error says what is wrong and what would be right.
  static std::expected<Phrase, std::string> read(std::string_view text,
                                                 std::span<const std::string_view> places);

  using Word = std::pair<std::string_view, std::string_view>;  // place, what stands there
  // A place without its word stays empty.
  std::string with(std::initializer_list<Word> words) const;
  std::string text() const { return with({}); }

 private:
  struct Piece {
    std::string text;   // and after it
    std::string place;  // "" = nothing
  };
  std::vector<Piece> pieces_;
};

}  // namespace troupe::pack

#include "pack/phrase.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::pack {

std::expected<Phrase, std::string> Phrase::read(std::string_view text,
                                                std::span<const std::string_view> places) {
  Phrase phrase;
  while (!text.empty()) {
    const auto open = text.find_first_of("{}");
    Piece piece{.text = std::string(text.substr(0, open)), .place = {}};
    if (open == std::string_view::npos) {
      phrase.pieces_.push_back(std::move(piece));
      break;
    }
    const auto close = text.find('}', open);
    if (text[open] == '}' || close == std::string_view::npos)
      return std::unexpected("it has a brace without its other half; expected {name}");
    const auto place = text.substr(open + 1, close - open - 1);
    if (std::ranges::find(places, place) == places.end()) {
      return std::unexpected(fmt::format(
          "it has no place '{}'; expected {}", place,
          places.empty() ? std::string("no braces") : fmt::format("{{{}}}", fmt::join(places, "}, {"))));
    }
    piece.place = place;
    phrase.pieces_.push_back(std::move(piece));
    text.remove_prefix(close + 1);
  }
  return phrase;
}

std::string Phrase::with(std::initializer_list<Word> words) const {
  std::string out;
  for (const auto& piece : pieces_) {
    out += piece.text;
    if (piece.place.empty()) continue;
    const auto word = std::ranges::find(words, std::string_view(piece.place), &Word::first);
    if (word != words.end()) out += word->second;
  }
  return out;
}

}  // namespace troupe::pack

#include "talk/by_words.h"

#include <cmath>
#include <cstdint>

namespace troupe::talk {

namespace {

constexpr float kContent = 1.0F;   // a word that carries matter, by its stem
constexpr float kStop = 0.45F;     // any other: "who" and "where" are among them
constexpr float kPair = 0.35F;     // two words in this order
constexpr float kLetters = 0.25F;  // four letters of a word: mends endings and slips of the keyboard
constexpr std::size_t kGroup = 4;

std::uint64_t hashed(std::string_view text, std::uint64_t seed) {
  std::uint64_t out = 0xcbf29ce484222325U ^ seed;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  out ^= out >> 32;
  return out * 0x9e3779b97f4a7c15U;
}

void add(Vector& out, std::string_view what, std::uint64_t kind, float weight) {
  const std::uint64_t hash = hashed(what, kind);
  out[(hash >> 8) % out.size()] += (hash & 1) == 0 ? weight : -weight;
}

}  // namespace

Vector by_words(const Words& words, std::string_view text) {
  Vector out(kWordDimensions, 0.0F);
  std::string before;
  for (const Token& token : tokens(text)) {
    const bool stop = words.stop.contains(token.folded);
    const std::string root = stop ? token.folded : stem(words, token.folded);
    add(out, root, 1, stop ? kStop : kContent);
    if (!before.empty()) add(out, before + ' ' + root, 2, kPair);
    const std::string edged = '<' + token.folded + '>';
    for (std::size_t i = 0; !stop && i + kGroup <= edged.size(); ++i)
      add(out, std::string_view(edged).substr(i, kGroup), 3, kLetters);
    before = root;
  }
  double square = 0;
  for (const float value : out) square += static_cast<double>(value) * value;
  if (square == 0) return out;
  const auto length = static_cast<float>(std::sqrt(square));
  for (float& value : out) value /= length;
  return out;
}

}  // namespace troupe::talk

#include "adapters/engine_reflex/reflex_rules.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "rt/random.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kTextMax = 8192;  // bytes of scene and context that are read
constexpr double kSceneWeight = 1.0;
constexpr double kContextWeight = 0.5;
constexpr double kDrawWeight = 0.25;  // below one word of the scene

// Words that every sentence has.
constexpr std::array<std::string_view, 40> kCommon = {
    "a",  "an",   "and", "are",   "as",   "at",   "be",   "but",  "by", "do",  "for",  "from", "had", "has",
    "he", "her",  "his", "i",     "in",   "is",   "it",   "its",  "my", "not", "of",   "on",   "or",  "she",
    "so", "that", "the", "their", "them", "then", "they", "this", "to", "was", "with", "you"};

std::string stem(std::string word) {
  for (const std::string_view ending : {"ing", "ed", "es", "s"}) {
    if (word.size() >= ending.size() + 3 && word.ends_with(ending)) {
      word.resize(word.size() - ending.size());
      break;
    }
  }
  // "running" -> "runn" -> "run"
  if (word.size() > 3 && word[word.size() - 1] == word[word.size() - 2]) word.pop_back();
  return word;
}

double overlap(const std::vector<std::string>& words, const std::vector<std::string>& text) {
  double found = 0;
  for (const auto& word : words) {
    if (std::ranges::binary_search(text, word)) found += 1;
  }
  return words.empty() ? 0 : found / static_cast<double>(words.size());
}

}  // namespace

std::vector<std::string> reflex_words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && std::ranges::find(kCommon, word) == kCommon.end()) out.push_back(stem(word));
    word.clear();
  };
  for (const char c : lower_ascii(utf8_prefix(text, kTextMax))) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || byte >= 0x80) {
      word += c;
    } else if (c != '\'') {
      end_word();
    }
  }
  end_word();
  return out;
}

std::vector<double> reflex_scores(std::string_view context, std::string_view scene,
                                  const std::vector<std::string>& options, std::uint64_t seed) {
  auto scene_words = reflex_words(scene);
  auto context_words = reflex_words(context);
  std::ranges::sort(scene_words);
  std::ranges::sort(context_words);
  const auto where = rt::stream_hash(scene, rt::stream_hash("/", rt::stream_hash(context)));
  std::vector<double> out;
  out.reserve(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto words = reflex_words(options[i]);
    out.push_back(kSceneWeight * overlap(words, scene_words) +
                  kContextWeight * overlap(words, context_words) +
                  kDrawWeight * rt::Draw(seed, "reflex", options[i]).uniform(where));
  }
  return out;
}

}  // namespace troupe::engine

#pragma once
// The lists, read once, and looking words up in them. Private to this room.
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "moderation/fold.h"
#include "moderation/moderation.h"

namespace troupe::moderation {

class Lists {
 public:
  static const Lists& get();

  // Calls `hit(category, level, begin, end)` for all that is found.
  template <class Hit>
  void find(const Folded& text, const Hit& hit) const {
    const auto harmless = harmless_of(text.words);
    for (std::size_t i = 0; i < text.words.size(); ++i) {
      if (!harmless[i]) each(text.words[i], hit);
      phrases(text.words, i, hit);
    }
    for (const auto& word : text.joined) each_joined(word, hit);
  }

 private:
  struct Weight {
    Category category;
    int level;
  };
  struct Part {
    std::string text;
    bool open_before = false, open_after = false, endings = false, any = false;
    bool fits(std::string_view form) const;
    bool fits(const Word& word) const;
  };
  struct Phrase {
    std::vector<Part> parts;
    Weight weight;
  };
  struct Open {
    Part part;
    Weight weight;
  };

  Lists();
  void read(std::string_view data);
  void read_names(std::string_view data);
  void add(std::string_view term, bool ok, Weight weight);
  static Part part_of(std::string_view text);
  std::vector<bool> harmless_of(const std::vector<Word>& words) const;
  bool is_ok(const Word& word) const;
  enum class Reach { all, whole };  // whole: the word itself, nothing that is in it
  std::vector<Weight> weights(std::string_view form, Reach reach) const;
  bool follows(const Phrase& phrase, const std::vector<Word>& words, std::size_t at) const;

  template <class Hit>
  void each(const Word& word, const Hit& hit) const {
    for (const auto& form : word.forms) {
      for (const auto& weight : weights(form, Reach::all))
        hit(weight.category, weight.level, word.begin, word.end);
    }
  }
  template <class Hit>
  void each_joined(const Word& word, const Hit& hit) const {
    for (const auto& form : word.forms) {
      for (const auto& weight : weights(form, word.spelled ? Reach::all : Reach::whole))
        hit(weight.category, weight.level, word.begin, word.end);
    }
  }
  template <class Hit>
  void phrases(const std::vector<Word>& words, std::size_t at, const Hit& hit) const {
    for (const auto& form : words[at].forms) {
      if (form.empty()) continue;
      for (const auto* phrase : by_letter(form.front())) {
        if (follows(*phrase, words, at))
          hit(phrase->weight.category, phrase->weight.level, words[at].begin,
              words[at + phrase->parts.size() - 1].end);
      }
    }
  }
  const std::vector<const Phrase*>& by_letter(char letter) const;

  std::unordered_map<std::string, std::vector<Weight>> exact_;
  std::unordered_map<std::string, std::vector<Weight>> leads_;  // "fuck*"
  std::vector<Open> open_;                                      // "*fuck*"
  std::unordered_map<std::string, bool> ok_;
  std::vector<Part> ok_open_;
  std::vector<Phrase> ok_phrases_;
  std::vector<Phrase> phrases_;
  std::map<char, std::vector<const Phrase*>> by_letter_;
};

}  // namespace troupe::moderation

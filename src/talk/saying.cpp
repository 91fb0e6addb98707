#include "talk/saying.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "talk/words.h"

namespace troupe::talk {

namespace {

std::vector<std::string> known_templates(pack::Fields& fields, std::string_view key,
                                         std::initializer_list<std::string_view> known) {
  const auto found = fields.required(key);
  return found ? read_templates(*found, key, std::span(known.begin(), known.size()))
               : std::vector<std::string>();
}

std::string known_template(pack::Fields& fields, std::string_view key,
                           std::initializer_list<std::string_view> known) {
  const auto found = known_templates(fields, key, known);
  return found.empty() ? std::string() : found.front();
}

Wording read_wording(const pack::Cursor& cursor, const std::string& what) {
  Wording out;
  if (cursor.node().kind == pack::Node::Kind::scalar) {
    out.says = cursor.text(what);
    out.words = read_word_set(cursor, what);
    return out;
  }
  pack::Fields fields(cursor, what);
  out.says = fields.text("says");
  out.words = required_words(fields, "words");
  return out;
}

// One wording for each of the names, and none for others.
std::map<std::string, Wording> read_wordings(pack::Fields& parent, std::string_view key,
                                             std::span<const std::string_view> names) {
  std::map<std::string, Wording> out;
  const auto found = parent.required(key);
  if (!found) return out;
  pack::Fields fields(*found, std::string(key));
  for (const std::string_view name : names) {
    if (const auto value = fields.required(name))
      out[std::string(name)] = read_wording(*value, std::string(name));
  }
  return out;
}

Route read_route(const pack::Cursor& cursor) {
  pack::Fields fields(cursor, "route");
  Route out;
  out.here = known_templates(fields, "here", {"to"});
  out.next = known_templates(fields, "next", {"to", "minutes"});
  out.by = known_templates(fields, "by", {"to", "by", "minutes"});
  out.far = known_templates(fields, "far", {"to", "by", "minutes"});
  out.none = known_templates(fields, "none", {"to"});
  if (const auto then = fields.required("then")) out.then = then->node().text;
  out.one_minute = fields.text("one_minute");
  out.some_minutes = known_template(fields, "some_minutes", {"n"});
  return out;
}

std::vector<Opinion> read_opinions(pack::Fields& parent) {
  constexpr std::array<std::string_view, 2> kNames{"P", "p"};
  std::vector<Opinion> out;
  for (const pack::Cursor& item : parent.list("opinions")) {
    pack::Fields fields(item, "an opinion");
    Opinion opinion;
    if (const auto feeling = fields.optional("feeling")) {
      if (const auto index = feeling->choice("feeling", pack::kFeelingNames))
        opinion.feeling = pack::kFeelingNames[*index];
      if (const auto low = fields.optional("at_least")) opinion.at_least = low->number("at_least", 0, 1);
      if (const auto high = fields.optional("at_most")) opinion.at_most = high->number("at_most", 0, 1);
    }
    if (const auto says = fields.required("says")) opinion.says = read_templates(*says, "says", kNames);
    opinion.to_you = optional_texts(fields, "to_you");
    out.push_back(std::move(opinion));
  }
  if (out.empty() || !out.back().feeling.empty())
    parent.cursor().problem("no opinion fits where no other does", "expected a last one without 'feeling'");
  return out;
}

// A list of texts for each of the names; all of them are needed.
std::map<std::string, std::vector<std::string>> read_by_name(pack::Fields& parent, std::string_view key,
                                                             std::span<const std::string_view> names) {
  std::map<std::string, std::vector<std::string>> out;
  const auto found = parent.required(key);
  if (!found) return out;
  pack::Fields fields(*found, std::string(key));
  for (const std::string_view name : names) out[std::string(name)] = required_texts(fields, name);
  return out;
}

std::vector<std::pair<std::string, std::string>> read_turned(pack::Fields& parent) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto found = parent.optional("turned");
  if (!found) return out;
  for (const auto& [key, value] : found->map("turned"))
    out.emplace_back(fold(key.node().text), value.text(key.node().text));
  // The longest first: "I am" before "I".
  std::ranges::sort(out, [](const auto& a, const auto& b) {
    const auto words_a = std::ranges::count(a.first, ' ');
    const auto words_b = std::ranges::count(b.first, ' ');
    return words_a != words_b ? words_a > words_b : a.first < b.first;
  });
  return out;
}

void read_numbers(pack::Fields& fields, Saying& out) {
  constexpr std::size_t kNumbersMin = 13;  // the hours of a clock
  if (const auto numbers = fields.required("numbers")) {
    for (const std::string& text : read_texts(*numbers, "numbers")) {
      for (const std::string& word : split(tidied(text), ' ')) out.numbers.push_back(word);
    }
    if (out.numbers.size() < kNumbersMin)
      numbers->problem(fmt::format("numbers has {} words", out.numbers.size()),
                       fmt::format("expected those from 0 to {} at least", kNumbersMin - 1));
  }
  if (const auto ordinals = fields.required("ordinals")) {
    int number = 1;
    for (const std::string& text : read_texts(*ordinals, "ordinals")) {
      for (const std::string& word : split(tidied(text), ' ')) out.ordinals[number++] = word;
    }
  }
  out.ordinal = known_template(fields, "ordinal", {"n"});
}

}  // namespace

Saying read_saying(const pack::Cursor& cursor) {
  constexpr std::array<std::string_view, 5> kPhases{"dawn", "morning", "afternoon", "dusk", "night"};
  pack::Fields fields(cursor, "saying");
  Saying out;
  read_numbers(fields, out);
  out.phases = read_wordings(fields, "phases", kPhases);
  out.seasons = read_wordings(fields, "seasons", pack::kSeasonNames);
  out.weather = read_wordings(fields, "weather", pack::kWeatherNames);
  for (const pack::Cursor& item : fields.list("warmth")) {
    pack::Fields warmth_fields(item, "warmth");
    Warmth warmth;
    warmth.below = warmth_fields.number_or("below", 1000, -300, 1000);
    warmth.wording.says = warmth_fields.text("says");
    warmth.wording.words = required_words(warmth_fields, "words");
    out.warmth.push_back(std::move(warmth));
  }
  if (const auto route = fields.required("route")) out.route = read_route(*route);
  out.opinions = read_opinions(fields);
  out.moods = read_by_name(fields, "moods", pack::kMoodNames);
  out.lines = read_by_name(fields, "lines", pack::kLineKindNames);
  if (const auto person = fields.required("first_person")) out.first_person = read_first_person(*person);
  out.told = known_templates(fields, "told", {"turned", "said"});
  out.turned = read_turned(fields);
  out.name_recalled = known_templates(fields, "name_recalled", {"name"});
  out.name_told = known_templates(fields, "name_told", {"name"});
  out.again = known_templates(fields, "again", {"text"});
  out.yes = required_texts(fields, "yes");
  out.no = required_texts(fields, "no");
  out.the_role = known_template(fields, "the_role", {"role"});
  out.which_one = known_templates(fields, "which_one", {"things"});
  if (const auto last = fields.required("list_last")) out.list_last = last->node().text;
  if (const auto last = fields.required("list_or")) out.list_or = last->node().text;
  out.item_at_price = known_template(fields, "item_at_price", {"G", "price", "coin", "unit"});
  out.this_one = known_template(fields, "this_one", {"P", "a_prole"});
  return out;
}

std::string number_word(const Saying& saying, std::int64_t number) {
  const auto index = static_cast<std::size_t>(number);
  return number >= 0 && index < saying.numbers.size() ? saying.numbers[index] : std::to_string(number);
}

std::string ordinal_word(const Saying& saying, int number) {
  if (const auto found = saying.ordinals.find(number); found != saying.ordinals.end()) return found->second;
  return filled(saying.ordinal, {{"n", std::to_string(number)}});
}

std::string listed(std::span<const std::string> items, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? std::string(last) : std::string(", ");
    out += items[i];
  }
  return out;
}

std::string turned(const Saying& saying, std::string_view sentence) {
  const auto words = tokens(sentence);
  const auto phrase_at = [&](std::size_t i, std::string_view phrase) -> std::size_t {
    std::size_t count = 0;
    for (const std::string& word : split(phrase, ' ')) {
      if (i + count >= words.size() || words[i + count].folded != word) return 0;
      ++count;
    }
    return count;
  };
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < words.size();) {
    std::size_t count = 0;
    std::string_view with;
    for (const auto& [phrase, replacement] : saying.turned) {
      count = phrase_at(i, phrase);
      with = replacement;
      if (count > 0) break;
    }
    const std::size_t last = i + std::max<std::size_t>(count, 1) - 1;
    out += sentence.substr(at, words[i].begin - at);
    const bool begins = out.find_last_not_of(" \"'") == std::string::npos ||
                        std::string_view(".!?").contains(out[out.find_last_not_of(" \"'")]);
    const std::string word = count > 0 ? std::string(with) : words[i].text;
    out += begins ? upper_first(word) : word;
    at = words[last].end;
    i = last + 1;
  }
  return out += sentence.substr(at);
}

Picked pick(std::span<const std::string> texts, std::span<const std::string> said, std::uint64_t seed) {
  if (texts.empty()) return {};
  std::vector<const std::string*> fresh;
  for (const std::string& text : texts) {
    if (!is_among(said, text)) fresh.push_back(&text);
  }
  if (!fresh.empty()) return {*fresh[seed % fresh.size()], false};
  return {texts[seed % texts.size()], true};
}

std::uint64_t seed_of(std::initializer_list<std::string_view> texts) {
  std::uint64_t out = 0xcbf29ce484222325U;
  for (const std::string_view text : texts) {
    for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    out = (out ^ 0xff) * 0x100000001b3U;
  }
  return out ^ out >> 29;
}

}  // namespace troupe::talk

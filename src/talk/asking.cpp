#include "talk/asking.h"

#include <fmt/format.h>

#include <algorithm>

#include "talk/reading.h"
#include "talk/words.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kKindsMax = 32;  // bits of Kinds
constexpr std::size_t kToldSentenceBytesMax = 160;

std::optional<ThingType> read_thing_type(const pack::Cursor& cursor) {
  const auto index = cursor.choice("a kind of thing", kThingTypeNames);
  return index ? std::optional(static_cast<ThingType>(*index)) : std::nullopt;
}

Patterns required_patterns(pack::Fields& fields, std::string_view key) {
  const auto found = fields.required(key);
  return found ? read_patterns(*found, key) : Patterns();
}

Patterns optional_patterns(pack::Fields& fields, std::string_view key) {
  const auto found = fields.optional(key);
  return found ? read_patterns(*found, key) : Patterns();
}

std::vector<QuestionKind> read_kinds(pack::Fields& parent) {
  std::vector<QuestionKind> out;
  std::vector<std::vector<std::string>> alike;
  const auto items = parent.list("kinds");
  for (const pack::Cursor& item : items) {
    pack::Fields fields(item, "a kind of question");
    QuestionKind kind;
    kind.at = item.at();
    kind.id = fields.identifier("id");
    kind.patterns = required_patterns(fields, "patterns");
    alike.push_back(optional_texts(fields, "alike"));
    kind.answered = optional_patterns(fields, "answered");
    for (const pack::Cursor& type : fields.list_or("answered_by")) {
      if (const auto read = read_thing_type(type)) kind.answered_by.insert(*read);
    }
    if (const auto follow = fields.optional("then")) {
      for (const auto& [key, value] : follow->map("then")) {
        if (const auto type = read_thing_type(key)) kind.follow[*type] = value.text("an intent");
      }
    }
    if (out.size() < kKindsMax) out.push_back(std::move(kind));
  }
  if (items.size() > kKindsMax)
    parent.cursor().problem(fmt::format("{} kinds of question", items.size()),
                            fmt::format("expected {} at most", kKindsMax));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].alike |= Kinds{1} << i;
    for (const std::string& name : alike[i]) {
      const auto found = std::ranges::find(out, name, &QuestionKind::id);
      if (found == out.end()) {
        items[i].problem(fmt::format("'{}' is like '{}', which is no kind of question", out[i].id, name));
        continue;
      }
      out[i].alike |= Kinds{1} << (found - out.begin());
      found->alike |= Kinds{1} << i;
    }
  }
  return out;
}

std::vector<PronounRule> read_pronouns(pack::Fields& parent) {
  constexpr std::array<std::string_view, 1> kNames{"name"};
  std::vector<PronounRule> out;
  for (const pack::Cursor& item : parent.list("pronouns")) {
    pack::Fields fields(item, "a pronoun");
    PronounRule rule;
    rule.type = fields.choice<ThingType>("for", kThingTypeNames);
    if (const auto pattern = fields.required("pattern")) rule.pattern = read_pattern(*pattern);
    if (const auto with = fields.required("with")) {
      rule.with = with->text("with");
      check_placeholders(*with, rule.with, kNames);
    }
    out.push_back(std::move(rule));
  }
  return out;
}

std::vector<ToldKind> read_told(pack::Fields& parent) {
  std::vector<ToldKind> out;
  for (const pack::Cursor& item : parent.list("told")) {
    pack::Fields fields(item, "a kind of what is told");
    ToldKind kind;
    kind.at = item.at();
    kind.intent = fields.text("intent");
    kind.like = required_texts(fields, "like");
    kind.forms = required_patterns(fields, "forms");
    kind.asked = optional_patterns(fields, "asked");
    out.push_back(std::move(kind));
  }
  return out;
}

std::vector<Aspect> read_aspects(pack::Fields& parent) {
  std::vector<Aspect> out;
  for (const pack::Cursor& item : parent.list_or("aspects")) {
    pack::Fields fields(item, "an aspect");
    Aspect aspect;
    if (const auto feeling = fields.required("feeling")) {
      if (const auto index = feeling->choice("feeling", pack::kFeelingNames))
        aspect.feeling = pack::kFeelingNames[*index];
    }
    aspect.patterns = required_patterns(fields, "patterns");
    aspect.yes_from = fields.number_or("yes_from", .5, 0, 1);
    out.push_back(std::move(aspect));
  }
  return out;
}

std::vector<TimeOfDay> read_times(pack::Fields& parent) {
  std::vector<TimeOfDay> out;
  for (const pack::Cursor& item : parent.list_or("times")) {
    pack::Fields fields(item, "a time of day");
    TimeOfDay time;
    time.patterns = required_patterns(fields, "patterns");
    if (const auto clock = fields.required("clock")) time.clock = clock->clock("clock");
    out.push_back(std::move(time));
  }
  return out;
}

std::vector<Heading> read_headings(pack::Fields& parent) {
  std::vector<Heading> out;
  for (const pack::Cursor& item : parent.list_or("headings")) {
    pack::Fields fields(item, "a heading");
    Heading heading;
    heading.patterns = required_patterns(fields, "patterns");
    heading.x = fields.number_or("x", 0, -1, 1);
    heading.y = fields.number_or("y", 0, -1, 1);
    out.push_back(std::move(heading));
  }
  return out;
}

void read_made_asks(pack::Fields& parent, Asking& out) {
  constexpr std::array<std::string_view, 2> kRole{"role", "a_role"};
  constexpr std::array<std::string_view, 2> kActivity{"activity", "place"};
  constexpr std::array<std::string_view, 1> kPersona{"sentence"};
  constexpr std::array<std::string_view, 1> kLook{"a_look"};
  constexpr std::array<std::string_view, 1> kName{"P"};
  constexpr std::array<std::string_view, 1> kFeature{"X"};
  constexpr std::array<std::string_view, 2> kPlaceKind{"kind", "a_kind"};
  constexpr std::array<std::string_view, 1> kDeed{"deed"};
  const auto made = parent.required("made");
  if (!made) return;
  pack::Fields fields(*made, "made");
  const auto read = [&](std::string_view key, std::span<const std::string_view> known) {
    const auto found = fields.required(key);
    return found ? read_templates(*found, key, known) : std::vector<std::string>();
  };
  out.by_role = read("role", kRole);
  out.by_activity = read("activity", kActivity);
  out.by_persona = read("persona", kPersona);
  out.by_look = read("look", kLook);
  out.names = read("name", kName);
  out.features = read("feature", kFeature);
  out.place_kinds = read("place_kind", kPlaceKind);
  if (const auto deeds = fields.optional("deed")) out.deeds = read_templates(*deeds, "deed", kDeed);
}

}  // namespace

const ToldKind* Asking::told_kind(std::string_view intent) const {
  const auto found = std::ranges::find(told, intent, &ToldKind::intent);
  return found == told.end() ? nullptr : &*found;
}

Asking read_asking(const pack::Cursor& cursor) {
  pack::Fields fields(cursor, "asking");
  Asking out;
  out.not_speech = required_patterns(fields, "not_speech");
  if (const auto filler = fields.required("filler")) out.filler = read_pattern(*filler, "filler");
  out.question = required_patterns(fields, "question");
  out.question_anywhere = required_patterns(fields, "question_anywhere");
  out.exclaims = optional_patterns(fields, "exclaims");
  out.yes_no = required_patterns(fields, "yes_no");
  out.either = optional_patterns(fields, "either");
  out.joints = optional_patterns(fields, "joints");
  out.inside = optional_patterns(fields, "inside");
  for (const pack::Cursor& item : fields.list_or("address")) {
    pack::Fields address(item, "an address");
    const auto pattern = address.required("pattern");
    if (pattern) out.address.emplace_back(read_pattern(*pattern), address.text_or("left", ""));
  }
  out.leads = optional_patterns(fields, "leads");
  if (const auto with = fields.optional("asks_with")) out.asks_with = read_pattern(*with, "asks_with");
  out.follow = required_patterns(fields, "goes_on");
  if (const auto found = fields.required("follow_default")) {
    for (const auto& [key, value] : found->map("follow_default")) {
      if (const auto type = read_thing_type(key)) out.follow_default[*type] = value.text("an intent");
    }
  }
  out.negation = required_patterns(fields, "negation");
  out.denial = optional_patterns(fields, "denial");
  out.kinds = read_kinds(fields);
  out.which = required_patterns(fields, "which");
  out.first = required_patterns(fields, "first");
  out.mine = required_patterns(fields, "mine");
  out.mine_never = optional_patterns(fields, "mine_never");
  out.second = required_patterns(fields, "second");
  out.third = optional_patterns(fields, "third");
  out.about_me = required_patterns(fields, "about_me");
  out.about_me_never = optional_patterns(fields, "about_me_never");
  if (const auto mine = fields.required("my_thing")) out.my_thing = read_pattern(*mine, "my_thing");
  out.pronouns = read_pronouns(fields);
  out.no_pronoun = optional_patterns(fields, "no_pronoun");
  out.pronoun_words_max = static_cast<std::size_t>(fields.whole_or("pronoun_words_max", 6, 0, 50));
  out.told = read_told(fields);
  out.tells = required_patterns(fields, "tells");
  out.joined = required_patterns(fields, "joined");
  out.gives_name = required_patterns(fields, "gives_name");
  out.may_give_name = optional_patterns(fields, "may_give_name");
  out.since = required_patterns(fields, "since");
  out.recall_leave = optional_words(fields, "recall_leave");
  out.fact_like = required_texts(fields, "fact_like");
  out.trait_like = required_texts(fields, "trait_like");
  if (const auto masks = fields.required("masks")) {
    pack::Fields mask_fields(*masks, "masks");
    for (std::size_t i = 0; i < kThingTypeNames.size(); ++i)
      out.masks[static_cast<ThingType>(i)] = mask_fields.text(kThingTypeNames[i]);
  }
  out.aspects = read_aspects(fields);
  out.points_back = optional_patterns(fields, "points_back");
  out.broad = optional_patterns(fields, "broad");
  out.far = required_patterns(fields, "far");
  out.near = required_patterns(fields, "near");
  out.times = read_times(fields);
  out.headings = read_headings(fields);
  read_made_asks(fields, out);
  return out;
}

bool is_speech(const Asking& asking, std::string_view folded) { return !asking.not_speech.find_any(folded); }

std::string without_filler(const Asking& asking, std::string_view folded) {
  const auto match = asking.filler.find(folded);
  return std::string(match && match.begin == 0 ? folded.substr(match.end) : folded);
}

bool is_question(const Asking& asking, std::string_view folded) {
  const std::string bare = without_filler(asking, folded);
  if (asking.exclaims.find_any(bare)) return false;
  return asking.question_anywhere.find_any(folded) || asking.question.find_any(bare);
}

bool wants_yes_or_no(const Asking& asking, std::string_view folded) {
  return asking.yes_no.find_any(without_filler(asking, folded)) && !asking.either.find_any(folded);
}

Kinds kinds_of(const Asking& asking, std::string_view folded) {
  Kinds out = 0;
  for (std::size_t i = 0; i < asking.kinds.size(); ++i) {
    if (asking.kinds[i].patterns.find_any(folded)) out |= Kinds{1} << i;
  }
  return out;
}

bool clash(const Asking& asking, Kinds line, Kinds ask) {
  if (line == 0 || ask == 0) return false;
  for (std::size_t i = 0; i < asking.kinds.size(); ++i) {
    if ((line & Kinds{1} << i) != 0 && (asking.kinds[i].alike & ask) != 0) return false;
  }
  return true;
}

Answered answered_by(const Asking& asking, std::string_view folded, const std::set<ThingType>& things) {
  Answered out;
  for (std::size_t i = 0; i < asking.kinds.size(); ++i) {
    const QuestionKind& kind = asking.kinds[i];
    const Kinds bit = Kinds{1} << i;
    if (kind.answered.all.empty() && kind.answered_by.empty()) continue;
    out.of |= bit;
    const bool named =
        std::ranges::any_of(kind.answered_by, [&](ThingType type) { return things.contains(type); });
    if (named || kind.answered.find_any(folded)) out.kinds |= bit;
  }
  return out;
}

Persons persons_of(const Asking& asking, std::string_view folded) {
  Persons out;
  out.first = asking.first.find_any(folded);
  out.second = asking.second.find_any(folded);
  std::string own(folded);
  for (const Pattern& pattern : asking.mine_never.all) own = pattern.replace(own, " ");
  out.mine = asking.mine.find_any(own);
  return out;
}

std::vector<std::string> told_sentences(const Asking& asking, std::string_view line) {
  std::vector<std::string> out;
  for (std::string& sentence : sentences(line)) {
    const bool goes_on = !out.empty() && asking.joined.find_any(fold(sentence)) &&
                         out.back().size() + sentence.size() < kToldSentenceBytesMax;
    if (goes_on) {
      out.back() += " " + sentence;
    } else {
      out.push_back(std::move(sentence));
    }
  }
  return out;
}

}  // namespace troupe::talk

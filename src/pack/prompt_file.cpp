#include "pack/prompt_file.h"

#include <fmt/format.h>

#include <map>

#include "base/check.h"
#include "pack/data.h"
#include "pack/pack_yaml.h"

namespace troupe::pack {

namespace {

// A phrase as it stands: spaces and line ends at its edges count.
Phrase phrase(Fields& fields, std::string_view key, std::initializer_list<std::string_view> places = {}) {
  const auto found = fields.required(key);
  if (!found || found->text(key).empty()) return {};
  auto read = Phrase::read(found->node().text, {places.begin(), places.size()});
  if (read) return *std::move(read);
  found->problem(fmt::format("{}: {}", key, read.error()));
  return {};
}

std::vector<std::string> words(Fields& fields, std::string_view key) {
  std::vector<std::string> out;
  for (const Cursor& word : fields.list(key)) out.push_back(word.text("a word"));
  return out;
}

// The phrases under `key`; none where there is no such mapping (and a problem was noted).
template <class Words>
Words section(Fields& root, std::string_view key, Words (*read)(Fields&)) {
  const auto found = root.required(key);
  if (!found) return {};
  Fields fields(*found, fmt::format("'{}'", key));
  return fields.valid() ? read(fields) : Words{};
}

PromptWords read_prompt(Fields& f) {
  return {
      .head = phrase(f, "head", {"world", "persona"}),
      .knows = phrase(f, "knows", {"name", "lines"}),
      .manner = phrase(f, "manner", {"name"}),
      .line = phrase(f, "line", {"text"}),
      .first_greeting = phrase(f, "first_greeting"),
      .said_before = phrase(f, "said_before", {"lines"}),
      .now = phrase(f, "now", {"situation"}),
      .remembers = phrase(f, "remembers", {"name", "lines"}),
      .stay = phrase(f, "stay", {"name"}),
      .in_these_words = phrase(f, "in_these_words", {"name", "lines"}),
      .in_own_words = phrase(f, "in_own_words"),
      .reminded_of = phrase(f, "reminded_of", {"text"}),
  };
}

PersonWords read_person(Fields& f) {
  return {
      .speaker = phrase(f, "speaker", {"name", "age", "role", "persona", "voice"}),
      .chooser = phrase(f, "chooser", {"name", "role", "persona"}),
      .reflecting = phrase(f, "reflecting", {"world", "name", "role", "persona"}),
      .before_you_known = phrase(f, "before_you_known", {"name", "feels"}),
      .before_you_stranger = phrase(f, "before_you_stranger", {"name", "feels"}),
      .angry_with = phrase(f, "angry_with"),
      .afraid_of = phrase(f, "afraid_of"),
      .trusts = phrase(f, "trusts"),
      .likes = phrase(f, "likes"),
      .distrusts = phrase(f, "distrusts"),
      .wary_of = phrase(f, "wary_of"),
      .day = phrase(f, "day", {"name", "lines"}),
  };
}

SceneWords read_scene(Fields& f) {
  return {
      .time = phrase(f, "time", {"clock", "phase"}),
      .about = phrase(f, "about", {"hour"}),
      .weather = phrase(f, "weather", {"weather"}),
      .place = phrase(f, "place", {"name", "place"}),
      .doing = phrase(f, "doing", {"scene"}),
      .mood = phrase(f, "mood", {"name", "mood"}),
      .just_now = phrase(f, "just_now", {"text"}),
      .matters_most = phrase(f, "matters_most", {"goal"}),
  };
}

SeenWords read_seen(Fields& f) {
  return {
      .spoken_to = phrase(f, "spoken_to", {"name"}),
      .looks_at = phrase(f, "looks_at", {"player", "thing"}),
      .unnamed = phrase(f, "unnamed", {"kind"}),
      .talk = phrase(f, "talk", {"player", "name", "asked", "answer"}),
      .died = phrase(f, "died", {"name"}),
      .weather = phrase(f, "weather", {"weather"}),
      .dawn = phrase(f, "dawn"),
      .day = phrase(f, "day"),
      .dusk = phrase(f, "dusk"),
      .night = phrase(f, "night"),
  };
}

DoingWords read_doing(Fields& f) {
  return {
      .carry_on = phrase(f, "carry_on", {"activity"}),
      .keep_at_it = phrase(f, "keep_at_it", {"scene"}),
      .look_at = phrase(f, "look_at", {"name"}),
      .talks = phrase(f, "talks", {"player"}),
      .with_somebody = phrase(f, "with_somebody"),
      .dodges = phrase(f, "dodges"),
      .fights_back = phrase(f, "fights_back"),
      .stands_ground = phrase(f, "stands_ground"),
      .runs = phrase(f, "runs"),
      .dead = phrase(f, "dead"),
      .says_nothing = phrase(f, "says_nothing", {"name"}),
  };
}

// "y ies": how a word ends, and what stands there then; "* s": every word.
std::vector<ThirdPerson::Ending> endings(Fields& fields, std::string_view key) {
  std::vector<ThirdPerson::Ending> out;
  for (const Cursor& entry : fields.list(key)) {
    const auto text = entry.text("an ending");
    const auto gap = text.find(' ');
    if (gap == 0 || gap == std::string::npos || text.find(' ', gap + 1) != std::string::npos) {
      entry.problem(fmt::format("{}: '{}' is not two words", key, text),
                    "expected an ending and what stands there then, such as 'y ies'; '* s' is every word");
      continue;
    }
    const auto end = text.substr(0, gap);
    out.emplace_back(end == "*" ? "" : end, text.substr(gap + 1));
  }
  return out;
}

ThirdPerson read_third_person(Fields& f) {
  return {
      .whole = endings(f, "whole"),
      .endings = endings(f, "endings"),
      .joints = words(f, "joints"),
      .verbs = words(f, "verbs"),
      .verbs_or_things = words(f, "verbs_or_things"),
      .closes = words(f, "closes"),
  };
}

DeedWords read_deed(Fields& f) {
  return {
      .done = phrase(f, "done", {"name", "deed"}),
      .done_at = phrase(f, "done_at", {"name", "deed", "place"}),
      .something = phrase(f, "something"),
      .quoted = phrase(f, "quoted", {"text"}),
      .third_person = section(f, "third_person", read_third_person),
  };
}

ReasonWords read_reason(Fields& f) {
  return {
      .routine = phrase(f, "routine", {"clock", "activity"}),
      .time_to = phrase(f, "time_to", {"activity"}),
      .belongs_to = phrase(f, "belongs_to", {"activity"}),
      .serves = phrase(f, "serves", {"goal"}),
      .at_hand = phrase(f, "at_hand"),
      .keeps_at_it = phrase(f, "keeps_at_it"),
      .looks_about = phrase(f, "looks_about"),
      .spoken_to = phrase(f, "spoken_to", {"player"}),
      .said = phrase(f, "said", {"player", "text"}),
      .danger = phrase(f, "danger"),
      .passed = phrase(f, "passed"),
      .goal_done = phrase(f, "goal_done"),
      .find_out = phrase(f, "find_out"),
      .appeared = phrase(f, "appeared"),
      .left = phrase(f, "left"),
  };
}

RumourWords read_rumour(Fields& f) {
  return {
      .say_to = phrase(f, "say_to", {"name", "text"}),
      .keep_quiet = phrase(f, "keep_quiet"),
      .unheard = phrase(f, "unheard", {"name"}),
      .news = phrase(f, "news"),
      .joins = phrase(f, "joins"),
  };
}

VagueWords read_vague(Fields& f) {
  return {
      .numbers = words(f, "numbers"),
      .some = f.text("some"),
      .plural = words(f, "plural"),
      .singular = words(f, "singular"),
      .not_after = words(f, "not_after"),
  };
}

QuestionWords read_question(Fields& f) {
  return {
      .judge = phrase(f, "judge", {"levels"}),
      .judge_fine = phrase(f, "judge_fine"),
      .judge_violence = phrase(f, "judge_violence"),
      .judge_sexual = phrase(f, "judge_sexual"),
      .judge_language = phrase(f, "judge_language"),
      .judge_horror = phrase(f, "judge_horror"),
      .judge_drugs = phrase(f, "judge_drugs"),
      .judge_hatred = phrase(f, "judge_hatred"),
      .judge_crime = phrase(f, "judge_crime"),
  };
}

}  // namespace

std::expected<PromptTexts, std::vector<Problem>> load_prompt_texts(const std::string& file,
                                                                   const std::string& text) {
  const PackLimits limits;
  Report report(limits.problems);
  PromptTexts texts;
  if (const auto root = parse_yaml(file, text, limits, report)) {
    Fields fields(Cursor(*root, file, report), file);
    if (fields.valid()) {
      texts.language = fields.identifier("language");
      texts.prompt = section(fields, "prompt", read_prompt);
      texts.person = section(fields, "person", read_person);
      texts.scene = section(fields, "scene", read_scene);
      texts.seen = section(fields, "seen", read_seen);
      texts.doing = section(fields, "doing", read_doing);
      texts.deed = section(fields, "deed", read_deed);
      texts.reason = section(fields, "reason", read_reason);
      texts.rumour = section(fields, "rumour", read_rumour);
      texts.vague = section(fields, "vague", read_vague);
      texts.question = section(fields, "question", read_question);
    }
  }
  if (!report.empty()) return std::unexpected(report.take());
  return texts;
}

// Read once, however many packs are.
PromptTexts built_in_prompt_texts(std::string_view language) {
  static const auto all = [] {
    std::map<std::string, PromptTexts, std::less<>> all;
    for (const auto name : data_files()) {
      auto texts = load_prompt_texts(std::string(name), std::string(data_file(name)));
      TROUPE_CHECK(texts,
                   texts.error().empty() ? "no words of prompts" : to_string(texts.error()[0]).c_str());
      all.emplace(texts->language, *std::move(texts));
    }
    return all;
  }();
  const auto found = all.find(language);
  return found == all.end() ? all.at("en") : found->second;
}

}  // namespace troupe::pack

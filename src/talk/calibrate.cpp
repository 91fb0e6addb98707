#include "talk/calibrate.h"

#include <algorithm>

namespace troupe::talk {

namespace {

constexpr std::size_t kPeopleMax = 4;  // each ranks some 100 lines; more change nothing
constexpr std::size_t kRankedMax = 40;
constexpr double kQuantile = .95;
constexpr double kMargin = 0;
constexpr double kMarginMe = .02;

// A line without a person's state: nothing was spoken of.
Part plain_part(const World& world, const std::string& line) {
  const Asking& asking = world.language->asking;
  Part out;
  out.line = line;
  out.folded = fold(line);
  out.named = world.things.link(line);
  out.masked = mask(world.things, world.language->words, asking, line, out.named);
  out.is_question = is_question(asking, out.folded);
  out.kinds = kinds_of(asking, out.folded);
  out.persons = persons_of(asking, out.folded);
  const auto content = content_words(world.language->words, line);
  out.content_words = content.size();
  for (const std::string& word : content) out.stems.insert(stem(world.language->words, word));
  return out;
}

}  // namespace

Thresholds Thresholds::by_words() {
  Thresholds out;
  out.say = {.45, .50, .50, .33, .42, 1, 1, 1, 1};
  return out;
}

Thresholds calibrate(const World& world, std::span<const Person> people, const VectorTable& known,
                     const Thresholds& least, const RankTuning& tuning) {
  std::vector<std::string> lines, asked;
  for (const Intent& intent : world.language->intents) {
    if (intent.family() != "out") continue;
    asked.insert(asked.end(), intent.asks.begin(), intent.asks.end());
    // Questions about the machine are near to questions about oneself, as no others are.
    if (intent.source != Source::deflection)
      lines.insert(lines.end(), intent.asks.begin(), intent.asks.end());
  }
  people = people.first(std::min(people.size(), kPeopleMax));
  std::array<std::vector<double>, kFamilyNames.size()> reached;
  for (const Person& person : people) {
    for (const std::string& line : lines) {
      // What another of these lines is nearer to is not answered anyway.
      double out_score = 0;
      for (const std::string& other : asked) {
        if (other != line) out_score = std::max<double>(out_score, cosine(known.of(other), known.of(line)));
      }
      std::array<double, kFamilyNames.size()> best{};
      for (const Ranked& one :
           rank(world, person, plain_part(world, line), known, known, kRankedMax, tuning)) {
        double& of = best[static_cast<std::size_t>(one.ask->family)];
        if (one.score > out_score) of = std::max(of, one.score);
      }
      for (std::size_t i = 0; i < best.size(); ++i) reached[i].push_back(best[i]);
    }
  }
  Thresholds out = least;
  for (const Family family : {Family::slot, Family::self, Family::by, Family::fact, Family::me}) {
    const auto index = static_cast<std::size_t>(family);
    std::vector<double>& scores = reached[index];
    if (scores.empty()) continue;
    std::ranges::sort(scores);
    const double chance = scores[static_cast<std::size_t>(static_cast<double>(scores.size()) * kQuantile)];
    out.say[index] = std::max(out.say[index], chance + (family == Family::me ? kMarginMe : kMargin));
  }
  return out;
}

}  // namespace troupe::talk

#include "services/npc/initiative_rules.h"

#include <algorithm>

#include "base/text.h"
#include "services/npc/memory_rules.h"

namespace troupe::npc {

namespace {

constexpr double kFits = .5;        // of the words that mean something
constexpr double kFitsNamed = .25;  // of who was named
constexpr double kLead = .2;        // over what the one who was asked has

std::string letters_of(std::string_view text) {
  std::string out = " ";
  for (const char c : lower_ascii(text)) {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (letter || out.back() != ' ') out += letter ? c : ' ';
  }
  return out + " ";
}

}  // namespace

double worth_telling_a_player(double importance, double liking, double sociability) {
  return importance * std::max(0., .3 + .5 * liking + .5 * sociability);
}

double fit(std::string_view line, const Topic& topic) {
  if (topic.fact == nullptr) return overlap(line, topic.belief->text());
  return overlap(line, topic.fact->text + " " + join(topic.fact->topics, " "));
}

std::pair<const Topic*, double> best_fit(std::string_view line, std::span<const Topic> topics) {
  std::pair<const Topic*, double> best{nullptr, 0};
  for (const auto& topic : topics) {
    if (const double here = fit(line, topic); here > best.second) best = {&topic, here};
  }
  return best;
}

bool names(std::string_view line, const pack::Npc& who) {
  const std::string said = letters_of(line);
  const auto has = [&](const std::string& name) {
    const std::string word = letters_of(name);
    return word.size() >= 5 && said.find(word) != std::string::npos;
  };
  return std::ranges::any_of(split(who.name, ' '), has) || std::ranges::any_of(who.aliases, has);
}

bool joins(double mine, double theirs, bool named) {
  return named ? mine >= kFitsNamed : mine >= kFits && mine >= theirs + kLead;
}

}  // namespace troupe::npc

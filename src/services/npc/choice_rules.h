#pragma once
// What somebody would rather do: utility over goals, needs, temper, mood, novelty and supply. Pure functions;
// no clock, no bus, no SQL. Names no verb: what a verb is, the pack says (pack::natures_of, effects, goals).
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pack/query.h"
#include "rt/random.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

struct Option {
  std::string verb;  // "" = carry on with the day
  std::string text;
  std::string place;                  // where it is done or leads to
  const pack::Verb* rules = nullptr;  // of the verb
  std::string good{};                 // that it is about, where an argument says so
  // What they feel for the one that it is about: nullptr where it is about nobody.
  const pb::RelationRecord* towards = nullptr;
};
// What weighed most for it. Into words: PromptTexts::reason.
enum class Why : std::uint8_t { at_hand, time_to, belongs_to, serves };
struct Weighed {
  std::size_t option = 0;  // index into the options given
  double utility = 0;
  Why why = Why::at_hand;
  std::string about{};  // the activity or the goal
};

// Who chooses, and how things stand with them.
struct Chooser {
  const pack::Pack& pack;
  const pack::Npc& who;
  const pb::NpcRecord& record;
  const pack::RoutineEntry& routine;
  std::map<std::string, std::int64_t> items;  // goods that they carry
  std::string here;                           // the place where they are
  std::int64_t now_ms = 0;
};

// Best first; ties by index. `draw` breaks monotony by up to .1.
std::vector<Weighed> weigh(const Chooser& chooser, std::span<const Option> options, const rt::Draw& draw,
                           std::uint64_t tick);

// What a temper, an archetype and a mood lean to, each about -.4 to .4. An archetype that the pack says
// nothing about leans to the verbs that are kept for it.
double leaning(const pack::Traits& traits, pack::Nature nature);
double leaning(const pack::Pack& pack, const std::string& archetype, const pack::Verb& verb);
double leaning(pack::Mood mood, pack::Nature nature);

// ---- goals come back as needs do

// `days` have passed: what was satisfied is wanted again. A goal of the pack's priority p comes back by
// p x (.4 + 2 x decay) a day: half satisfied, within a day and a half at the most.
void goals_return(const pack::Npc& who, pb::NpcRecord& record, double days);
// A deed was done: the goals that it serves are satisfied for a while. Answers how much, 0 to 1.
double goals_served(const pack::Npc& who, pb::NpcRecord& record, const std::string& verb,
                    const std::string& here, pack::Natures natures);

// Keeps the last dozen deeds.
void remember_deed(pb::NpcRecord& record, const std::string& verb, const std::string& text,
                   std::int64_t now_ms, bool failed);

}  // namespace troupe::npc

#include "services/capabilities/verb_options.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/steady.h"
#include "pack/query.h"
#include "services/capabilities/verb_text.h"

namespace troupe::capabilities {

using pack::Condition;
using pack::ParamType;
using Values = std::vector<std::string>;

namespace {

bool wants_neighbour(const pack::Verb& verb, const pack::Param& param) {
  return std::ranges::any_of(verb.preconditions, [&](const Condition& condition) {
    return condition.kind == Condition::Kind::adjacent && !condition.negated &&
           condition.ref.kind == pack::Ref::Kind::param && condition.ref.name == param.name;
  });
}

Values places(const pack::Pack& pack, const pack::Verb& verb, const pack::Param& param,
              const Surroundings& around) {
  Values found;
  if (around.here == nullptr) return found;
  if (wants_neighbour(verb, param)) {
    for (const auto& neighbour : around.here->neighbours) found.push_back(neighbour.str());
    std::ranges::sort(found);
    return found;
  }
  // Nearest first; ties go to the smaller id.
  std::vector<std::pair<double, std::string>> by_distance;
  for (const auto& place : pack.places) {
    by_distance.emplace_back(steady_distance(place.x - around.here->x, place.y - around.here->y),
                             place.id.str());
  }
  std::ranges::sort(by_distance);
  for (auto& [metres, id] : by_distance) found.push_back(std::move(id));
  return found;
}

Values people(const pack::Pack& pack, const pack::Param& param, const Surroundings& around) {
  Values found;
  for (const auto& person : around.people) {
    if (person.place != around.actor.place || is_dead(person)) continue;
    if (param.type == ParamType::npc && person.kind != pack::ActorKind::npc) continue;
    if (param.type == ParamType::player && person.kind != pack::ActorKind::player) continue;
    found.push_back(token(pack, person));
  }
  return found;
}

// Goods that somebody here has: the actor's first.
Values goods(const pack::Pack& pack, const pack::Param& param, const Surroundings& around) {
  Values found;
  std::set<std::string> seen;
  const auto add = [&](const Person& person) {
    for (const auto& [good, count] : person.items) {
      const auto* known = pack.good(good);
      if (count > 0 && known != nullptr && fits(param, *known) && seen.insert(good).second)
        found.push_back(good);
    }
  };
  add(around.actor);
  for (const auto& person : around.people) {
    if (person.place == around.actor.place) add(person);
  }
  return found;
}

// What an NPC knows and not everybody does; of a player nobody knows here what they know, so what everybody
// does.
Values facts(const pack::Pack& pack, const Surroundings& around) {
  Values found;
  const bool npc = around.actor.kind == pack::ActorKind::npc;
  for (const auto& fact : pack.facts) {
    if (npc ? !fact.is_public && pack::knows(fact, pack::NpcId(around.actor.id)) : fact.is_public) {
      found.push_back(fact.id.str());
    }
  }
  return found;
}

bool is_person(ParamType type) {
  return type == ParamType::npc || type == ParamType::player || type == ParamType::person;
}

// Who is `towards` comes first.
Values candidates(const pack::Pack& pack, const pack::Verb& verb, const pack::Param& param,
                  const Surroundings& around, const std::string& towards, const Limits& limits) {
  Values found;
  switch (param.type) {
    case ParamType::place:
      found = places(pack, verb, param, around);
      break;
    case ParamType::npc:
    case ParamType::player:
    case ParamType::person:
      found = people(pack, param, around);
      break;
    case ParamType::item:
      found = goods(pack, param, around);
      break;
    case ParamType::feature:
      for (const auto& thing : around.things) {
        if (thing.kind == param.feature_kind && thing.place == around.actor.place) found.push_back(thing.id);
      }
      break;
    case ParamType::fact:
      found = facts(pack, around);
      break;
    case ParamType::text:
      found = {kAnyText};
      break;
    case ParamType::number:
      found = {"1"};
      break;
  }
  if (const auto whom = std::ranges::find(found, towards); is_person(param.type) && whom != found.end())
    std::rotate(found.begin(), whom, whom + 1);
  if (found.size() > limits.candidates_max) found.resize(limits.candidates_max);
  return found;
}

bool needs_text(const pack::Verb& verb) {
  return std::ranges::any_of(
      verb.params, [](const pack::Param& param) { return param.required && param.type == ParamType::text; });
}

bool speaks_of_params(const Condition& condition) {
  return condition.ref.kind == pack::Ref::Kind::param || condition.who.kind == pack::Ref::Kind::param ||
         !condition.amount.param.empty();
}

// Goes through the combinations of a verb's required parameters, the last one fastest.
class Combinations {
 public:
  explicit Combinations(std::vector<std::pair<std::string, Values>> params) : params_(std::move(params)) {
    at_.resize(params_.size());
  }
  bool empty() const {
    return std::ranges::any_of(params_, [](const auto& param) { return param.second.empty(); });
  }
  Args args() const {
    Args made;
    for (std::size_t i = 0; i < params_.size(); ++i) made[params_[i].first] = params_[i].second[at_[i]];
    return made;
  }
  bool next() {
    for (std::size_t i = params_.size(); i-- > 0;) {
      if (++at_[i] < params_[i].second.size()) return true;
      at_[i] = 0;
    }
    return false;
  }

 private:
  std::vector<std::pair<std::string, Values>> params_;
  std::vector<std::size_t> at_;
};

using ParamValues = std::vector<std::pair<std::string, Values>>;

void add_legal(const pack::Pack& pack, const pack::Verb& verb, const Surroundings& around, ParamValues params,
               std::size_t most, const Limits& limits, std::vector<Option>& options) {
  Combinations combinations(std::move(params));
  if (combinations.empty()) return;
  std::size_t made = 0;
  for (std::size_t tried = 0; tried < limits.combinations_max && made < most; ++tried) {
    if (auto judged = judge(pack, verb, combinations.args(), around, limits)) {
      options.push_back({&verb, judged->bound.args, option_text(pack, judged->bound)});
      ++made;
    }
    if (!combinations.next()) break;
  }
}

// What is done to `towards` first, as much as there is.
void add_options(const pack::Pack& pack, const pack::Verb& verb, const Surroundings& around, std::size_t most,
                 const Limits& limits, std::vector<Option>& options, const std::string& towards = {}) {
  if (is_dead(around.actor) || !check_actor(pack, verb, around.actor)) return;
  // What does not hang on an argument is asked once.
  const Bound nothing{.verb = &verb};
  for (const auto& condition : verb.preconditions) {
    if (!speaks_of_params(condition) && !check(pack, condition, nothing, around)) return;
  }
  ParamValues params;
  std::optional<std::size_t> whom;
  for (const auto& param : verb.params) {
    if (!param.required) continue;
    params.emplace_back(param.name, candidates(pack, verb, param, around, towards, limits));
    const auto& values = params.back().second;
    if (!whom && !towards.empty() && is_person(param.type) && !values.empty() && values.front() == towards)
      whom = params.size() - 1;
  }
  if (whom) {
    auto theirs = params;
    theirs[*whom].second = {towards};
    add_legal(pack, verb, around, std::move(theirs), limits.options_towards_max, limits, options);
    std::erase(params[*whom].second, towards);
  }
  add_legal(pack, verb, around, std::move(params), most, limits, options);
}

using nlohmann::ordered_json;

ordered_json param_schema(const pack::Param& param, const std::set<std::string>& values,
                          const Limits& limits) {
  if (param.type == ParamType::text)
    return {{"type", "string"}, {"minLength", 1}, {"maxLength", limits.arg_bytes_max / 4}};
  if (param.type == ParamType::number) return {{"type", "string"}, {"pattern", "^[1-9][0-9]{0,5}$"}};
  return {{"enum", values}};
}

ordered_json verb_schema(const pack::Verb& verb, const std::map<std::string, std::set<std::string>>& values,
                         const Limits& limits) {
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (const auto& param : verb.params) {
    const auto found = values.find(param.name);
    if (found == values.end()) continue;  // optional: left to the executor's caller
    properties[param.name] = param_schema(param, found->second, limits);
    required.push_back(param.name);
  }
  const ordered_json args = {{"type", "object"},
                             {"properties", properties},
                             {"required", required},
                             {"additionalProperties", false}};
  return {{"type", "object"},
          {"properties", {{"verb", {{"const", verb.id.str()}}}, {"args", args}}},
          {"required", {"verb", "args"}},
          {"additionalProperties", false}};
}

}  // namespace

std::vector<Option> legal_options(const pack::Pack& pack, const Surroundings& around, std::size_t limit,
                                  const Limits& limits, const std::string& towards, TextVerbs texts) {
  std::vector<std::vector<Option>> of_verbs;
  for (const auto& verb : pack.verbs) {
    if (texts == TextVerbs::left_out && needs_text(verb)) continue;
    add_options(pack, verb, around, limits.options_per_verb_max, limits, of_verbs.emplace_back(), towards);
  }
  // Where there are too many, each verb gives up of what it has beyond its share: none is hidden by those before it.
  std::size_t share = limit;
  const auto taken = [&] {
    std::size_t sum = 0;
    for (const auto& options : of_verbs) sum += std::min(options.size(), share);
    return sum;
  };
  while (share > 1 && taken() > limit) --share;
  std::vector<Option> options;
  for (auto& of_verb : of_verbs) {
    for (std::size_t i = 0; i < of_verb.size() && i < share && options.size() < limit; ++i)
      options.push_back(std::move(of_verb[i]));
  }
  return options;
}

std::string grammar(const pack::Pack& pack, const Surroundings& around, const Limits& limits) {
  ordered_json any = ordered_json::array();
  for (const auto& verb : pack.verbs) {
    std::vector<Option> options;
    add_options(pack, verb, around, limits.combinations_max, limits, options);
    if (options.empty()) continue;
    std::map<std::string, std::set<std::string>> values;
    for (const auto& option : options) {
      for (const auto& [name, value] : option.args) values[name].insert(value);
    }
    any.push_back(verb_schema(verb, values, limits));
  }
  // Nothing can be done: nothing but null fits.
  const ordered_json schema = any.empty() ? ordered_json{{"type", "null"}} : ordered_json{{"oneOf", any}};
  return schema.dump();
}

}  // namespace troupe::capabilities

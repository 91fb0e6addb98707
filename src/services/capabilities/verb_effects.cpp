// Effects: what becomes of people and things. Nothing is made of nothing but what the pack says, and nobody
// ends with less than nothing, whether or not the preconditions thought of it.
#include <fmt/format.h>

#include "services/capabilities/verb_text.h"

namespace troupe::capabilities {

using pack::Effect;

namespace {

constexpr std::int64_t kMost = 1'000'000'000;  // of a good or of money: far from every overflow

class Doing {
 public:
  Doing(const pack::Pack& pack, const Bound& bound, const Surroundings& around)
      : pack_(pack), bound_(bound), around_(around) {}

  Result<void> apply(const Effect& effect);
  Outcome finish() {
    for (auto& [key, person] : people_) out_.people.push_back(std::move(person));
    for (auto& [id, thing] : things_) out_.things.push_back(std::move(thing));
    return std::move(out_);
  }

 private:
  // As they are after the effects so far.
  Person& changing(const Person& person) {
    return people_.try_emplace(relation_key(person), person).first->second;
  }
  Thing& changing(const Thing& thing) { return things_.try_emplace(thing.id, thing).first->second; }
  const Person* person(const std::optional<pack::Ref>& ref) const {
    return ref ? person_of(*ref, bound_, around_) : nullptr;
  }
  bool is_left_out(const std::optional<pack::Ref>& ref) const { return ref && left_out(*ref, bound_); }

  Result<void> move(const Effect& effect);
  Result<void> set(const Effect& effect);
  Result<void> give(const Effect& effect);
  Result<void> pay(const Effect& effect);
  Result<void> feel(const Effect& effect);
  Result<void> tell(const Effect& effect);
  Result<void> take_good(const Person& from, const std::string& good, std::int64_t count);

  const pack::Pack& pack_;
  const Bound& bound_;
  const Surroundings& around_;
  std::map<std::string, Person> people_;
  std::map<std::string, Thing> things_;
  Outcome out_;
};

Result<void> Doing::move(const Effect& effect) {
  out_.moved_to = word_of(effect.ref, bound_);
  // A player is there; an NPC sets out, and arrives when the npc service has walked them there.
  if (around_.actor.kind == pack::ActorKind::player) changing(around_.actor).place = out_.moved_to;
  return {};
}

Result<void> Doing::set(const Effect& effect) {
  if (const Person* who = person_of(effect.ref, bound_, around_)) {
    changing(*who).state[effect.key] = effect.value;
    return {};
  }
  const Thing* thing = thing_of(effect.ref, bound_, around_);
  if (thing == nullptr) return not_possible(fmt::format("there is no {} here", effect.ref.name));
  changing(*thing).state[effect.key] = effect.value;
  return {};
}

Result<void> Doing::take_good(const Person& from, const std::string& good, std::int64_t count) {
  Person& giver = changing(from);
  auto& has = giver.items[good];
  if (has < count) return not_possible(too_few(pack_, from, good, has, count, around_));
  has -= count;
  return {};
}

Result<void> Doing::give(const Effect& effect) {
  const std::string good = word_of(effect.ref, bound_);
  const auto count = amount_of(pack_, effect.amount, {}, bound_, around_);
  if (const Person* from = person(effect.from)) TRY_VOID(take_good(*from, good, count));
  if (effect.kind == Effect::Kind::take) return {};
  const Person* to = person(effect.to);
  if (to == nullptr) return {};
  auto& has = changing(*to).items[good];
  if (has > kMost - count)
    return not_possible(fmt::format("{} cannot carry more {}", to->name, good_name(pack_, good)));
  has += count;
  return {};
}

Result<void> Doing::pay(const Effect& effect) {
  const auto sum = amount_of(pack_, effect.amount, effect.ref, bound_, around_);
  if (const Person* from = person(effect.from)) {
    Person& payer = changing(*from);
    if (payer.money < sum) return not_possible(too_poor(pack_, *from, payer.money, sum, around_));
    payer.money -= sum;
  }
  if (const Person* to = person(effect.to)) {
    Person& paid = changing(*to);
    if (paid.money > kMost - sum) return not_possible(fmt::format("{} cannot take more money", paid.name));
    paid.money += sum;
  }
  return {};
}

Result<void> Doing::feel(const Effect& effect) {
  const Person* who = person_of(effect.ref, bound_, around_);
  // Players feel what they like; nobody books it.
  if (who == nullptr || who->kind == pack::ActorKind::player) return {};
  out_.relations.push_back({who->id, around_.actor.id, effect.key, effect.amount.number});
  return {};
}

Result<void> Doing::tell(const Effect& effect) {
  const std::string id = word_of(effect.ref, bound_);
  const auto* fact = pack_.fact(id);
  const Person* to = person(effect.to);
  if (fact == nullptr || to == nullptr) return {};
  TRY_VOID(check_tell(pack_, *fact, *to, around_));
  out_.told.emplace_back(id, relation_key(*to));
  return {};
}

Result<void> Doing::apply(const Effect& effect) {
  if (left_out(effect.ref, bound_) || is_left_out(effect.from) || is_left_out(effect.to)) return {};
  switch (effect.kind) {
    case Effect::Kind::move:
      return move(effect);
    case Effect::Kind::set:
      return set(effect);
    case Effect::Kind::give:
    case Effect::Kind::take:
      return give(effect);
    case Effect::Kind::pay:
      return pay(effect);
    case Effect::Kind::relation:
      return feel(effect);
    case Effect::Kind::event:
      out_.raised.push_back(effect.text);
      return {};
    case Effect::Kind::tell:
      return tell(effect);
  }
  return {};
}

}  // namespace

Result<Outcome> outcome(const pack::Pack& pack, const Bound& bound, const Surroundings& around) {
  Doing doing(pack, bound, around);
  for (const auto& effect : bound.verb->effects) TRY_VOID(doing.apply(effect));
  return doing.finish();
}

}  // namespace troupe::capabilities

// verbs.yaml: what can be done, when, and what comes of it, in a language of a dozen typed forms.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

constexpr double kCountMax = 1'000'000;

// Reads the conditions and effects of one verb; knows the verb's parameters.
class VerbReader {
 public:
  VerbReader(Verb& verb, Draft& draft) : verb_(verb), draft_(draft) {
    for (const Param& param : verb.params) names_.push_back(param.name);
  }

  Condition condition(const Cursor& item);
  Effect effect(const Cursor& item);
  void check_text(const Cursor& cursor, const std::string& text) const;

 private:
  using Types = std::vector<ParamType>;
  const Types kPeople{ParamType::npc, ParamType::player, ParamType::person};

  const Param* param(std::string_view name) const {
    const auto found = std::ranges::find_if(verb_.params, [&](const Param& p) { return p.name == name; });
    return found == verb_.params.end() ? nullptr : &*found;
  }

  Ref ref(const Cursor& cursor, std::string_view what, const Types& types, std::optional<Thing> literal,
          bool self);
  Ref ref_or_self(Fields& fields, std::string_view key);
  std::optional<Ref> optional_person(Fields& fields, std::string_view key);
  Amount amount(const Cursor& cursor, std::string_view what, double low, bool may_be_price);
  Amount count(Fields& fields);
  void price_of(Fields& fields, const Amount& amount, Ref& good);
  void state(const Cursor& cursor, Ref& subject, std::string& key, const std::optional<Cursor>& value_at,
             Value& value);
  std::string feature_kind(const Cursor& cursor);
  std::vector<std::string> names(const Cursor& cursor, std::string_view what,
                                 std::span<const std::string_view> all);

  void read(Condition& out, Fields& fields, std::string_view form, const Cursor& value);
  void read(Effect& out, Fields& fields, std::string_view form, const Cursor& value);

  Verb& verb_;
  Draft& draft_;
  std::vector<std::string> names_;
};

// A word is the actor ('self', where that makes sense), a parameter of a fitting type, or the name of a
// thing.
Ref VerbReader::ref(const Cursor& cursor, std::string_view what, const Types& types,
                    std::optional<Thing> literal, bool self) {
  const std::string name = cursor.identifier(what);
  if (name.empty()) return {};
  if (self && name == "self") return {Ref::Kind::self, name};
  if (const Param* found = param(name)) {
    if (std::ranges::find(types, found->type) == types.end()) {
      std::vector<std::string_view> wanted;
      for (const ParamType type : types) wanted.push_back(name_of(type));
      cursor.problem(fmt::format("'{}' is a parameter of type {}", name, name_of(found->type)),
                     one_of(wanted));
    }
    return {Ref::Kind::param, name};
  }
  std::vector<std::string> also = names_;
  if (self) also.emplace_back("self");
  if (literal) {
    draft_.refer(*literal, name, cursor.at(), also);
  } else {
    cursor.problem(fmt::format("'{}' is no parameter of verb '{}'", name, verb_.id),
                   nearest_or_list(name, also));
  }
  return {Ref::Kind::literal, name};
}

Ref VerbReader::ref_or_self(Fields& fields, std::string_view key) {
  return optional_person(fields, key).value_or(Ref{Ref::Kind::self, "self"});
}

std::optional<Ref> VerbReader::optional_person(Fields& fields, std::string_view key) {
  const auto found = fields.optional(key);
  if (!found) return std::nullopt;
  return ref(*found, key, kPeople, std::nullopt, true);
}

Amount VerbReader::amount(const Cursor& cursor, std::string_view what, double low, bool may_be_price) {
  Amount out;
  const std::string& word = cursor.node().text;
  cursor.note(may_be_price ? "`price`" : "a parameter of type number");
  if (cursor.node().kind == Node::Kind::scalar && is_identifier(word)) {
    if (may_be_price && word == "price") {
      out.price = true;
      return out;
    }
    out.param = ref(cursor, what, {ParamType::number}, std::nullopt, false).name;
    return out;
  }
  out.number = cursor.number(what, low, kCountMax);
  return out;
}

Amount VerbReader::count(Fields& fields) {
  const auto found = fields.optional("count");
  return found ? amount(*found, "count", 1, false) : Amount{};
}

void VerbReader::price_of(Fields& fields, const Amount& money, Ref& good) {
  const auto of = money.price ? fields.required("of") : fields.optional("of");
  if (of) good = ref(*of, "of", {ParamType::item}, Thing::good, false);
}

std::string VerbReader::feature_kind(const Cursor& cursor) {
  std::string kind = cursor.identifier("a kind of feature");
  draft_.refer(Thing::feature_kind, kind, cursor.at());
  return kind;
}

// `lamp.lit`: of a parameter, of the actor, or of the feature of that kind where the actor stands.
void VerbReader::state(const Cursor& cursor, Ref& subject, std::string& key,
                       const std::optional<Cursor>& value_at, Value& value) {
  const std::vector<std::string> parts = split(cursor.text("state"), '.');
  if (parts.size() != 2 || !is_identifier(parts[0]) || !is_identifier(parts[1])) {
    cursor.problem(fmt::format("state is {}", shown(cursor.node().text)),
                   "expected 'thing.key', as in 'lamp.lit'");
    return;
  }
  key = parts[1];
  if (value_at) value = value_at->value("the value");
  const Param* found = param(parts[0]);
  subject = {found != nullptr ? Ref::Kind::param : Ref::Kind::literal, parts[0]};
  if (found != nullptr) {
    if (found->type == ParamType::feature)
      draft_.state_keys.push_back({found->feature_kind, key, value, cursor.at()});
    return;
  }
  if (parts[0] == "self") {
    subject = {Ref::Kind::self, "self"};
    return;
  }
  std::vector<std::string> also = names_;
  also.emplace_back("self");
  draft_.refer(Thing::feature_kind, parts[0], cursor.at(), also);
  draft_.state_keys.push_back({parts[0], key, value, cursor.at()});
}

std::vector<std::string> VerbReader::names(const Cursor& cursor, std::string_view what,
                                           std::span<const std::string_view> all) {
  std::vector<std::string> out;
  if (cursor.node().kind == Node::Kind::list) {
    for (const Cursor& item : cursor.list(what)) {
      if (const auto index = item.choice(what, all)) out.emplace_back(all[*index]);
    }
  } else if (const auto index = cursor.choice(what, all)) {
    out.emplace_back(all[*index]);
  }
  return out;
}

constexpr std::array<std::string_view, 11> kConditionForms{"at_place", "at_feature", "adjacent", "has",
                                                           "near",     "state",      "phase",    "weather",
                                                           "relation", "money",      "indoors"};

// Which of the forms this mapping is: the one whose key it has.
template <std::size_t N>
std::optional<std::size_t> form_of(const Cursor& item, const std::array<std::string_view, N>& forms,
                                   std::string_view what) {
  for (std::size_t i = 0; i < N; ++i) {
    if (item.find(forms[i])) return i;
  }
  std::string expected = one_of(forms);
  for (const Node& key : item.node().keys) {
    const std::vector<std::string> candidates(forms.begin(), forms.end());
    if (const std::string near = nearest(key.text, candidates); !near.empty()) {
      expected = fmt::format("did you mean '{}'?", near);
    }
  }
  item.problem(fmt::format("this is no {}", what), expected);
  return std::nullopt;
}

void VerbReader::read(Condition& out, Fields& fields, std::string_view form, const Cursor& value) {
  switch (out.kind) {
    case Condition::Kind::at_place:
    case Condition::Kind::adjacent:
      out.ref = ref(value, form, {ParamType::place}, Thing::place, false);
      break;
    case Condition::Kind::at_feature:
      out.text = feature_kind(value);
      break;
    case Condition::Kind::has:
      out.ref = ref(value, form, {ParamType::item}, Thing::good, false);
      out.amount = count(fields);
      out.who = ref_or_self(fields, "who");
      break;
    case Condition::Kind::near:
      out.ref = ref(value, form, {ParamType::npc, ParamType::player, ParamType::person, ParamType::feature},
                    std::nullopt, false);
      break;
    case Condition::Kind::state:
      state(value, out.ref, out.key, fields.required("equals"), out.value);
      break;
    case Condition::Kind::phase:
      out.names = names(value, form, kPhaseNames);
      break;
    case Condition::Kind::weather:
      out.names = names(value, form, kWeatherNames);
      break;
    case Condition::Kind::relation:
      if (const auto index = value.choice("a feeling", kFeelingNames)) out.key = kFeelingNames[*index];
      if (const auto of = fields.required("of")) out.ref = ref(*of, "of", kPeople, std::nullopt, false);
      out.amount.number = fields.number("at_least", 0, 1);
      break;
    case Condition::Kind::money:
      out.amount = amount(value, form, 0, true);
      out.who = ref_or_self(fields, "who");
      price_of(fields, out.amount, out.ref);
      break;
    case Condition::Kind::indoors:
      if (!value.boolean(form)) out.negated = !out.negated;
      break;
  }
}

Condition VerbReader::condition(const Cursor& item) {
  Condition out;
  if (const auto inner = item.find("not")) {
    Fields fields(item, "a negation");
    if (const auto negated = fields.required("not")) negated->note("a condition");
    out = condition(*inner);
    out.negated = !out.negated;
    out.at = item.at();
    return out;
  }
  out.at = item.at();
  const auto form = form_of(item, kConditionForms, "condition");
  if (!form) return out;
  out.kind = static_cast<Condition::Kind>(*form);
  Fields fields(item, fmt::format("the condition '{}'", kConditionForms[*form]));
  if (const auto value = fields.required(kConditionForms[*form]))
    read(out, fields, kConditionForms[*form], *value);
  return out;
}

void VerbReader::read(Effect& out, Fields& fields, std::string_view form, const Cursor& value) {
  switch (out.kind) {
    case Effect::Kind::move:
      out.ref = ref(value, form, {ParamType::place}, Thing::place, false);
      break;
    case Effect::Kind::set:
      state(value, out.ref, out.key, fields.required("to"), out.value);
      break;
    case Effect::Kind::give:
      out.ref = ref(value, form, {ParamType::item}, Thing::good, false);
      out.amount = count(fields);
      out.from = optional_person(fields, "from");
      out.to = ref_or_self(fields, "to");
      break;
    case Effect::Kind::take:
      out.ref = ref(value, form, {ParamType::item}, Thing::good, false);
      out.amount = count(fields);
      out.from = ref_or_self(fields, "from");
      break;
    case Effect::Kind::pay:
      out.amount = amount(value, form, 0, true);
      price_of(fields, out.amount, out.ref);
      out.from = optional_person(fields, "from");
      out.to = optional_person(fields, "to");
      if (!out.from && !out.to)
        fields.cursor().problem("nobody pays and nobody is paid", "expected 'from' or 'to'");
      break;
    case Effect::Kind::relation:
      if (const auto index = value.choice("a feeling", kFeelingNames)) out.key = kFeelingNames[*index];
      if (const auto of = fields.required("of")) out.ref = ref(*of, "of", kPeople, std::nullopt, false);
      out.amount.number = fields.number("by", -1, 1);
      break;
    case Effect::Kind::event:
      out.text = value.text("event");
      if (!out.text.empty() &&
          (out.text[0] < 'A' || out.text[0] > 'Z' ||
           !std::ranges::all_of(out.text, [](unsigned char c) { return std::isalnum(c) != 0; }))) {
        value.problem(fmt::format("event is {}", shown(out.text)),
                      "expected PascalCase in the past tense: 'BellRung'");
      }
      break;
    case Effect::Kind::tell:
      out.ref = ref(value, form, {ParamType::fact}, Thing::fact, false);
      if (const auto to = fields.required("to")) out.to = ref(*to, "to", kPeople, std::nullopt, false);
      break;
  }
}

Effect VerbReader::effect(const Cursor& item) {
  Effect out;
  out.at = item.at();
  const auto form = form_of(item, kEffectKindNames, "effect");
  if (!form) return out;
  out.kind = static_cast<Effect::Kind>(*form);
  Fields fields(item, fmt::format("the effect '{}'", kEffectKindNames[*form]));
  if (const auto value = fields.required(kEffectKindNames[*form]))
    read(out, fields, kEffectKindNames[*form], *value);
  return out;
}

void VerbReader::check_text(const Cursor& cursor, const std::string& text) const {
  for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    const std::string name = close == std::string::npos ? "" : text.substr(open + 1, close - open - 1);
    if (param(name) == nullptr) {
      cursor.problem(fmt::format("'{{{}}}' is no parameter of verb '{}'", name, verb_.id),
                     nearest_or_list(name, names_));
    }
  }
}

void read_param(const Cursor& item, Verb& verb, Draft& draft) {
  Fields fields(item, "a parameter");
  Param param;
  param.at = item.at();
  param.name = fields.identifier("name");
  param.required = fields.boolean_or("required", true);
  if (const auto type = fields.required("type")) {
    const std::string name = type->identifier("type");
    const auto found = find_name<ParamType>(kParamTypeNames, name);
    param.type = found.value_or(ParamType::feature);
    if (!found) {  // a kind of feature: `lamp`
      param.feature_kind = name;
      draft.refer(Thing::feature_kind, name, type->at(), {kParamTypeNames.begin(), kParamTypeNames.end()});
    } else if (*found == ParamType::feature) {
      type->problem("type is 'feature'", "expected which kind of feature, such as 'lamp'");
    }
  }
  if (const auto kind = fields.optional("kind")) {
    param.good_kind = kind->identifier("kind");
    if (param.type == ParamType::item) {
      draft.refer(Thing::good_kind, param.good_kind, kind->at());
    } else {
      kind->problem("'kind' says which goods fit", "expected it on a parameter of type item");
    }
  }
  if (param.name == "self" || param.name == "price") {
    item.problem(fmt::format("'{}' means something else in a verb", param.name), "expected another name");
  }
  draft.define(fmt::format("parameter of '{}'", verb.id), param.name, param.at);
  verb.params.push_back(std::move(param));
}

void read_verb(const Cursor& item, Draft& draft) {
  Fields fields(item, "a verb");
  Verb verb;
  verb.at = item.at();
  verb.id = VerbId(fields.identifier("id"));
  fields.rename(fmt::format("verb '{}'", verb.id));
  for (const Cursor& param : fields.list_or("params")) read_param(param, verb, draft);
  VerbReader reader(verb, draft);
  if (const auto text = fields.required("text")) {
    verb.text = text->text("text");
    reader.check_text(*text, verb.text);
  }
  if (const auto does = fields.optional("does")) {
    verb.does = does->text("does");
    reader.check_text(*does, verb.does);
  }
  for (const Cursor& part : fields.list_or("preconditions"))
    verb.preconditions.push_back(reader.condition(part));
  for (const Cursor& part : fields.list("effects")) verb.effects.push_back(reader.effect(part));
  verb.duration_minutes = static_cast<int>(fields.whole("minutes", 0, 24 * 60));
  verb.asks = fields.boolean_or("asks", true);
  verb.wishes = read_short_texts(fields.list_or("wishes"), "a wish");
  if (const auto trust = fields.optional("trust_at_least"))
    verb.trust_at_least = trust->number("trust_at_least", 0, 1);
  for (const Cursor& who : fields.list("who")) {
    if (const auto index = who.choice("who", kActorKindNames))
      verb.who.push_back(static_cast<ActorKind>(*index));
  }
  for (const Cursor& archetype : fields.list_or("archetypes")) {
    verb.archetypes.push_back(archetype.identifier("an archetype"));
    draft.refer(Thing::archetype, verb.archetypes.back(), archetype.at());
  }
  read_meaning(fields, verb);
  draft.define("verb", verb.id.str(), verb.at);
  draft.pack.verbs.push_back(std::move(verb));
}

}  // namespace

void read_verbs(const Cursor& root, Draft& draft) {
  Fields fields(root, "verbs.yaml");
  for (const Cursor& item : fields.list("verbs")) read_verb(item, draft);
  read_wears(fields, draft);
  read_archetypes(fields, draft);
}

}  // namespace troupe::pack

#include "talk/acting.h"

#include <algorithm>

#include "pack/query.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

using pack::Effect;
using pack::ParamType;
using pack::Ref;

bool is_self(const Ref& ref) { return ref.kind == Ref::Kind::self; }

const pack::Param* param_of(const pack::Verb& verb, const Ref& ref) {
  if (ref.kind != Ref::Kind::param) return nullptr;
  const auto found = std::ranges::find(verb.params, ref.name, &pack::Param::name);
  return found == verb.params.end() ? nullptr : &*found;
}

bool is_person(ParamType type) {
  return type == ParamType::person || type == ParamType::npc || type == ParamType::player;
}

bool is_person(const pack::Verb& verb, const std::optional<Ref>& ref) {
  const auto* param = ref ? param_of(verb, *ref) : nullptr;
  return param != nullptr && is_person(param->type);
}

bool has(const pack::Verb& verb, Effect::Kind kind, const auto& fits) {
  return std::ranges::any_of(verb.effects, [&](const Effect& e) { return e.kind == kind && fits(e); });
}

std::vector<Synonyms> read_synonyms(const pack::Cursor& cursor) {
  std::vector<Synonyms> out;
  for (const pack::Cursor& row : cursor.list("synonyms")) {
    pack::Fields fields(row, "synonyms");
    if (!fields.valid()) continue;
    Synonyms made;
    if (const auto deed = fields.optional("deed")) {
      if (const auto index = deed->choice("deed", kDeedNames)) made.deed = static_cast<Deed>(*index);
    }
    made.of = optional_texts(fields, "of");
    made.says = required_texts(fields, "says");
    if (!made.deed && made.of.empty())
      row.problem("these synonyms are of nothing", "expected 'of: [the words of a verb]' or 'deed: a kind'");
    out.push_back(std::move(made));
  }
  return out;
}

std::vector<NoRequest> read_never(const pack::Cursor& cursor) {
  std::vector<NoRequest> out;
  for (const pack::Cursor& row : cursor.list("never")) {
    pack::Fields fields(row, "a form that is no request");
    if (!fields.valid()) continue;
    NoRequest made;
    if (const auto form = fields.required("form")) made.forms = read_patterns(*form, "form");
    if (const auto unless = fields.optional("unless")) made.unless = read_patterns(*unless, "unless");
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace

Deed deed_of(const pack::Verb& verb) {
  const auto natures = pack::natures_of(verb);
  const auto is = [&](pack::Nature nature) { return (natures & pack::bit(nature)) != 0; };
  const auto from_me_to_them = [&](const Effect& e) {
    return e.from && is_self(*e.from) && is_person(verb, e.to);
  };
  const auto from_them_to_me = [&](const Effect& e) {
    return is_person(verb, e.from) && e.to && is_self(*e.to);
  };
  if (has(verb, Effect::Kind::give, from_me_to_them))
    return has(verb, Effect::Kind::pay, from_them_to_me) ? Deed::sell : Deed::give;
  if (is(pack::Nature::harm)) return Deed::harm;
  if (has(verb, Effect::Kind::move, [](const Effect&) { return true; })) return Deed::go;
  const bool with_somebody =
      std::ranges::any_of(verb.params, [](const auto& p) { return is_person(p.type); });
  if (with_somebody && (is(pack::Nature::travel) || is(pack::Nature::explore))) return Deed::join;
  if (with_somebody) return Deed::other;
  if (is(pack::Nature::rest)) return Deed::rest;
  const bool uses_up = has(verb, Effect::Kind::take, [&](const Effect& e) {
    const auto* good = param_of(verb, e.ref);
    return good != nullptr && good->type == ParamType::item && (!e.from || is_self(*e.from));
  });
  return uses_up ? Deed::eat : Deed::other;
}

Acting read_acting(const pack::Cursor& cursor) {
  Acting out;
  pack::Fields fields(cursor, "acting");
  if (!fields.valid()) return out;
  const auto patterns = [&](std::string_view key, Patterns& into) {
    if (const auto found = fields.optional(key)) into = read_patterns(*found, key);
  };
  out.fillers = optional_words(fields, "fillers");
  out.joins = optional_words(fields, "joins");
  out.sends = optional_words(fields, "sends");
  patterns("asks", out.asks);
  patterns("asks_apart", out.asks_apart);
  if (const auto never = fields.optional("never")) out.never = read_never(*never);
  patterns("reports", out.reports);
  patterns("negative", out.negative);
  out.negates_behind = fields.boolean_or("negates_behind", false);
  patterns("unlikely", out.unlikely);
  patterns("jests", out.jests);
  patterns("buying", out.buying);
  patterns("giving", out.giving);
  patterns("having", out.having);
  patterns("paying", out.paying);
  patterns("poor", out.poor);
  patterns("wanting", out.wanting);
  patterns("together", out.together);
  out.verb_last = fields.boolean_or("verb_last", false);
  out.particles = optional_words(fields, "particles");
  out.light = optional_words(fields, "light");
  out.prepositions = optional_words(fields, "prepositions");
  out.pronouns = optional_words(fields, "pronouns");
  out.counts = optional_words(fields, "counts");
  out.ways = optional_words(fields, "ways");
  out.verb_endings = optional_words(fields, "verb_endings");
  out.speech = optional_words(fields, "speech");
  if (const auto synonyms = fields.optional("synonyms")) out.synonyms = read_synonyms(*synonyms);
  if (const auto phrases = fields.optional("phrases")) {
    static constexpr std::array<std::string_view, 1> kDeed{"deed"};
    out.phrases = read_templates(*phrases, "phrases", kDeed);
  }
  out.speaker = fields.text_or("speaker", "");
  out.function_words = optional_words(fields, "function_words");
  return out;
}

bool forbids(const NoRequest& rule, std::string_view folded) {
  return rule.forms.find_any(folded) && !rule.unless.find_any(folded);
}

}  // namespace troupe::talk

#include "talk/intents.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "talk/reading.h"

namespace troupe::talk {

namespace {

// One letter in braces, by the kind of thing.
constexpr std::array<std::pair<std::string_view, Slot>, 5> kSlots{{{"P", Slot::person},
                                                                   {"L", Slot::place},
                                                                   {"G", Slot::good},
                                                                   {"F", Slot::festival},
                                                                   {"C", Slot::faction}}};
constexpr std::array<std::string_view, 1> kWhoNames{"leader"};
constexpr std::array<std::string_view, 6> kAskNames{"P", "L", "G", "F", "C", "coin"};

Slot slot_of(const pack::Cursor& cursor, const std::string& ask) {
  check_placeholders(cursor, ask, kAskNames);
  for (const std::string& name : placeholders(ask)) {
    for (const auto& [letter, slot] : kSlots) {
      if (name == letter) return slot;
    }
  }
  return Slot::none;
}

// Asks of one intent may be about one kind of thing, and some of them about none.
void read_asks(pack::Fields& fields, Intent& intent) {
  const auto found = fields.optional("asks");
  if (!found) return;  // other rules name it: asks are made of the pack
  for (const pack::Cursor& item : found->list("asks")) {
    intent.asks.push_back(item.text("an ask"));
    const Slot slot = slot_of(item, intent.asks.back());
    if (slot == Slot::none) continue;
    if (intent.slot != Slot::none && intent.slot != slot)
      item.problem(fmt::format("'{}' asks for two kinds of things", intent.id),
                   "expected one kind in braces");
    intent.slot = slot;
  }
}

void read_forms(pack::Fields& fields, Intent& intent) {
  const auto found = fields.optional("says");
  if (!found) return;
  const auto names = form_names();
  const auto is_form = [](const pack::Cursor& item) { return item.node().kind == pack::Node::Kind::map; };
  const bool is_list = found->node().kind == pack::Node::Kind::list;
  const auto items = is_list ? found->list("says") : std::vector<pack::Cursor>();
  if (!std::ranges::any_of(items, is_form)) {
    intent.forms.push_back({"", read_templates(*found, "says", names), {}});
    return;
  }
  for (const pack::Cursor& item : items) {
    pack::Fields form_fields(item, "a form");
    Form form;
    if (const auto when = form_fields.optional("when")) {
      if (const auto index = when->choice("when", kConditionNames)) form.when = kConditionNames[*index];
    }
    if (const auto line = form_fields.optional("line")) {
      if (const auto index = line->choice("line", pack::kLineKindNames))
        form.line = static_cast<pack::LineKind>(*index);
    }
    if (const auto say = form_fields.required("say")) form.says = read_templates(*say, "say", names);
    intent.forms.push_back(std::move(form));
  }
}

Intent read_intent(const pack::Cursor& cursor) {
  pack::Fields fields(cursor, "an intent");
  Intent intent;
  if (const auto id = fields.required("id")) {
    intent.id = id->text("id");
    const auto dot = intent.id.find('.');
    if (dot == std::string::npos || !pack::is_identifier(intent.id.substr(0, dot)) ||
        !pack::is_identifier(intent.id.substr(dot + 1)))
      id->problem(fmt::format("id is {}", pack::shown(intent.id)), "expected two identifiers: family.name");
  }
  fields.rename(fmt::format("intent '{}'", intent.id));
  read_asks(fields, intent);
  read_forms(fields, intent);
  if (const auto line = fields.optional("line")) {
    if (const auto index = line->choice("line", pack::kLineKindNames))
      intent.line = static_cast<pack::LineKind>(*index);
  }
  intent.source = fields.choice<Source>("source", kSourceNames, Source::says);
  intent.manner = fields.choice<Manner>("manner", kMannerNames, Manner::none);
  if (const auto who = fields.optional("who")) intent.of_leader = who->choice("who", kWhoNames).has_value();
  intent.kinds = optional_texts(fields, "kinds");
  if (const auto never = fields.optional("never")) intent.never = read_patterns(*never, "never");
  if (const auto shows = fields.optional("shows")) intent.shows = read_patterns(*shows, "shows");
  if (const auto only = fields.optional("only")) intent.only = read_patterns(*only, "only");
  intent.about = optional_texts(fields, "about");
  intent.least = fields.number_or("least", 0, 0, 1);
  for (const pack::Cursor& claim : fields.list_or("claims")) {
    if (const auto index = claim.choice("a claim", kClaimNames))
      intent.claims.push_back(static_cast<Claim>(*index));
  }
  if (intent.source == Source::says && intent.forms.empty() && !intent.line && intent.about.empty())
    cursor.problem(fmt::format("'{}' has nothing to say", intent.id),
                   "expected 'says', 'line', 'about' or 'source'");
  return intent;
}

}  // namespace

std::vector<std::string_view> form_names() {
  return {"name",
          "role",
          "a_role",
          "age",
          "trade",
          "home",
          "work",
          "clock",
          "phase",
          "season",
          "month",
          "weekday",
          "nth",
          "year",
          "world",
          "weather",
          "warmth",
          "here",
          "mood",
          "faction",
          "since",
          "wares",
          "doing",
          "festival",
          "festival_nth",
          "festival_month",
          "festival_text",
          "money",
          "P",
          "p",
          "a_prole",
          "prole",
          "page",
          "popinion",
          "pplace",
          "pwork",
          "phome",
          "way",
          "L",
          "ltext",
          "G",
          "price",
          "coin",
          "unit",
          "seller",
          "gplace",
          "happened",
          "present",
          "near",
          "toward",
          "place_near",
          "place_toward",
          "then_doing",
          "goal",
          "opinion",
          "friend",
          "foe",
          "world_text",
          "C",
          "ctext",
          "dwellers",
          "dawn",
          "dusk",
          "last",
          "source"};
}

std::vector<Intent> read_intents(const pack::Cursor& cursor) {
  std::vector<Intent> out;
  std::set<std::string> seen;
  for (const pack::Cursor& item : cursor.list("intents")) {
    out.push_back(read_intent(item));
    if (!seen.insert(out.back().id).second)
      item.problem(fmt::format("intent '{}' is here twice", out.back().id));
  }
  return out;
}

}  // namespace troupe::talk

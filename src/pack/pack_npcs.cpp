// npcs/<id>.yaml: one person per file.
#include <fmt/format.h>

#include <algorithm>

#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

constexpr int kDayMinutes = 24 * 60;
constexpr std::size_t kLinesMin = 6;

Traits read_traits(const Cursor& cursor) {
  Fields fields(cursor, "traits");
  Traits traits;
  const auto read = [&](std::string_view key, double& value) { value = fields.number_or(key, .5, 0, 1); };
  read("openness", traits.openness);
  read("conscientiousness", traits.conscientiousness);
  read("extraversion", traits.extraversion);
  read("agreeableness", traits.agreeableness);
  read("neuroticism", traits.neuroticism);
  read("aggression", traits.aggression);
  read("sociability", traits.sociability);
  read("curiosity", traits.curiosity);
  return traits;
}

void read_feelings(Fields& fields, Relation& relation) {
  const auto read = [&](std::string_view key, double& value) { value = fields.number_or(key, value, 0, 1); };
  read("trust", relation.trust);
  read("fear", relation.fear);
  read("respect", relation.respect);
  read("disgust", relation.disgust);
  read("affection", relation.affection);
  read("anger", relation.anger);
  relation.note = fields.text_or("note", "");
}

void read_relations(Fields& npc_fields, Npc& npc, Draft& draft) {
  for (const Cursor& item : npc_fields.list("relations")) {
    Fields fields(item, "a relation");
    Relation relation;
    relation.at = item.at();
    relation.to = draft.read_ref<NpcId>(fields, "to", Thing::npc);
    read_feelings(fields, relation);
    if (relation.to && relation.to == npc.id)
      item.problem(fmt::format("'{}' has a relation to itself", npc.id));
    if (relation.to)
      draft.define(fmt::format("a relation of '{}' to", npc.id), relation.to.str(), relation.at);
    if (!relation.note.empty()) {
      draft.open(fmt::format("a note of '{}'", npc.id), relation.note, relation.at);
    }
    npc.relations.push_back(std::move(relation));
  }
  npc.strangers.at = npc.at;
  if (const auto strangers = npc_fields.optional("strangers")) {
    Fields fields(*strangers, "strangers");
    npc.strangers.at = strangers->at();
    read_feelings(fields, npc.strangers);
  }
}

void read_goals(Fields& npc_fields, Npc& npc, Draft& draft) {
  for (const Cursor& item : npc_fields.list("goals")) {
    Fields fields(item, "a goal");
    Goal goal;
    goal.at = item.at();
    goal.id = fields.identifier("id");
    goal.text = fields.text("text");
    goal.priority = fields.number("priority", 0, 1);
    goal.decay = fields.number_or("decay", 0, 0, 1);
    goal.verbs = draft.read_refs<VerbId>(fields.list_or("verbs"), Thing::verb, "a verb");
    goal.place = draft.read_ref_or_none<PlaceId>(fields, "place", Thing::place);
    draft.define(fmt::format("goal of '{}'", npc.id), goal.id, goal.at);
    draft.open(fmt::format("a goal of '{}'", npc.id), goal.text, goal.at);
    npc.goals.push_back(std::move(goal));
  }
}

// `from` is enough: an entry lasts until the next. Where `to` is written too, it must agree.
void read_routine(Fields& npc_fields, Npc& npc, Draft& draft) {
  std::vector<std::optional<Clock>> ends;
  std::vector<Source> end_spots;
  std::vector<bool> good;
  for (const Cursor& item : npc_fields.list("routine")) {
    Fields fields(item, "a routine entry");
    RoutineEntry entry;
    entry.at = item.at();
    const auto from = fields.required("from");
    if (from) entry.from = from->clock("from");
    good.push_back(from && parse_clock(from->node().text));
    const auto to = fields.optional("to");
    ends.push_back(to ? std::optional(to->clock("to")) : std::nullopt);
    end_spots.push_back(to ? to->at() : item.at());
    entry.place = draft.read_ref<PlaceId>(fields, "place", Thing::place);
    entry.activity = fields.text("activity");
    entry.says = fields.text_or("says", "");
    entry.is_private = fields.boolean_or("private", false);
    entry.verb = draft.read_ref_or_none<VerbId>(fields, "verb", Thing::verb);
    if (!entry.says.empty()) draft.open(fmt::format("the routine of '{}'", npc.id), entry.says, entry.at);
    draft.open(fmt::format("the routine of '{}'", npc.id), entry.activity, entry.at);
    npc.routine.push_back(std::move(entry));
  }
  if (npc.routine.empty()) {
    if (const auto list = npc_fields.cursor().find("routine");
        list && list->node().kind == Node::Kind::list) {
      list->problem("the routine is empty", "expected one entry at least");
    }
    return;
  }
  if (std::ranges::find(good, false) != good.end()) return;  // already reported; what follows would guess
  const int first = npc.routine.front().from.minute;
  const auto since_first = [&](Clock clock) { return (clock.minute - first + kDayMinutes) % kDayMinutes; };
  for (std::size_t i = 0; i < npc.routine.size(); ++i) {
    RoutineEntry& entry = npc.routine[i];
    const bool is_last = i + 1 == npc.routine.size();
    const Clock next = npc.routine[is_last ? 0 : i + 1].from;
    entry.minutes = (is_last ? kDayMinutes : since_first(next)) - since_first(entry.from);
    if (entry.minutes <= 0) {
      draft.report.add(npc.routine[i + 1].at,
                       fmt::format("the entry from {} comes after the one from {}", clock_text(next),
                                   clock_text(entry.from)),
                       "expected entries in the order of the day, none twice, past midnight once at most");
      return;
    }
    if (!ends[i] || *ends[i] == next) continue;
    const int wanted = (ends[i]->minute - entry.from.minute + kDayMinutes) % kDayMinutes;
    if (wanted > entry.minutes) {
      draft.report.add(end_spots[i],
                       fmt::format("the entry until {} overlaps the next, which starts at {}",
                                   clock_text(*ends[i]), clock_text(next)),
                       fmt::format("expected {}", clock_text(next)));
    } else {
      draft.report.add(
          end_spots[i],
          fmt::format("nothing is planned from {} to {}", clock_text(*ends[i]), clock_text(next)),
          fmt::format("expected {}", clock_text(next)));
    }
  }
  // A designer's day may begin with getting up; the rest of the code has it begin at midnight.
  std::ranges::rotate(npc.routine, std::ranges::min_element(npc.routine, {}, &RoutineEntry::from));
}

void read_knows(Fields& npc_fields, Npc& npc, Draft& draft) {
  for (const Cursor& item : npc_fields.list("knows")) {
    Knows knows;
    knows.at = item.at();
    if (item.node().kind == Node::Kind::scalar) {
      knows.fact = draft.read_ref<FactId>(item, Thing::fact, "a fact");
    } else {
      Fields fields(item, "an entry of 'knows'");
      knows.fact = draft.read_ref<FactId>(fields, "id", Thing::fact);
      knows.says = fields.text_or("says", "");
      if (!knows.says.empty()) {
        draft.open(fmt::format("what '{}' says", npc.id), knows.says, knows.at, knows.fact.str());
      }
    }
    if (knows.fact) draft.define(fmt::format("what '{}' knows,", npc.id), knows.fact.str(), knows.at);
    npc.knows.push_back(std::move(knows));
  }
}

// "I have two sons.", or with the questions that it answers.
void read_about(Fields& npc_fields, Npc& npc, Draft& draft) {
  for (const Cursor& item : npc_fields.list_or("about")) {
    About about;
    about.at = item.at();
    if (item.node().kind == Node::Kind::scalar) {
      about.says = item.text("an entry of 'about'");
    } else {
      Fields fields(item, "an entry of 'about'");
      about.says = fields.text("says");
      about.asks = read_short_texts(fields.list_or("asks"), "a question");
    }
    draft.open(fmt::format("what '{}' says of themselves", npc.id), about.says, about.at);
    npc.about.push_back(std::move(about));
  }
}

// Lines that give a voice to what is made of the world's state.
struct Frame {
  LineKind kind;
  std::vector<std::string_view> known;  // names in braces; the first must be there
};

void check_frame(const Cursor& line, const std::string& text, LineKind kind) {
  static const std::vector<Frame> kFrames{{LineKind::directions, {"way"}},
                                          {LineKind::price, {"price", "coin", "unit", "good"}}};
  const auto frame = std::ranges::find(kFrames, kind, &Frame::kind);
  if (frame == kFrames.end()) return;
  if (text.find(fmt::format("{{{}}}", frame->known.front())) == std::string::npos) {
    line.problem(fmt::format("a line of '{}' without {{{}}}", name_of(kind), frame->known.front()),
                 fmt::format("expected it, and maybe of {{{}}}", fmt::join(frame->known, "}, {")));
    return;
  }
  for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const auto name = std::string_view(text).substr(open + 1, text.find('}', open) - open - 1);
    if (std::ranges::find(frame->known, name) != frame->known.end()) continue;
    line.problem(fmt::format("{} names {{{}}}", shown(text), name),
                 fmt::format("expected any of {{{}}}", fmt::join(frame->known, "}, {")));
  }
}

void read_lines(Fields& npc_fields, Npc& npc, Draft& draft) {
  const auto lines = npc_fields.required("lines");
  if (!lines) return;
  std::size_t count = 0;
  bool misread = false;
  for (const auto& [key, list] : lines->map("lines")) {
    const auto kind = key.choice("a kind of line", kLineKindNames);
    misread = misread || !kind;
    for (const Cursor& line : list.list(key.node().text)) {
      std::string text = line.text("a line");
      draft.open(fmt::format("a line of '{}'", npc.id), text, line.at());
      if (kind) check_frame(line, text, static_cast<LineKind>(*kind));
      if (kind) npc.lines[static_cast<LineKind>(*kind)].push_back(std::move(text));
      ++count;
    }
  }
  if (misread || lines->node().kind != Node::Kind::map)
    return;  // those that are missing may be the ones misspelt
  for (const LineKind kind : {LineKind::greeting, LineKind::deflection, LineKind::unknown}) {
    const auto found = npc.lines.find(kind);
    if (found == npc.lines.end() || found->second.empty()) {
      lines->problem(fmt::format("'{}' has no line for '{}'", npc.id, name_of(kind)));
    }
  }
  if (count < kLinesMin) {
    lines->problem(fmt::format("'{}' has {} lines", npc.id, count),
                   fmt::format("expected {} at least", kLinesMin));
  }
}

void read_belongings(Fields& fields, Npc& npc, Draft& draft) {
  constexpr std::int64_t kCountMax = 1'000'000;
  if (const auto goods = fields.optional("goods")) {
    for (const auto& [key, count] : goods->map("goods")) {
      const auto good = draft.read_ref<GoodId>(key, Thing::good, "a good");
      npc.goods[good] = static_cast<int>(count.whole(good.str(), 0, kCountMax));
    }
  }
  npc.money = fields.whole_or("money", 0, 0, 1'000'000'000);
}

}  // namespace

std::vector<std::string> read_short_texts(const std::vector<Cursor>& items, std::string_view what) {
  std::vector<std::string> out;
  for (const Cursor& item : items) out.push_back(item.text(what));
  return out;
}

void read_npc(const Cursor& root, const std::string& file_stem, Draft& draft) {
  Fields fields(root, "an NPC");
  Npc npc;
  npc.at = root.at();
  if (const auto id = fields.required("id")) {
    npc.id = NpcId(id->identifier("id"));
    if (npc.id && npc.id != NpcId(file_stem)) {
      id->problem(fmt::format("id is '{}'", npc.id),
                  fmt::format("expected '{}', as the file is named", file_stem));
      draft.unread_npcs.insert(npc.id.str());  // others may mean them by either name
    }
  }
  npc.id = NpcId(file_stem);  // which is what other files mean, so that one mistake is one message
  fields.rename(fmt::format("NPC '{}'", npc.id));
  const auto open = [&](std::string_view key, std::string& value, bool required) {
    const auto found = required ? fields.required(key) : fields.optional(key);
    if (!found) return;
    value = found->text(key);
    draft.open(fmt::format("the {} of '{}'", key, npc.id), value, found->at());
  };
  npc.name = fields.name("name");
  npc.age = static_cast<int>(fields.whole("age", 0, 10'000));
  open("role", npc.role, true);
  npc.aliases = read_short_texts(fields.list_or("aliases"), "an alias");
  open("persona", npc.persona, true);
  open("voice", npc.voice, true);
  open("look", npc.look, false);
  if (const auto traits = fields.optional("traits")) npc.traits = read_traits(*traits);
  npc.archetype = fields.identifier("archetype");
  npc.home = draft.read_ref<PlaceId>(fields, "home", Thing::place);
  npc.starts_at = draft.read_ref_or_none<PlaceId>(fields, "starts_at", Thing::place);
  npc.faction = draft.read_ref_or_none<FactionId>(fields, "faction", Thing::faction);
  read_routine(fields, npc, draft);
  read_relations(fields, npc, draft);
  read_goals(fields, npc, draft);
  read_knows(fields, npc, draft);
  read_about(fields, npc, draft);
  read_belongings(fields, npc, draft);
  read_lines(fields, npc, draft);
  draft.define("NPC", npc.id.str(), npc.at);
  draft.pack.npcs.push_back(std::move(npc));
}

}  // namespace troupe::pack

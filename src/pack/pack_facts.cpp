// facts.yaml: what is true, who knows it, whom it may be told; and the mysteries that are made of facts.
// lore/*.md.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

std::vector<std::string> read_words(const std::vector<Cursor>& items, std::string_view what) {
  std::vector<std::string> out;
  for (const Cursor& item : items) out.push_back(item.text(what));
  return out;
}

// `nobody`, or a mapping that says who.
ShareWith read_share_with(const Cursor& cursor, Draft& draft) {
  ShareWith share;
  if (cursor.node().kind == Node::Kind::scalar && cursor.node().text == "nobody") return share;
  if (cursor.node().kind != Node::Kind::map) {
    cursor.problem("share_with says nothing", "expected 'nobody', or any of trust_at_least, npcs, factions");
    return share;
  }
  Fields fields(cursor, "share_with");
  if (const auto trust = fields.optional("trust_at_least")) {
    share.trust_at_least = trust->number("trust_at_least", 0, 1);
  }
  share.after = draft.read_refs<FactId>(fields.list_or("after"), Thing::fact, "a fact");
  share.npcs = draft.read_refs<NpcId>(fields.list_or("npcs"), Thing::npc, "an NPC");
  share.factions = draft.read_refs<FactionId>(fields.list_or("factions"), Thing::faction, "a faction");
  if (!share.trust_at_least && share.npcs.empty() && share.factions.empty()) {
    cursor.problem("share_with lets nobody in",
                   "expected 'nobody' if that is meant, or any of trust_at_least, npcs, factions");
  }
  if (!share.trust_at_least && !share.after.empty()) {
    cursor.problem("'after' without 'trust_at_least'",
                   "expected both: who knows those facts and is trusted so far");
  }
  return share;
}

// The keys of a secret and of an open fact differ; one that stands in the wrong kind is a mistake of thought,
// so it gets a message of its own.
void check_openness(Fields& fields, const Fact& fact, bool has_holders) {
  const Cursor& at = fields.cursor();
  if (!fields.valid()) return;
  if (fact.secret && fact.is_public) at.problem(fmt::format("fact '{}' is both public and secret", fact.id));
  if (fact.secret && !has_holders) {
    at.problem(fmt::format("secret '{}' has no holder", fact.id), "expected one NPC in 'holders' at least");
  }
  if (fact.secret && !at.find("share_with")) {
    at.problem(fmt::format("secret '{}' needs 'share_with'", fact.id),
               "expected 'nobody', or any of trust_at_least, npcs, factions");
  }
  if (!fact.secret) {
    for (const std::string_view key : {"share_with", "telltale"}) {
      if (const auto found = at.find(key)) {
        found->problem(fmt::format("fact '{}' has '{}' but is no secret", fact.id, key),
                       "expected 'secret: true'");
      }
    }
  }
  if (fact.is_public && has_holders) {
    at.problem(fmt::format("fact '{}' is public and has holders", fact.id), "expected one or the other");
  }
}

void read_fact(const Cursor& item, Draft& draft) {
  Fields fields(item, "a fact");
  Fact fact;
  fact.at = item.at();
  fact.id = FactId(fields.identifier("id"));
  fields.rename(fmt::format("fact '{}'", fact.id));
  fact.text = fields.text("text");
  fact.topics = read_words(fields.list("topics"), "a topic");
  fact.asks = read_short_texts(fields.list_or("asks"), "a question");
  fact.source = fields.choice<FactSource>("source", kFactSourceNames, FactSource::canon);
  fact.is_public = fields.boolean_or("public", false);
  fact.secret = fields.boolean_or("secret", false);
  const std::vector<Cursor> holders = fields.list_or("holders");
  fact.holders = draft.read_refs<NpcId>(holders, Thing::npc, "a holder");
  fact.about = draft.read_refs<NpcId>(fields.list_or("about"), Thing::npc, "an NPC");
  fact.reveal = fields.text_or("reveal", "");
  if (const auto share = fields.optional("share_with")) fact.share_with = read_share_with(*share, draft);
  fact.telltale = read_words(fields.list_or("telltale"), "a telltale word");
  check_openness(fields, fact, !holders.empty());
  if (!fact.secret) {
    draft.open(fmt::format("the open fact '{}'", fact.id), fact.text + " " + fact.reveal, fact.at);
  }
  draft.define("fact", fact.id.str(), fact.at);
  draft.pack.facts.push_back(std::move(fact));
}

void read_mystery(const Cursor& item, Draft& draft) {
  Fields fields(item, "a mystery");
  Mystery mystery;
  mystery.at = item.at();
  mystery.id = fields.identifier("id");
  fields.rename(fmt::format("mystery '{}'", mystery.id));
  mystery.question = fields.text("question");
  mystery.answer = draft.read_ref<FactId>(fields, "answer", Thing::fact);
  for (const Cursor& clue_item : fields.list("clues")) {
    Fields clue_fields(clue_item, "a clue");
    Clue clue;
    clue.at = clue_item.at();
    clue.fact = draft.read_ref<FactId>(clue_fields, "fact", Thing::fact);
    clue.ask = draft.read_ref<NpcId>(clue_fields, "ask", Thing::npc);
    clue.opens = draft.read_refs<FactId>(clue_fields.list_or("opens"), Thing::fact, "a fact");
    mystery.clues.push_back(std::move(clue));
  }
  draft.open(fmt::format("the question of mystery '{}'", mystery.id), mystery.question, mystery.at);
  draft.define("mystery", mystery.id, mystery.at);
  draft.pack.mysteries.push_back(std::move(mystery));
}

}  // namespace

void read_facts(const Cursor& root, Draft& draft) {
  Fields fields(root, "facts.yaml");
  const std::vector<Cursor> items = fields.list("facts");
  if (items.size() > draft.limits.facts) {
    root.problem(fmt::format("{} facts", items.size()),
                 fmt::format("expected at most {}", draft.limits.facts));
    return;
  }
  for (const Cursor& item : items) read_fact(item, draft);
  for (const Cursor& item : fields.list_or("mysteries")) read_mystery(item, draft);
}

void read_lore(const std::string& file, const std::string& text, Draft& draft) {
  LoreDocument document;
  document.file = file;
  document.title = std::filesystem::path(file).stem().string();
  document.text = text;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (document.title == std::filesystem::path(file).stem().string() && line.starts_with("# ")) {
      document.title = trim(line.substr(2));
    }
    draft.open("this line of lore", line, {file, number, 1});
  }
  draft.pack.lore.push_back(std::move(document));
}

}  // namespace troupe::pack

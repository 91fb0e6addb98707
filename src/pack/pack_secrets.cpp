// Who knows what: holders, secrets that would get out by themselves, mysteries that nobody could solve.
#include <fmt/format.h>

#include <algorithm>

#include "pack/pack_draft.h"
#include "pack/query.h"

namespace troupe::pack {

namespace {

Fact* find_fact(Pack& pack, const FactId& id) {
  const auto found = std::ranges::find_if(pack.facts, [&](const Fact& fact) { return fact.id == id; });
  return found == pack.facts.end() ? nullptr : &*found;
}

// Lowercase words with one space around each, so that a whole-word search is a plain search.
std::string words_of(std::string_view text) {
  std::string out = " ";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_word =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
    if (is_word) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

}  // namespace

void check_holders(Draft& draft) {
  Pack& pack = draft.pack;
  for (const Npc& npc : pack.npcs) {
    for (const Knows& knows : npc.knows) {
      Fact* fact = find_fact(pack, knows.fact);
      if (fact == nullptr || fact->is_public) continue;
      if (std::ranges::find(fact->holders, npc.id) != fact->holders.end()) continue;
      if (fact->secret) {
        // A secret says itself who holds it, so that one look at it is enough to see who could give it away.
        draft.report.add(knows.at, fmt::format("'{}' is no holder of the secret '{}'", npc.id, fact->id),
                         fmt::format("expected '{}' among its holders, or no entry here", npc.id));
        continue;
      }
      fact->holders.push_back(npc.id);
    }
  }
  if (!draft.unread_npcs.empty()) return;
  for (const Fact& fact : pack.facts) {
    if (fact.secret || fact.is_public || !fact.holders.empty()) continue;
    draft.report.add(fact.at, fmt::format("nobody knows fact '{}'", fact.id),
                     "expected 'public: true', holders, or an NPC that lists it under 'knows'");
  }
}

// Personas, lines, notes and open facts reach prompts and players without asking who listens. A secret in one
// of them is out, whoever the speaker is: holders too must have it only as a fact, which retrieval hands out
// by listener.
void check_secrets(Draft& draft) {
  std::vector<std::string> texts;
  for (const OpenText& open : draft.open_texts) texts.push_back(words_of(open.text));
  for (const Fact& secret : draft.pack.facts) {
    if (!secret.secret) continue;
    const std::string whole = words_of(secret.text);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const OpenText& open = draft.open_texts[i];
      if (!open.fact.empty()) {
        const Fact* fact = draft.pack.fact(open.fact);
        if (fact == nullptr || fact->secret) continue;
      }
      if (whole.size() > 2 && texts[i].find(whole) != std::string::npos) {
        draft.report.add(open.at, fmt::format("{} contains the text of secret '{}'", open.what, secret.id),
                         "expected it in the fact alone");
        continue;
      }
      for (const std::string& word : secret.telltale) {
        const std::string wanted = words_of(word);
        if (wanted.size() <= 2 || texts[i].find(wanted) == std::string::npos) continue;
        draft.report.add(open.at,
                         fmt::format("{} has '{}', which gives away secret '{}'", open.what, word, secret.id),
                         "expected it in the fact alone");
        break;
      }
    }
  }
}

namespace {

// Could a player who asks around get to every clue? Starts from what is open to a stranger and follows what
// opens what; trust is assumed to be earned, `after` is not.
void check_mystery(const Mystery& mystery, Draft& draft) {
  const std::size_t problems_before = draft.report.size();
  std::set<FactId> opened_by_another;
  std::set<FactId> clue_facts;
  for (const Clue& clue : mystery.clues) {
    clue_facts.insert(clue.fact);
    opened_by_another.insert(clue.opens.begin(), clue.opens.end());
  }
  for (const Clue& clue : mystery.clues) {
    for (const FactId& id : clue.opens) {
      if (clue_facts.contains(id)) continue;
      draft.report.add(clue.at,
                       fmt::format("clue '{}' opens '{}', which is no clue of this mystery", clue.fact, id),
                       "expected a clue with that fact");
    }
    const Fact* fact = draft.pack.fact(clue.fact.str());
    if (fact != nullptr && draft.pack.npc(clue.ask.str()) != nullptr && !knows(*fact, clue.ask)) {
      draft.report.add(clue.at, fmt::format("'{}' does not know '{}'", clue.ask, clue.fact),
                       "expected a holder of the fact");
    }
  }
  if (draft.report.size() != problems_before) return;  // the rest would only repeat it
  std::set<FactId> found;
  std::set<FactId> open;
  const auto is_told = [&](const Clue& clue) {
    const Fact* fact = draft.pack.fact(clue.fact.str());
    if (fact == nullptr || !knows(*fact, clue.ask)) return false;
    if (!opened_by_another.contains(clue.fact)) return !fact->secret;  // where a stranger can begin
    return open.contains(clue.fact) &&
           may_share(*fact, clue.ask, {.npc = {}, .faction = {}, .trust = 1, .knows = found});
  };
  for (bool is_new = true; is_new;) {
    is_new = false;
    for (const Clue& clue : mystery.clues) {
      if (!is_told(clue)) continue;
      is_new |= found.insert(clue.fact).second;
      for (const FactId& id : clue.opens) is_new |= open.insert(id).second;
    }
  }
  for (const Clue& clue : mystery.clues) {
    if (found.contains(clue.fact)) continue;
    draft.report.add(
        clue.at, fmt::format("clue '{}' of mystery '{}' can never be learned", clue.fact, mystery.id),
        "expected an open fact to begin with, or a clue that opens it and a share_with that can be met");
  }
  if (!clue_facts.contains(mystery.answer)) {
    draft.report.add(mystery.at,
                     fmt::format("the answer '{}' is no clue of mystery '{}'", mystery.answer, mystery.id),
                     "expected a clue with that fact");
  }
}

}  // namespace

void check_mysteries(Draft& draft) {
  if (!draft.unread_npcs.empty() || draft.unread.contains(Thing::fact)) return;
  for (const Mystery& mystery : draft.pack.mysteries) check_mystery(mystery, draft);
}

}  // namespace troupe::pack

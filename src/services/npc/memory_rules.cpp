#include "services/npc/memory_rules.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <ranges>
#include <set>
#include <tuple>

#include "base/steady.h"
#include "base/text.h"
#include "services/npc/player_key.h"

namespace troupe::npc {

pb::MemoryRecord record_of(const Memory& memory) {
  pb::MemoryRecord record;
  record.set_text(memory.text);
  record.set_at_ms(memory.at_ms);
  record.set_place(memory.place);
  record.mutable_witnesses()->Assign(memory.witnesses.begin(), memory.witnesses.end());
  record.set_source(memory.source);
  record.set_importance(memory.importance);
  record.set_talk(memory.talk);
  return record;
}

std::vector<float> vector_from(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

double recency(std::int64_t at_ms, std::int64_t now_ms, const MemoryLimits& limits) {
  const double days = static_cast<double>(std::max<std::int64_t>(0, now_ms - at_ms)) / 86'400'000.0;
  return steady_exp2(-days / limits.half_life_days);
}

double visibility(const pb::MemoryRecord& memory, std::string_view listener) {
  if (listener.empty()) return 1;
  if (memory.source() == "reflected") return 0;
  if (std::ranges::find(memory.witnesses(), listener) != memory.witnesses().end()) return 1;
  return memory.source() == "seen" || memory.source() == "done" ? .5 : 0;
}

bool is_players_text(const pb::MemoryRecord& memory) {
  if (memory.source() == "said" || memory.source() == "reflected") return true;
  return std::ranges::any_of(memory.witnesses(), is_player_key);
}

bool is_of(const pb::MemoryRecord& memory, std::string_view player) {
  return std::ranges::find(memory.witnesses(), player) != memory.witnesses().end();
}

double combine(const Parts& p) {
  return (.3 + .7 * p.recency) * (.3 + .7 * p.importance) * (.05 + .95 * std::max(0., p.similarity)) *
         p.visibility;
}

std::vector<std::string> content_words(std::string_view text) {
  static const std::set<std::string, std::less<>> kEmpty = {
      "that", "this",  "with",  "from",  "what",  "when",  "where", "have", "they", "them", "your", "were",
      "will", "would", "about", "there", "their", "which", "been",  "does", "into", "than", "then", "some"};
  std::vector<std::string> words;
  std::string word;
  const auto take = [&] {
    if (word.size() >= 4 && !kEmpty.contains(word)) words.push_back(word);
    word.clear();
  };
  for (const char c : lower_ascii(text)) {
    if ((c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80) {
      word += c;
    } else {
      take();
    }
  }
  take();
  return words;
}

double overlap(std::string_view query, std::string_view text) {
  const auto wanted = content_words(query);
  if (wanted.empty()) return 0;
  const auto words = content_words(text);
  const std::set<std::string> have(words.begin(), words.end());
  const auto found = std::ranges::count_if(wanted, [&](const auto& word) { return have.contains(word); });
  return static_cast<double>(found) / static_cast<double>(wanted.size());
}

std::vector<std::string> withheld(const pack::Pack& pack, const pack::NpcId& holder,
                                  const pack::Listener& listener) {
  std::vector<std::string> out;
  for (const auto& fact : pack.facts) {
    if (!fact.secret || may_share(fact, holder, listener)) continue;
    out.insert(out.end(), fact.telltale.begin(), fact.telltale.end());
    out.push_back(fact.text);
  }
  return out;
}

bool gives_away(const pack::Pack& pack, std::string_view text, const pack::NpcId& holder,
                const pack::Listener& listener) {
  return std::ranges::any_of(withheld(pack, holder, listener),
                             [&](const auto& words) { return has_words(text, words); });
}

bool tells(std::string_view answer, const pack::Fact& fact, std::string_view own_words) {
  constexpr double kMost = .5;
  return overlap(fact.text, answer) >= kMost || (!own_words.empty() && overlap(own_words, answer) >= kMost);
}

std::string_view subject_of(const pb::MemoryRecord& memory) {
  const auto found = std::ranges::find_if(memory.witnesses(), is_player_key);
  return found == memory.witnesses().end() ? std::string_view() : std::string_view(*found);
}

const pb::MemoryRecord& to_forget(const MemoryList& memories, std::int64_t now_ms,
                                  const MemoryLimits& limits) {
  struct Share {
    std::size_t count = 0;
    double importance = 0;
    std::int64_t last_ms = 0;
  };
  std::map<std::string_view, Share> shares;
  for (const auto* memory : memories) {
    auto& share = shares[subject_of(*memory)];
    ++share.count;
    share.importance += memory->importance();
    share.last_ms = std::max(share.last_ms, memory->at_ms());
  }
  const auto over = [&](const auto& entry) {
    const double share = entry.first.empty() ? limits.others_share : limits.player_share;
    return static_cast<double>(entry.second.count) - share * static_cast<double>(limits.per_npc);
  };
  auto whose = std::ranges::max_element(shares, {}, over);
  if (over(*whose) <= 0) {
    whose = std::ranges::min_element(shares, {}, [](const auto& entry) {
      // What is of no player goes last.
      return std::tuple(entry.first.empty(), entry.second.importance, entry.second.last_ms);
    });
  }
  auto theirs = memories | std::views::filter([&](const auto* m) { return subject_of(*m) == whose->first; });
  return **std::ranges::min_element(theirs, {}, [&](const auto* memory) {
    return memory->importance() + recency(memory->at_ms(), now_ms, limits);
  });
}

bool is_repeated(const MemoryList& newest, std::string_view text, std::int64_t now_ms) {
  constexpr std::int64_t kSpanMs = 6 * 3'600'000;
  return std::ranges::any_of(newest, [&](const auto* memory) {
    return memory->source() == "seen" && now_ms - memory->at_ms() < kSpanMs && memory->text() == text;
  });
}

const pb::MemoryRecord* same_before(const MemoryList& memories, const pb::MemoryRecord& memory) {
  const auto same = std::ranges::find_if(memories, [&](const auto* before) {
    return before->talk() == 0 && before->text() == memory.text() && before->place() == memory.place() &&
           before->source() == memory.source() && std::ranges::equal(before->witnesses(), memory.witnesses());
  });
  return same == memories.end() ? nullptr : *same;
}

}  // namespace troupe::npc

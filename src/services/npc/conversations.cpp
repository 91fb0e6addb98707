#include "services/npc/conversations.h"

#include <algorithm>
#include <ranges>
#include <tuple>

namespace troupe::npc {

const pb::LineRecord* Conversations::line(const std::string& npc, const std::string& player,
                                          std::uint64_t talk, bool by_player) const {
  for (const auto& line : lines(npc, player)) {
    if (talk != 0 && line.talk() == talk && line.by_player() == by_player) return &line;
  }
  return nullptr;
}

const pb::LineRecord* Conversations::question(const std::string& npc, const std::string& player,
                                              std::uint64_t talk) const {
  return line(npc, player, talk, true);
}

const pb::LineRecord* Conversations::answer(const std::string& npc, const std::string& player,
                                            std::uint64_t talk) const {
  return line(npc, player, talk, false);
}

const pb::LineRecord* Conversations::last(const std::string& npc, const std::string& player) const {
  const auto all = lines(npc, player);
  return all.empty() ? nullptr : &*std::ranges::prev(all.end());
}

const pb::LineRecord* Conversations::last_of_player(const std::string& npc, const std::string& player) const {
  for (const auto& line : lines(npc, player) | std::views::reverse) {
    if (line.by_player()) return &line;
  }
  return nullptr;
}

std::vector<std::string> Conversations::players_of(const std::string& npc) const {
  const auto& rows = lines_.rows();
  std::vector<std::string> players;
  for (auto row = rows.lower_bound(table_key({npc})); row != rows.end() && row->second.npc() == npc;
       row = rows.lower_bound(key_after(table_key({npc, players.back()}))))
    players.push_back(row->second.player());
  return players;
}

void Conversations::add(Turn& turn, pb::LineRecord line) {
  const std::string npc = line.npc();
  const std::string player = line.player();
  const bool begins = !held(npc, player);
  lines_.put(turn, std::move(line));
  const auto said = lines(npc, player);
  if (static_cast<std::size_t>(std::ranges::distance(said)) > config_.limits.lines_max)
    lines_.erase(turn, npc, player, said.front().id());
  if (begins && players_of(npc).size() > config_.limits.conversations_max) make_room(turn, npc, player);
}

void Conversations::make_room(Turn& turn, const std::string& npc, const std::string& spared) {
  const auto players = players_of(npc);
  forget(turn, npc, *std::ranges::min_element(players, {}, [&](const auto& player) {
           const auto said = static_cast<std::size_t>(std::ranges::distance(lines(npc, player)));
           return std::tuple(player == spared, said > config_.tuning.little_said, last(npc, player)->id());
         }));
}

void Conversations::forget(Turn& turn, const std::string& npc, const std::string& player) {
  lines_.erase_if(turn, [](const auto&) { return true; }, npc, player);
  spoken_.erase(std::pair(npc, player));
}

void Conversations::forget_talk(Turn& turn, const std::string& npc, const std::string& player,
                                std::uint64_t talk) {
  lines_.erase_if(turn, [talk](const auto& line) { return line.talk() == talk; }, npc, player);
  if (!held(npc, player)) spoken_.erase(std::pair(npc, player));
}

void Conversations::forget_all(Turn& turn, const std::string& npc) {
  for (const auto& player : players_of(npc)) forget(turn, npc, player);
}

talk::Spoken Conversations::spoken(const std::string& npc, const std::string& player) const {
  const auto found = spoken_.find(std::pair(npc, player));
  return found == spoken_.end() ? talk::Spoken() : found->second;
}

void Conversations::keep_spoken(const std::string& npc, const std::string& player,
                                const talk::Spoken& spoken) {
  if (held(npc, player)) spoken_.insert_or_assign(std::pair(npc, player), spoken);
}

}  // namespace troupe::npc

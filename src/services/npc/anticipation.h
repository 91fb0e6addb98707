#pragma once
// Who is approached, looked at or typed to reads ahead: the model has read everything but the line when the
// line comes, also with what the line may bring up. Nothing of it is state: it makes answers sooner, never
// different (docs/adr/0010-read-ahead.md). Owned by NpcService; io thread. Bounds: NpcLimits.
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/counted.h"
#include "services/npc/players.h"
#include "services/npc/prompts.h"

namespace troupe::npc {

class Anticipation {
 public:
  Anticipation(const Ground& ground, const Minds& minds, const Players& players, const Prompts& prompts)
      : pack_(ground.pack),
        host_(ground.host),
        config_(ground.config),
        minds_(minds),
        players_(players),
        prompts_(prompts) {}
  // Watches players from now on; after the timeline has opened.
  void start();

  // `player` is about to speak to `npc`; "" = whoever may come.
  void expect(const std::string& player, const std::string& npc);
  // What was read ahead for them is of no use any more.
  void forget(const std::string& player) { anticipated_.erase(player); }
  // While it lives somebody is being answered, and nothing is read in their way.
  [[nodiscard]] Counted somebody_is_answered() { return Counted(talks_); }
  // Whether it was of use: the share of talks that had little left to read.
  void count_talk(const pb::Decision& decision) const;

 private:
  // What was read ahead for a player, last.
  struct Anticipated {
    std::string npc;
    rt::Instant at;
    bool reading = false;
    std::string wanted;  // who the player is about to speak to by now
  };

  boost::asio::awaitable<void> watch_players();
  std::string about_to_hear(const pb::PlayerRecord& player) const;  // "": nobody
  std::vector<std::string> first_met() const;
  bool still_wanted(const std::string& player, const std::string& npc) const;
  boost::asio::awaitable<void> read_ahead(std::string player, std::string npc);
  Task<pb::AiSpeakReply> read(pb::AiSpeakRequest request);
  boost::asio::awaitable<void> read_sayable(std::string player, std::string npc, Prompt prompt);
  void make_room();

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const Minds& minds_;
  const Players& players_;
  const Prompts& prompts_;
  std::map<std::string, Anticipated> anticipated_;  // by player; caches, never state
  std::size_t reading_ahead_ = 0;
  std::size_t talks_ = 0;                 // that are being answered
  std::vector<std::string> unprepared_;   // who has not read ahead for a stranger yet, the next one last
  std::deque<std::string> read_in_full_;  // hashes of prompts, the oldest first
};

}  // namespace troupe::npc

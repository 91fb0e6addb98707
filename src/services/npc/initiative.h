#pragma once
// People speak first: to a player who is with them, because a goal of theirs could be served by them or
// because they have something to tell; and somebody who stands by joins a talk that concerns them, with one
// line. Never to a player who talks with somebody else, and at most as often as the pack allows
// (`players.addressed_minutes`). Written words only, each judged for the player before it is said (Aloud), so
// it is said in a turn of its own, where all of it is looked at again. Owned by NpcService; io thread.
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "services/npc/aloud.h"
#include "services/npc/meetings.h"

namespace troupe::npc {

class Initiative {
 public:
  Initiative(const Ground& ground, Minds& minds, Players& players, const Beliefs& beliefs, Aloud& aloud);
  void mount();

  // Whether they speak to somebody now; while a player could see them, before they choose what to do.
  void look(Turn& turn, const Mind& mind);

 private:
  struct Reason {
    std::string text;     // what they say
    std::string subject;  // what they tell
    std::string goal;     // that makes them speak
    double worth = 0;
  };
  bool stands_at(const std::string& player, const std::string& place) const;
  bool may_be_addressed(const std::string& player, std::int64_t now_ms) const;
  std::optional<Reason> reason(Turn& turn, const Mind& mind, const std::string& player) const;
  std::optional<Reason> news(const Mind& mind, const std::string& player, std::int64_t now_ms) const;
  std::optional<Reason> goal(Turn& turn, const Mind& mind, const std::string& player) const;
  std::vector<Topic> topics(const Mind& mind, const std::string& player, std::int64_t now_ms) const;
  bool was_told(const Mind& mind, const std::string& player, const Topic& topic,
                const std::string& text) const;
  void note_said(Turn& turn, Mind& mind, const std::string& player, const std::string& subject,
                 const std::string& text, std::uint64_t sequence) const;
  template <class Command>
  boost::asio::awaitable<void> judge(Command command, std::string door);
  Result<pb::NpcSaidAloud> address(Turn& turn, const Caller& caller, const pb::NpcAddress& command);

  // joining.cpp
  void on_answer(Turn& turn, const EventContext& context, const pb::DialogueEnded& event);
  std::vector<Topic> open_facts(const Mind& mind) const;
  Result<pb::NpcSaidAloud> join(Turn& turn, const Caller& caller, const pb::NpcJoin& command);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Players& players_;
  const Beliefs& beliefs_;
  Aloud& aloud_;
};

// Said where it fits the player, as a recorded input; not said otherwise.
template <class Command>
boost::asio::awaitable<void> Initiative::judge(Command command, std::string door) {
  if (!co_await aloud_.fits(command.npc(), command.player(), command.text(), door)) co_return;
  const auto self = as_npc(host_.timeline().config().world);
  const auto done = co_await host_.submit<pb::NpcSaidAloud>(self, command);
  if (!done) log::warn("npc", "{} does not speak: {}", command.npc(), done.error().message);
}

}  // namespace troupe::npc

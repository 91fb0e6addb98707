#pragma once
// Vectors of what people remember and know, made by a model in the background, 32 at a time; until a vector
// is there, similarity goes by words. Owned by NpcService; io thread.
#include <map>
#include <string>
#include <vector>

#include "services/npc/minds.h"

namespace troupe::npc {

class Embedding {
 public:
  Embedding(const Ground& ground, Minds& minds)
      : pack_(ground.pack), host_(ground.host), config_(ground.config), minds_(minds) {}
  void mount() { host_.serve(&Embedding::embedded, this); }
  // Embeds what has no vector yet, and the facts; after the timeline has opened.
  void start();

  // Of one text, while somebody waits; empty where there is no model.
  Task<std::vector<float>> of(Caller caller, std::string text);
  // nullptr: not made yet.
  const std::vector<float>* of_fact(const std::string& fact) const;
  // Something new is remembered.
  void soon(Turn& turn);

 private:
  void embed_missing();
  boost::asio::awaitable<void> embed_pending();
  boost::asio::awaitable<void> embed_facts();
  Result<pb::NpcEmbedded> embedded(Turn& turn, const Caller& caller, const pb::NpcEmbedded& command);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  Minds& minds_;
  bool embedding_now_ = false;
  std::map<std::string, std::vector<float>> facts_;  // a cache: shapes prompts, never state
};

}  // namespace troupe::npc

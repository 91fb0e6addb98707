#pragma once
// Vectors of what people remember, made by a model in the background, 32 at a time; until a vector
// is there, similarity goes by words. Owned by NpcService; io thread.
#include <string>
#include <vector>

#include "services/npc/minds.h"

namespace troupe::npc {

// For whom vectors are made: what nobody waits for comes after everything else.
enum class Waiting { somebody, nobody };

class Embedding {
 public:
  Embedding(const Ground& ground, Minds& minds) : host_(ground.host), config_(ground.config), minds_(minds) {}
  void mount() { host_.serve(&Embedding::embedded, this); }
  // Embeds what has no vector yet; after the timeline has opened.
  void start();

  // Of one text, while somebody waits; empty where there is no model.
  Task<std::vector<float>> of(Caller caller, std::string text);
  // Of several, one for each, NpcLimits::embed_batch at once; an error where there is no model.
  Task<std::vector<std::vector<float>>> of_all(Caller caller, std::vector<std::string> texts,
                                               Waiting waiting);
  // Something new is remembered.
  void soon(Turn& turn);

 private:
  void embed_missing();
  boost::asio::awaitable<void> embed_pending();
  Result<pb::NpcEmbedded> embedded(Turn& turn, const Caller& caller, const pb::NpcEmbedded& command);

  Host& host_;
  const NpcConfig& config_;
  Minds& minds_;
  bool embedding_now_ = false;
};

}  // namespace troupe::npc

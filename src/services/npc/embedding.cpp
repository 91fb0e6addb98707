#include "services/npc/embedding.h"

#include <fmt/format.h>

#include "base/log.h"
#include "troupe/v1/router.pb.h"

namespace troupe::npc {

namespace {

pb::RouterEmbedRequest request(Waiting waiting, const NpcTuning& tuning) {
  const bool waited_for = waiting == Waiting::somebody;
  pb::RouterEmbedRequest ask;
  ask.set_tier(waited_for ? "silver" : "bronze");
  ask.set_deadline_ms((waited_for ? tuning.embed_line : tuning.embed_batch).count());
  return ask;
}

}  // namespace

void Embedding::start() {
  if (config_.embedding_size == 0) return;
  embed_missing();
}

void Embedding::embed_missing() {
  if (config_.embedding_size == 0 || embedding_now_) return;
  embedding_now_ = true;
  host_.spawn("embed", [this] { return embed_pending(); });
}

void Embedding::soon(Turn& turn) {
  turn.after_commit([this] { embed_missing(); });
}

Task<std::vector<float>> Embedding::of(Caller caller, std::string text) {
  if (config_.embedding_size == 0) co_return std::vector<float>();
  std::vector<std::string> texts;
  texts.push_back(std::move(text));
  CO_TRY(auto vectors, co_await of_all(std::move(caller), std::move(texts), Waiting::somebody));
  co_return std::move(vectors.front());
}

Task<std::vector<std::vector<float>>> Embedding::of_all(Caller caller, std::vector<std::string> texts,
                                                        Waiting waiting) {
  if (config_.embedding_size == 0)
    co_return fail(Code::unavailable, "npc.no_embedding", "there is no embedding model");
  caller.role = pb::ROLE_SERVICE;
  caller.stream.clear();
  std::vector<std::vector<float>> out;
  for (std::size_t at = 0; at < texts.size(); at += config_.limits.embed_batch) {
    const auto end = std::min(texts.size(), at + config_.limits.embed_batch);
    auto ask = request(waiting, config_.tuning);
    for (std::size_t i = at; i < end; ++i) ask.add_texts(texts[i]);
    CO_TRY(const auto answer, co_await host_.call<pb::RouterEmbedReply>(caller, ask));
    if (answer.vectors_size() != ask.texts_size()) {
      co_return fail(Code::unavailable, "npc.bad_vector",
                     fmt::format("the embedding model gave {} vectors for {} texts", answer.vectors_size(),
                                 ask.texts_size()));
    }
    for (const auto& vector : answer.vectors()) {
      if (static_cast<std::size_t>(vector.values_size()) != config_.embedding_size) {
        co_return fail(Code::unavailable, "npc.bad_vector",
                       fmt::format("the embedding model gave {} numbers instead of {}", vector.values_size(),
                                   config_.embedding_size));
      }
      out.emplace_back(vector.values().begin(), vector.values().end());
    }
  }
  co_return out;
}

boost::asio::awaitable<void> Embedding::embed_pending() {
  const auto self = as_npc(host_.timeline().config().world);
  for (;;) {
    auto ask = request(Waiting::nobody, config_.tuning);
    std::vector<std::int64_t> ids;
    for (const auto* memory : minds_.without_vector(config_.limits.embed_batch)) {
      ids.push_back(memory->id());
      ask.add_texts(memory->text());
    }
    if (ids.empty()) break;
    const auto answer = co_await host_.call<pb::RouterEmbedReply>(self, ask);
    if (!answer) {
      log::warn("npc", "memories wait for their embedding: {}", answer.error().message);
      break;  // tried again with the next memory
    }
    if (static_cast<std::size_t>(answer->vectors_size()) != ids.size()) {
      log::warn("npc", "{} memories came back with {} vectors", ids.size(), answer->vectors_size());
      break;
    }
    pb::NpcEmbedded command;
    command.set_model(config_.embedding_model);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto* out = command.add_vectors();
      out->set_memory(static_cast<std::uint64_t>(ids[i]));
      const auto& values = answer->vectors(static_cast<int>(i)).values();
      out->set_vector(std::string(reinterpret_cast<const char*>(values.data()),
                                  static_cast<std::size_t>(values.size()) * sizeof(float)));
    }
    if (!co_await host_.submit<pb::NpcEmbedded>(self, command)) break;
  }
  embedding_now_ = false;
}

Result<pb::NpcEmbedded> Embedding::embedded(Turn& turn, const Caller&, const pb::NpcEmbedded& command) {
  for (const auto& entry : command.vectors())
    minds_.set_vector(turn, static_cast<std::int64_t>(entry.memory()), entry.vector(), command.model());
  return pb::NpcEmbedded();
}

}  // namespace troupe::npc

#include "services/router/router_cache.h"

#include <fmt/core.h>

#include "base/hash.h"

namespace troupe::router {

std::string cache_key(const engine::GenerateRequest& work, bool seeded, std::string_view model,
                      std::string_view hash) {
  const auto& s = work.sampling;
  if (!seeded && s.temperature > 0) return {};
  Sha256 key;
  key.add_field(model);
  key.add_field(hash);
  for (const auto& message : work.messages) {
    key.add_number(static_cast<int>(message.role));
    key.add_field(message.text);
  }
  key.add_number(static_cast<std::int64_t>(work.messages.size()));
  // (At temperature 0 nothing is drawn.)
  key.add_number(s.temperature > 0 ? static_cast<std::int64_t>(s.seed) : 0);
  key.add_field(fmt::format("{} {} {} {} {} {}", s.temperature, s.top_p, s.min_p, s.repeat_penalty,
                            s.presence_penalty, s.frequency_penalty));
  key.add_number(work.tokens_max);
  key.add_number(work.speech ? 1 : 0);
  key.add_number(work.top_logprobs);
  key.add_field(work.json_schema);
  key.add_field(work.grammar);
  for (const auto& stop : work.stop) key.add_field(stop);
  return key.finish();
}

std::optional<engine::GenerateReply> Cache::find(const std::string& key, rt::Instant now) {
  if (key.empty()) return std::nullopt;
  const auto found = index_.find(key);
  if (found == index_.end()) return std::nullopt;
  const auto kept = found->second;
  if (kept->reply.model_hash.empty() && now - kept->at > limits_.unknown_for) return std::nullopt;
  answers_.splice(answers_.begin(), answers_, kept);
  auto reply = kept->reply;
  const auto& was = kept->reply.usage;
  reply.usage = {
      .prompt_tokens = was.prompt_tokens, .cached_tokens = was.prompt_tokens, .new_tokens = was.new_tokens};
  return reply;
}

void Cache::put(const std::string& key, const engine::GenerateReply& reply, rt::Instant now) {
  const bool whole = (reply.finish == engine::Finish::stop || reply.finish == engine::Finish::length) &&
                     reply.usage.cut == engine::Cut::none;
  std::size_t bytes = sizeof(Kept) + key.size() + reply.text.size() + reply.model.size();
  for (const auto& token : reply.logprobs)
    bytes += sizeof(token) + token.token.size() + token.top.size() * 64;
  if (key.empty() || !whole || bytes > limits_.bytes_max) return;
  if (const auto old = index_.find(key); old != index_.end()) drop(old->second);
  answers_.push_front({.key = key, .reply = reply, .at = now, .bytes = bytes});
  index_.emplace(key, answers_.begin());
  bytes_ += bytes;
  while (bytes_ > limits_.bytes_max || answers_.size() > limits_.rows_max) drop(std::prev(answers_.end()));
}

void Cache::drop(std::list<Kept>::iterator kept) {
  bytes_ -= kept->bytes;
  index_.erase(kept->key);
  answers_.erase(kept);
}

}  // namespace troupe::router

#include "services/router/router_cache.h"

#include <fmt/core.h>

#include <span>

#include "base/hash.h"

namespace troupe::router {

namespace {

std::string key_of(const engine::GenerateRequest& work, std::size_t messages, std::uint64_t seed,
                   std::string_view model, std::string_view hash) {
  const auto& s = work.sampling;
  Sha256 key;
  key.add_field(model);
  key.add_field(hash);
  for (const auto& message : std::span(work.messages).first(messages)) {
    key.add_number(static_cast<int>(message.role));
    key.add_field(message.text);
  }
  key.add_number(static_cast<std::int64_t>(messages));
  key.add_number(static_cast<std::int64_t>(seed));
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

}  // namespace

bool may_repeat(const engine::GenerateReply& reply) {
  return (reply.finish == engine::Finish::stop || reply.finish == engine::Finish::length) &&
         reply.usage.cut == engine::Cut::none;
}

std::size_t bytes_of(const engine::GenerateReply& reply) {
  std::size_t bytes = sizeof(reply) + reply.text.size() + reply.reasoning.size() + reply.model.size();
  for (const auto& token : reply.logprobs)
    bytes += sizeof(token) + token.token.size() + token.top.size() * 64;
  return bytes;
}

engine::GenerateReply repeated(const engine::GenerateReply& reply) {
  auto again = reply;
  again.usage = {.prompt_tokens = reply.usage.prompt_tokens,
                 .cached_tokens = reply.usage.prompt_tokens,
                 .new_tokens = reply.usage.new_tokens};
  return again;
}

std::string cache_key(const engine::GenerateRequest& work, bool seeded, std::string_view model,
                      std::string_view hash) {
  const bool draws = work.sampling.temperature > 0;
  if (!seeded && draws) return {};
  return key_of(work, work.messages.size(), draws ? work.sampling.seed : 0, model, hash);
}

std::string cache_scope(const engine::GenerateRequest& work, std::string_view model, std::string_view hash) {
  return key_of(work, work.messages.size() - 1, 0, model, hash);
}

std::optional<engine::GenerateReply> Cache::find(const std::string& key, rt::Instant now) {
  if (key.empty()) return std::nullopt;
  const auto found = index_.find(key);
  if (found == index_.end()) return std::nullopt;
  const auto kept = found->second;
  if (kept->reply.model_hash.empty() && now - kept->at > limits_.unknown_for) return std::nullopt;
  answers_.splice(answers_.begin(), answers_, kept);
  return repeated(kept->reply);
}

void Cache::put(const std::string& key, const engine::GenerateReply& reply, rt::Instant now) {
  const std::size_t bytes = sizeof(Kept) + key.size() + bytes_of(reply);
  if (key.empty() || !may_repeat(reply) || bytes > limits_.bytes_max) return;
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

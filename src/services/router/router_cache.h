#pragma once
// Answers to requests that would be answered the same again: at temperature 0 or with a seed. Owned by the
// router, so of one world; io thread. Exact: the key covers the model by its hash and everything that it
// would be asked. What a caller may see is in the messages, so nobody gets an answer to what they could not
// ask. Bounds: CacheLimits; what was not used for longest goes first. Not kept over a restart.
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ports/engine.h"
#include "services/router/router_config.h"

namespace troupe::router {

// Only what ended by itself: an answer that time cut off may be longer the next time.
bool may_repeat(const engine::GenerateReply& reply);
std::size_t bytes_of(const engine::GenerateReply& reply);
// As it was, at no cost and in no time.
engine::GenerateReply repeated(const engine::GenerateReply& reply);

// "" = not to be kept: it draws anew each time.
std::string cache_key(const engine::GenerateRequest& work, bool seeded, std::string_view model,
                      std::string_view hash);
// All but the last message and the seed: what must be the same where the last message need only mean the
// same.
std::string cache_scope(const engine::GenerateRequest& work, std::string_view model, std::string_view hash);

class Cache {
 public:
  explicit Cache(const CacheLimits& limits) : limits_(limits) {}

  // Weights that have no hash (of an engine over HTTP) may have been
  // replaced: what they said is good for CacheLimits::unknown_for.
  std::optional<engine::GenerateReply> find(const std::string& key, rt::Instant now);
  void put(const std::string& key, const engine::GenerateReply& reply, rt::Instant now);

  std::size_t rows() const { return answers_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    std::string key;
    engine::GenerateReply reply;
    rt::Instant at;
    std::size_t bytes = 0;
  };
  CacheLimits limits_;
  void drop(std::list<Kept>::iterator kept);

  std::list<Kept> answers_;  // used last first
  std::unordered_map<std::string, std::list<Kept>::iterator> index_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::router

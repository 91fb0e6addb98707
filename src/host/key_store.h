#pragma once
// The idempotency keys of one timeline: which request each stands for, and what was answered. A key counts
// together with who gave it (role and name), the method and the body. Keys are not history: a replay knows
// none, and a command that changed nothing leaves its key here and no input. Owned by Timeline; io thread.
// Bounded by Limits: the oldest keys go first.
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/caller.h"
#include "ports/db.h"

namespace troupe {

// One use of a key.
struct KeyUse {
  std::string owner;    // "player/anna"
  std::string key;      // as the caller gave it
  std::string request;  // SHA-256 of method and body

  auto name() const { return std::pair{owner, key}; }
};

// `type` is the request message's full name. The body counts as a message, not as bytes: a map's order is
// free.
KeyUse key_use(const Caller& caller, const std::string& type, const std::string& payload);

class KeyStore {
 public:
  struct Limits {
    std::size_t keys_max = 10'000;
    std::size_t bytes_max = std::size_t{64} << 20;  // of the answers
  };
  using Statements = std::vector<std::pair<std::string, db::Values>>;

  explicit KeyStore(Limits limits) : limits_(limits) {}

  static db::Migration migration();  // of service "timeline"
  Result<void> load(db::Reader& reader);

  // What this key was answered before; none when it is new. `conflict` idempotency.other_request when it
  // stood for something else; `conflict` idempotency.interrupted when its first use began and did not end, so
  // that nobody knows whether it was done.
  Result<std::optional<std::string>> find(const KeyUse& use) const;

  // Each answers what makes the change durable. A claim is a key whose answer is not there yet.
  Statements claim(const KeyUse& use) { return put(use, std::nullopt); }
  Statements answer(const KeyUse& use, const std::string& reply) { return put(use, reply); }
  Statements release(const KeyUse& use);

 private:
  using Name = std::pair<std::string, std::string>;
  struct Entry {
    std::int64_t number = 0;  // by age
    std::string request;
    std::optional<std::string> reply;
  };
  Statements put(const KeyUse& use, std::optional<std::string> reply);
  void remove(const Name& name);

  const Limits limits_;
  std::map<Name, Entry> entries_;
  std::map<std::int64_t, Name> by_age_;
  std::size_t bytes_ = 0;
  std::int64_t last_ = 0;
};

// Nobody may think that it was done, nor that it was not.
Error interrupted_key();
Error other_request(const std::string& key);

}  // namespace troupe

#pragma once
// How processes of one cluster know each other on a bus that strangers may write to: HMAC-SHA256 under a key that they share, over
// what a message is, where it goes, until when it counts, its call header and its body. A message without it has no rights.
//
//   Troupe-Proof: KIND.EXPIRES.NONCE.WITHIN.MAC
//     KIND     call, answer, error (an answer that is one), event, cancel
//     EXPIRES  Unix milliseconds; at most kProofLife from now
//     NONCE    32 hex digits, used once; an answer has its call's, which is the last token of its subject
//     WITHIN   microseconds until the caller's deadline; 0 = none
//     MAC      64 hex digits: HMAC of the lines "troupe-bus-1", KIND, EXPIRES, NONCE, WITHIN, SUBJECT (of an answer ""),
//              SHA-256 of the call header, SHA-256 of the body (both in hex), joined by \n
//
// Threads: any. Bounded: kNoncesMax remembered nonces of calls; beyond, calls are refused until some have expired.
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "rt/task.h"

namespace troupe::bus {

enum class Kind : std::uint8_t { call, answer, error, event, cancel };

// One message, as it travels.
struct Message {
  Kind kind = Kind::event;
  std::string subject;
  std::string reply;   // of a call: where the answer goes
  std::string header;  // of a call: the serialised CallHeader
  std::string body;
  std::string nonce;
  std::int64_t within_us = 0;
  bool nobody = false;  // NATS's own answer: nobody serves this
  std::size_t bytes() const { return header.size() + body.size(); }
};

inline constexpr rt::milliseconds kProofLife{10'000};
inline constexpr std::size_t kNonceDigits = 32;
inline constexpr std::size_t kKeyBytesMin = 32;

std::string new_nonce(rt::IdSource& ids);

// The proof's kind, before anything of it is believed; nothing: not one of ours.
std::optional<Kind> claimed_kind(std::string_view proof);

class Signer {
 public:
  explicit Signer(const std::string& key);
  ~Signer();
  std::string proof(const Message& message, std::int64_t wall_ms) const;
  // Takes nonce and within_us from `proof` when it is right: "" or what is wrong, for a log.
  std::string check(std::string_view proof, Message& message, std::int64_t wall_ms) const;

 private:
  struct Mac;
  std::string mac(const Message& message, std::string_view expires) const;
  std::unique_ptr<Mac> mac_;
};

// The nonces of calls that were seen and have not expired.
class Seen {
 public:
  static constexpr std::size_t kNoncesMax = 262'144;
  enum class Verdict { fresh, again, full };
  Verdict take(const std::string& nonce, std::int64_t wall_ms);

 private:
  std::mutex mutex_;
  std::deque<std::pair<std::int64_t, std::string>> by_age_;
  std::unordered_set<std::string> known_;
};

}  // namespace troupe::bus

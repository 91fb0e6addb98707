#pragma once
// Limits on how often: so many at once (`burst`), then so many a second, and whoever comes too early hears
// when to come again. Pure values; whoever owns them brings the time, in nanoseconds of a monotonic clock.
// One thread.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <utility>

namespace troupe {

struct Rate {
  double per_second = 0;  // 0: no limit
  double burst = 1;       // at once, from a bucket that nobody has taken from for a while

  bool limited() const { return per_second > 0; }
  std::int64_t span_ns(double tokens) const { return static_cast<std::int64_t>(tokens * 1e9 / per_second); }
};

class TokenBucket {
 public:
  // How long until `tokens` could be taken; 0 = now. More than `burst` at once is taken from a full bucket.
  std::int64_t wait_ns(const Rate& rate, std::int64_t now_ns, double tokens = 1) const {
    if (!rate.limited()) return 0;
    const double room = std::max(rate.burst, tokens);
    return std::max<std::int64_t>(0, std::max(full_at_ns_, now_ns) + rate.span_ns(tokens - room) - now_ns);
  }
  // Takes them, whether or not they are there: of what is only known afterwards. What is owed is waited for.
  void charge(const Rate& rate, std::int64_t now_ns, double tokens = 1) {
    if (rate.limited()) full_at_ns_ = std::max(full_at_ns_, now_ns) + rate.span_ns(tokens);
  }
  // Takes them and answers 0, or takes nothing and answers how long to wait.
  std::int64_t take(const Rate& rate, std::int64_t now_ns, double tokens = 1) {
    const std::int64_t wait = wait_ns(rate, now_ns, tokens);
    if (wait == 0) charge(rate, now_ns, tokens);
    return wait;
  }
  // Nothing was taken lately: as good as a new one.
  bool full(std::int64_t now_ns) const { return full_at_ns_ <= now_ns; }

 private:
  std::int64_t full_at_ns_ = 0;
};

// A bucket for each key ("anna", an address). At most `keys_max` are kept: full ones make room, those used
// longest ago first. While none is full, who is new shares one bucket with all others who are new, so that
// coming under many names is no way around the limit and costs nobody their own bucket.
template <class Key>
class TokenBuckets {
 public:
  explicit TokenBuckets(std::size_t keys_max) : keys_max_(keys_max) {}

  std::int64_t wait_ns(const Key& key, const Rate& rate, std::int64_t now_ns, double tokens = 1) const {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) return found->second->second.wait_ns(rate, now_ns, tokens);
    if (has_room(now_ns)) return TokenBucket().wait_ns(rate, now_ns, tokens);
    return shared_.wait_ns(rate, now_ns, tokens);
  }
  void charge(const Key& key, const Rate& rate, std::int64_t now_ns, double tokens = 1) {
    if (rate.limited()) bucket(key, now_ns).charge(rate, now_ns, tokens);
  }
  std::int64_t take(const Key& key, const Rate& rate, std::int64_t now_ns, double tokens = 1) {
    const std::int64_t wait = rate.limited() ? wait_ns(key, rate, now_ns, tokens) : 0;
    if (wait == 0) charge(key, rate, now_ns, tokens);
    return wait;
  }
  std::size_t size() const { return by_key_.size(); }

 private:
  using Used = std::list<std::pair<Key, TokenBucket>>;  // the longest unused first

  bool has_room(std::int64_t now_ns) const {
    return by_key_.size() < keys_max_ || (!used_.empty() && used_.front().second.full(now_ns));
  }
  TokenBucket& bucket(const Key& key, std::int64_t now_ns) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      used_.splice(used_.end(), used_, found->second);
      return found->second->second;
    }
    // Two for one: what is kept shrinks again once a crowd has gone.
    for (int i = 0; i < 2 && !used_.empty() && used_.front().second.full(now_ns); ++i) {
      by_key_.erase(used_.front().first);
      used_.pop_front();
    }
    if (by_key_.size() >= keys_max_) return shared_;
    used_.emplace_back(key, TokenBucket());
    by_key_.emplace(key, std::prev(used_.end()));
    return used_.back().second;
  }

  std::size_t keys_max_;
  Used used_;
  std::map<Key, typename Used::iterator> by_key_;
  TokenBucket shared_;
};

}  // namespace troupe

#pragma once
// Who tries tokens. An address that has used up its wrong tries waits, whatever it brings next, except for
// tokens that were right from there before: behind one address may be many. Pure; owned by the edge; io
// thread. Bounded: 4,096 addresses, 4,096 pairs of address and token.
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/token_bucket.h"

namespace troupe::edge {

class SignIns {
 public:
  explicit SignIns(Rate wrong) : wrong_(wrong) {}

  // Before `token` is looked at. `exhausted` auth.too_many_tries, with when to try again.
  Result<void> admit(const std::string& address, const std::string& token, std::int64_t now_ns) const;
  // Afterwards. False: so many were wrong lately that one more is not worth a line in the log.
  bool failed(const std::string& address, std::int64_t now_ns);
  void succeeded(const std::string& address, const std::string& token);

 private:
  static constexpr std::size_t kKept = 4096;

  Rate wrong_;
  TokenBuckets<std::string> tries_{kKept};
  std::set<std::pair<std::string, std::string>> right_;  // address, hash of the token
};

}  // namespace troupe::edge

#include "edge/sign_ins.h"

#include "base/hash.h"

namespace troupe::edge {

Result<void> SignIns::admit(const std::string& address, const std::string& token, std::int64_t now_ns) const {
  const std::int64_t wait = tries_.wait_ns(address, wrong_, now_ns);
  if (wait == 0 || right_.contains({address, sha256_hex(token)})) return {};
  return fail(Code::exhausted, "auth.too_many_tries",
              "too many wrong tokens from this address; try again later", wait / 1'000'000 + 1);
}

bool SignIns::failed(const std::string& address, std::int64_t now_ns) {
  return tries_.take(address, wrong_, now_ns) == 0;
}

void SignIns::succeeded(const std::string& address, const std::string& token) {
  if (right_.size() >= kKept) right_.clear();  // whoever is right again is here again
  right_.insert({address, sha256_hex(token)});
}

}  // namespace troupe::edge

#include "edge/waiting.h"

#include <algorithm>

namespace troupe::edge {

Waiting::Here::Here(Waiting& waiting, std::string address, Drop drop)
    : waiting_(waiting), address_(std::move(address)), drop_(std::move(drop)) {
  at_ = waiting_.list_.insert(waiting_.list_.end(), this);
}

Waiting::Here::~Here() {
  if (at_) waiting_.list_.erase(*at_);
}

bool Waiting::drop_oldest(const std::string& address) {
  const auto oldest = std::ranges::find_if(
      list_, [&](const Here* here) { return address.empty() || here->address_ == address; });
  if (oldest == list_.end()) return false;
  Here& here = **oldest;
  list_.erase(oldest);
  here.at_.reset();
  here.drop_();  // closes its socket; whoever waits on it ends later
  return true;
}

}  // namespace troupe::edge

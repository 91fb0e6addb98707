#pragma once
// What a NATS server says of itself before anybody has said who they are. Waits; start only.
#include <string>
#include <string_view>

#include "adapters/bus_nats/address.h"

namespace troupe::bus {

// `invalid_argument` bus.old_server where the first server that is there is older than 2.11. A server that says nothing (TLS from
// the first byte) is asked no further, and one that is not there is the client's to tell about.
Result<void> check_servers(const NatsAddress& address);

// "2.15.1" of an INFO line, or "".
std::string version_in(std::string_view info);
bool is_recent(std::string_view version);

}  // namespace troupe::bus

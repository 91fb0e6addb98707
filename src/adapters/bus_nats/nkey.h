#pragma once
// nkeys, NATS's names for Ed25519 keys: base32 of a prefix, the key and a CRC-16. Pure.
#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe::bus {

// The user's public key ("U...") of a seed ("SU..."). `invalid_argument` bus.bad_nkey; the message does not repeat the seed.
Result<std::string> nkey_public(std::string_view seed);
// The seed of a user's key of 32 bytes.
std::string nkey_seed(std::string_view bytes);

}  // namespace troupe::bus

#pragma once
// Which addresses an engine may be at. Pure. IPv4 counts as IPv6 (::ffff:a.b.c.d), so that a mapped address
// is judged as the one it stands for.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

struct sockaddr;

namespace troupe::engine {

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const Address&) const = default;
};

// "127.0.0.1", "::1"; `invalid_argument` engine.bad_address.
Result<Address> parse_address(std::string_view text);
// Of another family than IPv4 and IPv6: `invalid_argument` engine.bad_address.
Result<Address> address_of(const sockaddr& socket_address);

std::string text_of(const Address& address);

struct Network {
  Address address;
  int bits = 128;  // of the IPv6 form
  bool holds(const Address& other) const;
};

// "10.0.0.0/8", "::1/128", or one address. Bits beyond the prefix must be 0.
Result<Network> parse_network(std::string_view text);

// Reachable over the internet: not loopback, private, link-local, multicast, reserved, nor a form that
// carries an IPv4 address within (6to4, NAT64, Teredo).
bool is_public(const Address& address);

// With a list: those networks and no other. Without: public addresses only.
struct AddressRules {
  std::vector<Network> allowed;
  bool allows(const Address& address) const;
};

}  // namespace troupe::engine

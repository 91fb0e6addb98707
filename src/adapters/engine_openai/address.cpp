#include "adapters/engine_openai/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"

namespace troupe::engine {

namespace {

constexpr int kMappedBits = 96;  // of ::ffff:0:0/96, where IPv4 lives

Address mapped(const void* four_bytes) {
  Address out;
  out.bytes[10] = out.bytes[11] = 0xff;
  std::memcpy(out.bytes.data() + 12, four_bytes, 4);
  return out;
}

bool is_v4(const Address& a) {
  return std::all_of(a.bytes.begin(), a.bytes.begin() + 10, [](auto byte) { return byte == 0; }) &&
         a.bytes[10] == 0xff && a.bytes[11] == 0xff;
}

std::unexpected<Error> bad(std::string_view text) {
  return fail(Code::invalid_argument, "engine.bad_address",
              "'" + std::string(text) + "' is no address or network; one looks like 127.0.0.0/8 or ::1");
}

// Special-purpose blocks of IPv4 (RFC 6890 and its registry), and multicast.
constexpr const char* kNotPublic4[] = {"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                       "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
                                       "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                       "203.0.113.0/24", "224.0.0.0/3"};
// Inside of 2000::/3, the only block of global unicast addresses.
constexpr const char* kNotPublic6[] = {"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"};

bool in_any(const Address& address, const std::vector<Network>& networks) {
  return std::ranges::any_of(networks, [&](const Network& network) { return network.holds(address); });
}

template <std::size_t n>
std::vector<Network> networks_of(const char* const (&texts)[n]) {
  std::vector<Network> out;
  for (const char* text : texts) {
    auto network = parse_network(text);
    TROUPE_CHECK(network.has_value(), text);
    out.push_back(*network);
  }
  return out;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  in_addr four{};
  if (inet_pton(AF_INET, copy.c_str(), &four) == 1) return mapped(&four);
  Address out;
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) return out;
  return bad(text);
}

Result<Address> address_of(const sockaddr& socket_address) {
  if (socket_address.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &socket_address, sizeof four);
    return mapped(&four.sin_addr);
  }
  if (socket_address.sa_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &socket_address, sizeof six);
    Address out;
    std::memcpy(out.bytes.data(), &six.sin6_addr, 16);
    return out;
  }
  return bad("an address of another family");
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(address)) {
    inet_ntop(AF_INET, address.bytes.data() + 12, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  }
  return text.data();
}

bool Network::holds(const Address& other) const {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  other.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const int mask = 0xff << (8 - bits % 8) & 0xff;
  return (address.bytes[whole] & mask) == (other.bytes[whole] & mask);
}

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return bad(text);
  Network out{.address = *address};
  if (slash != std::string_view::npos) {
    const auto number = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.bits);
    if (error != std::errc() || end != number.data() + number.size() || out.bits < 0) return bad(text);
    if (is_v4(*address) && text.find(':') == std::string_view::npos) out.bits += kMappedBits;
    if (out.bits > 128) return bad(text);
  }
  for (int bit = out.bits; bit < 128; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    if ((address->bytes[byte] >> (7 - bit % 8) & 1) != 0) return bad(text);
  }
  return out;
}

bool is_public(const Address& address) {
  if (is_v4(address)) return !in_any(address, networks_of(kNotPublic4));
  return (address.bytes[0] & 0xe0) == 0x20 && !in_any(address, networks_of(kNotPublic6));
}

bool AddressRules::allows(const Address& address) const {
  return allowed.empty() ? is_public(address) : in_any(address, allowed);
}

}  // namespace troupe::engine

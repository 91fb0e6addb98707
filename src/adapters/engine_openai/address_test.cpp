#include "adapters/engine_openai/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace troupe::engine {
namespace {

Address at(const char* text) {
  const auto address = parse_address(text);
  EXPECT_TRUE(address) << text;
  return address ? *address : Address{};
}

TEST(AddressRules, WithoutAListOnlyPublicAddresses) {
  const AddressRules rules;
  for (const char* text : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255",
                           "198.20.0.1", "223.255.255.255", "2606:4700::1111", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(rules.allows(at(text))) << text;
  }
  for (const char* text : {"0.0.0.0",       "10.1.2.3",         "100.64.0.1",
                           "127.0.0.1",     "127.255.255.254",  "169.254.169.254",
                           "172.16.0.1",    "172.31.255.255",   "192.168.1.1",
                           "198.18.0.1",    "198.19.255.255",   "224.0.0.1",
                           "240.0.0.1",     "255.255.255.255",  "::",
                           "::1",           "::ffff:127.0.0.1", "::ffff:169.254.169.254",
                           "::7f00:1",      "fe80::1",          "fc00::1",
                           "fd00:ec2::254", "ff02::1",          "64:ff9b::7f00:1",
                           "2002:7f00:1::", "2001::1",          "2001:db8::1"}) {
    EXPECT_FALSE(rules.allows(at(text))) << text;
  }
}

TEST(AddressRules, AListIsExact) {
  AddressRules rules;
  for (const char* text : {"127.0.0.0/8", "10.2.0.0/15", "fd12:3456::/32", "192.168.7.9"}) {
    const auto network = parse_network(text);
    ASSERT_TRUE(network) << text;
    rules.allowed.push_back(*network);
  }
  for (const char* text :
       {"127.0.0.1", "::ffff:127.1.2.3", "10.2.0.1", "10.3.255.255", "fd12:3456:1::9", "192.168.7.9"}) {
    EXPECT_TRUE(rules.allows(at(text))) << text;
  }
  for (const char* text :
       {"8.8.8.8", "10.1.255.255", "10.4.0.0", "fd12:3457::1", "192.168.7.8", "::1", "128.0.0.1"}) {
    EXPECT_FALSE(rules.allows(at(text))) << text;
  }
}

TEST(Addresses, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "localhost", "127.1", "0x7f.0.0.1", "127.0.0.1.", "256.0.0.1", "::g", "1.2.3.4 "}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
                           "::/129", "fe80::1/64", "10.0.0.0/99999999999"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(Addresses, AsText) {
  EXPECT_EQ(text_of(at("10.1.2.3")), "10.1.2.3");
  EXPECT_EQ(text_of(at("::ffff:10.1.2.3")), "10.1.2.3");
  EXPECT_EQ(text_of(at("fd12::1")), "fd12::1");
}

TEST(Addresses, OfSockets) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(address_of(reinterpret_cast<const sockaddr&>(four)).value(), at("127.0.0.1"));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  EXPECT_EQ(address_of(reinterpret_cast<const sockaddr&>(six)).value(), at("::1"));
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(address_of(other));
}

}  // namespace
}  // namespace troupe::engine

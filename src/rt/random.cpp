#include "rt/random.h"

#include <fmt/core.h>
#include <sys/random.h>

#include "base/check.h"

namespace troupe::rt {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

std::uint64_t Draw::bits(std::uint64_t tick, std::uint32_t lane) const {
  // The counter holds the tick (48 bits), the lane and the stream's low word; the key mixes seed and stream.
  const std::uint64_t key = seed_ ^ (stream_ * 0x9E3779B97F4A7C15ULL);
  const auto out = philox4x32({static_cast<std::uint32_t>(tick), static_cast<std::uint32_t>(tick >> 32), lane,
                               static_cast<std::uint32_t>(stream_)},
                              {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
  return (std::uint64_t{out[1]} << 32) | out[0];
}

double Draw::uniform(std::uint64_t tick, std::uint32_t lane) const {
  return static_cast<double>(bits(tick, lane) >> 11) * 0x1.0p-53;
}

std::uint64_t Draw::below(std::uint64_t bound, std::uint64_t tick, std::uint32_t lane) const {
  TROUPE_CHECK(bound > 0, "a draw needs something to draw from");
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits(tick, lane)) * bound) >> 64);
}

namespace {

std::string format_uuid7(std::int64_t wall_ms, std::uint64_t a, std::uint64_t b) {
  const auto ms = static_cast<std::uint64_t>(wall_ms) & 0xFFFFFFFFFFFFULL;
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", ms >> 16, ms & 0xFFFF, a & 0xFFF,
                     0x8000 | ((a >> 16) & 0x3FFF), b & 0xFFFFFFFFFFFFULL);
}

}  // namespace

std::uint64_t SystemIds::bits() {
  std::uint64_t value = 0;
  TROUPE_CHECK(getrandom(&value, sizeof value, 0) == sizeof value, "the kernel has random numbers");
  return value;
}

std::string SystemIds::uuid7(std::int64_t wall_ms) { return format_uuid7(wall_ms, bits(), bits()); }

std::uint64_t SeededIds::bits() { return Draw(seed_, "ids", "").bits(count_++); }

std::string SeededIds::uuid7(std::int64_t wall_ms) { return format_uuid7(wall_ms, bits(), bits()); }

}  // namespace troupe::rt

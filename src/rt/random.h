#pragma once
// Randomness enters here. Game logic uses counter-based draws: a pure function of where the draw stands in
// the world, so that the order of calls does not matter and forecasts come true. Ids for things outside the
// world's history come from an IdSource.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::rt {

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// 64-bit FNV-1a: names a stream. Not for anything hostile.
constexpr std::uint64_t stream_hash(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325ULL) {
  for (const char c : text) {
    seed ^= static_cast<unsigned char>(c);
    seed *= 0x100000001b3ULL;
  }
  return seed;
}

// The draws of (world seed, service, subject) at `tick`. `lane` tells several draws of one tick apart.
class Draw {
 public:
  constexpr Draw(std::uint64_t seed, std::string_view service, std::string_view subject)
      : seed_(seed), stream_(stream_hash(subject, stream_hash("/", stream_hash(service)))) {}
  Draw(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  std::uint64_t bits(std::uint64_t tick, std::uint32_t lane = 0) const;
  double uniform(std::uint64_t tick, std::uint32_t lane = 0) const;  // [0, 1), 53 bits
  std::uint64_t below(std::uint64_t bound, std::uint64_t tick, std::uint32_t lane = 0) const;  // [0, bound)
  std::uint64_t stream() const { return stream_; }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
};

// Ids that no replay depends on: requests, traces, sessions.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual std::uint64_t bits() = 0;                     // any thread
  virtual std::string uuid7(std::int64_t wall_ms) = 0;  // any thread
};

class SystemIds final : public IdSource {
 public:
  std::uint64_t bits() override;
  std::string uuid7(std::int64_t wall_ms) override;
};

// For tests and simulation: the same seed gives the same ids.
class SeededIds final : public IdSource {
 public:
  explicit SeededIds(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t bits() override;
  std::string uuid7(std::int64_t wall_ms) override;

 private:
  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

}  // namespace troupe::rt

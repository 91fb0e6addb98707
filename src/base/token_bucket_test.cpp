#include "base/token_bucket.h"

#include <gtest/gtest.h>

#include <string>

namespace troupe {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr Rate kRate{.per_second = 2, .burst = 3};

TEST(TokenBucket, givesABurstThenTheRateAndSaysWhenToComeAgain) {
  TokenBucket bucket;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kRate, kSecond), 0);
  EXPECT_EQ(bucket.take(kRate, kSecond), kSecond / 2);
  EXPECT_EQ(bucket.take(kRate, kSecond), kSecond / 2);  // asking in vain costs nothing
  EXPECT_EQ(bucket.take(kRate, kSecond + kSecond / 2), 0);
  EXPECT_GT(bucket.take(kRate, kSecond + kSecond / 2), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kRate, 100 * kSecond), 0);  // never more than the burst
  EXPECT_GT(bucket.take(kRate, 100 * kSecond), 0);
}

TEST(TokenBucket, holdsItsRateOverALongTime) {
  TokenBucket bucket;
  int taken = 0;
  for (int ms = 0; ms < 100'000; ms += 7) {
    if (bucket.take(kRate, kSecond + ms * 1'000'000LL) == 0) ++taken;
  }
  EXPECT_LE(taken, 203);
  EXPECT_GE(taken, 201);
}

TEST(TokenBucket, takesMoreThanTheBurstFromAFullBucketOnly) {
  TokenBucket bucket;
  EXPECT_EQ(bucket.take(kRate, kSecond, 8), 0);
  EXPECT_EQ(bucket.take(kRate, kSecond), 3 * kSecond);  // 5 are owed, then half a second for this one
  bucket.charge(kRate, kSecond, 2);
  EXPECT_EQ(bucket.take(kRate, kSecond), 4 * kSecond);
}

TEST(TokenBucket, withoutARateEverythingPasses) {
  TokenBucket bucket;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(bucket.take({}, 0), 0);
  TokenBuckets<std::string> buckets(1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(buckets.take(std::to_string(i), {}, 0), 0);
  EXPECT_EQ(buckets.size(), 0U);
}

TEST(TokenBuckets, oneKeyCostsTheOthersNothing) {
  TokenBuckets<std::string> buckets(10);
  for (int i = 0; i < 100; ++i) (void)buckets.take("greedy", kRate, kSecond);
  EXPECT_GT(buckets.take("greedy", kRate, kSecond), 0);
  EXPECT_EQ(buckets.take("other", kRate, kSecond), 0);
}

TEST(TokenBuckets, manyNamesAreNoWayAroundTheLimit) {
  TokenBuckets<std::string> buckets(10);
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    if (buckets.take("name" + std::to_string(i), kRate, kSecond) == 0) ++taken;
  }
  EXPECT_EQ(taken, 13);  // ten of their own, three of the one that is shared
  EXPECT_EQ(buckets.size(), 10U);
  EXPECT_EQ(buckets.take("name3", kRate, kSecond), 0);  // whoever was there before keeps their own
}

TEST(TokenBuckets, fullOnesMakeRoom) {
  TokenBuckets<std::string> buckets(10);
  for (int i = 0; i < 10; ++i) (void)buckets.take("old" + std::to_string(i), kRate, kSecond);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(buckets.take("new" + std::to_string(i), kRate, 10 * kSecond), 0);
  EXPECT_LE(buckets.size(), 10U);
  EXPECT_EQ(buckets.wait_ns("newer", kRate, 10 * kSecond), 0);
}

}  // namespace
}  // namespace troupe

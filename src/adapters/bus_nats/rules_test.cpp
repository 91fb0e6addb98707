// Without a server: URLs, versions, nkeys, proofs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/bus_nats/address.h"
#include "adapters/bus_nats/link.h"
#include "adapters/bus_nats/nkey.h"
#include "adapters/bus_nats/proof.h"
#include "adapters/bus_nats/server_info.h"

namespace troupe::bus {
namespace {

TEST(NatsAddressTest, IsReadAndShownWithoutTheLogin) {
  const struct {
    const char* url;
    const char* shown;
    const char* login;
  } table[] = {
      {"nats://127.0.0.1", "nats://127.0.0.1:4222", ""},
      {"nats://127.0.0.1:14222/", "nats://127.0.0.1:14222", ""},
      {"tls://nats.example.org", "tls://nats.example.org:4222", ""},
      {"nats://[::1]:4000", "nats://[::1]:4000", ""},
      {"nats://anna:p%40ss@a:1,nats://b:2", "nats://a:1,b:2", "anna/p@ss/"},
      {"nats://anna:@a", "nats://a:4222", "anna//"},
      {"tls://a%2Fb@host", "tls://host:4222", "//a/b"},
  };
  for (const auto& row : table) {
    const auto address = parse_nats_url(row.url);
    ASSERT_TRUE(address.has_value()) << row.url << ": " << address.error().message;
    EXPECT_EQ(address->text(), row.shown);
    const auto& login = address->login;
    EXPECT_EQ(login.empty() ? "" : login.user + "/" + login.password + "/" + login.token, row.login);
  }
}

TEST(NatsAddressTest, BadUrlsAreRefusedAndNotRepeated) {
  for (const std::string url : {"",
                                "nats://",
                                "http://a",
                                "a:4222",
                                "nats://a:0",
                                "nats://a:65536",
                                "nats://a:x",
                                "nats://a:",
                                "nats://[::1",
                                "nats://[::1]x",
                                "nats://a b",
                                "nats://s3cret@",
                                "nats://@a",
                                "nats://:s3cret@a",
                                "nats://s3cret%@a",
                                "nats://s3cret%zz@a",
                                "nats://s3cret%00@a",
                                "nats://a,tls://b",
                                "nats://s3cret@a,nats://s3cret@b",
                                "nats://a/b",
                                "nats://a,nats://b,nats://c,nats://d,nats://e,nats://f,"
                                "nats://g,nats://h,nats://i"}) {
    const auto address = parse_nats_url(url);
    ASSERT_FALSE(address.has_value()) << url;
    EXPECT_EQ(address.error().reason, "bus.bad_url");
    EXPECT_THAT(address.error().message, testing::Not(testing::HasSubstr("s3cret")));
  }
}

TEST(NatsVersionTest, TwoElevenAndLater) {
  EXPECT_EQ(version_in("INFO {\"server_id\":\"X\",\"version\":\"2.15.1\",\"proto\":1}\r\n"), "2.15.1");
  EXPECT_EQ(version_in("SSH-2.0-OpenSSH\r\n"), "");
  for (const char* recent : {"2.11.0", "2.15.1", "2.11.0-beta", "3.0", "10.0.0"})
    EXPECT_TRUE(is_recent(recent)) << recent;
  for (const char* old : {"2.9.10", "2.10.99", "1.20.0", "", "2", "x.y"}) EXPECT_FALSE(is_recent(old)) << old;
}

// That NATS agrees is login_test.cpp's.
TEST(NKeyTest, TheNameFollowsFromTheSeed) {
  const std::string seed = nkey_seed(std::string(32, 'k'));
  EXPECT_EQ(seed.size(), 58U);
  EXPECT_TRUE(seed.starts_with("SU"));
  EXPECT_TRUE(nkey_public(seed).value().starts_with("U"));
  for (std::size_t i = 0; i < seed.size(); ++i) {
    std::string other = seed;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    const auto wrong = nkey_public(other);
    EXPECT_FALSE(wrong.has_value() && *wrong == *nkey_public(seed)) << i;
  }
  for (const std::string bad : {"", "SU", "su", "UCK5N7N66OBOINFXAYC2ACJQYFSOD4VYNU6APEJTAVFZB2SVHLKGEW7L"})
    EXPECT_EQ(nkey_public(bad).error().reason, "bus.bad_nkey");
}

class ProofTest : public testing::Test {
 protected:
  static constexpr std::int64_t kNow = 1'790'000'000'000;
  static Message call() {
    return {.kind = Kind::call,
            .subject = "svc.w.npc.Talk",
            .reply = "_INBOX.x",
            .header = "anna, a player",
            .body = "hello",
            .nonce = std::string(kNonceDigits, 'a'),
            .within_us = 5'000'000};
  }
  std::string check(const std::string& proof, Message message, std::int64_t now = kNow) const {
    message.nonce.clear();
    message.within_us = 0;
    return signer_.check(proof, message, now);
  }
  const Signer signer_{"a key that all processes of this test share"};
};

TEST_F(ProofTest, SaysTheSameOfTheSameOnly) {
  const std::string proof = signer_.proof(call(), kNow);
  Message taken = call();
  taken.nonce.clear();
  taken.within_us = 0;
  EXPECT_EQ(signer_.check(proof, taken, kNow), "");
  EXPECT_EQ(taken.nonce, call().nonce);
  EXPECT_EQ(taken.within_us, 5'000'000);
  EXPECT_EQ(claimed_kind(proof), Kind::call);
  const auto changed = [&](auto change) {
    Message other = call();
    change(other);
    return check(proof, other);
  };
  EXPECT_NE(changed([](Message& m) { m.subject = "svc.w.npc.Give"; }), "");
  EXPECT_NE(changed([](Message& m) { m.header = "anna, an administrator"; }), "");
  EXPECT_NE(changed([](Message& m) { m.body = "hello!"; }), "");
  EXPECT_NE(changed([](Message& m) { m.kind = Kind::event; }), "");
  EXPECT_EQ(changed([](Message& m) { m.reply = "_INBOX.y"; }), "")
      << "a bridge between accounts may name it otherwise";
  const Signer other("a key that nobody of ours has ever seen");
  Message message = call();
  EXPECT_NE(other.check(proof, message, kNow), "");
}

TEST_F(ProofTest, NoPartOfItCanBeChanged) {
  const std::string proof = signer_.proof(call(), kNow);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    std::string other = proof;
    other[i] = other[i] == '1' ? '2' : '1';
    EXPECT_NE(check(other, call()), "") << other;
    EXPECT_NE(check(proof.substr(0, i), call()), "") << i;
  }
  EXPECT_NE(check(proof + "0", call()), "");
  EXPECT_NE(check(proof + ".0", call()), "");
  EXPECT_THAT(check("", call()), testing::HasSubstr("no proof"));
}

TEST_F(ProofTest, Expires) {
  const std::string proof = signer_.proof(call(), kNow);
  EXPECT_EQ(check(proof, call(), kNow + kProofLife.count()), "");
  EXPECT_THAT(check(proof, call(), kNow + kProofLife.count() + 1), testing::HasSubstr("too late"));
  EXPECT_EQ(check(proof, call(), kNow - kProofLife.count()), "");
  EXPECT_THAT(check(proof, call(), kNow - kProofLife.count() - 1), testing::HasSubstr("future"));
}

TEST_F(ProofTest, AnAnswerBelongsToItsCall) {
  Message answer = call();
  answer.kind = Kind::answer;
  answer.subject = "_INBOX.x." + answer.nonce;
  const std::string proof = signer_.proof(answer, kNow);
  EXPECT_EQ(check(proof, answer), "");
  answer.subject = "_INBOX.x." + std::string(kNonceDigits, 'b');
  EXPECT_THAT(check(proof, answer), testing::HasSubstr("another call"));
}

TEST_F(ProofTest, ACallIsTakenOnce) {
  Seen seen;
  EXPECT_EQ(seen.take("a", kNow), Seen::Verdict::fresh);
  EXPECT_EQ(seen.take("b", kNow), Seen::Verdict::fresh);
  EXPECT_EQ(seen.take("a", kNow + 2 * kProofLife.count()), Seen::Verdict::again)
      << "as long as a proof may count";
  for (std::size_t i = 2; i < Seen::kNoncesMax; ++i)
    ASSERT_EQ(seen.take(std::to_string(i), kNow), Seen::Verdict::fresh);
  EXPECT_EQ(seen.take("c", kNow), Seen::Verdict::full);
  EXPECT_EQ(seen.take("c", kNow + 2 * kProofLife.count() + 1), Seen::Verdict::fresh)
      << "what has expired is forgotten";
}

TEST(WireTest, Base64AndErrors) {
  for (std::size_t size = 0; size < 100; ++size) {
    const std::string bytes(size, static_cast<char>(200 + size));
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  }
  for (const std::string bad : {"a", "ab", "abc", "ab!d", "a==="}) EXPECT_NE(decode_base64(bad), "x") << bad;
  EXPECT_EQ(decode_error(encode_error({Code::exhausted, "npc.busy", "later", 1500})).retry_after_ms, 1500);
  EXPECT_EQ(decode_error("rubbish").reason, "bus.bad_answer");
  EXPECT_EQ(decode_error("").reason, "bus.bad_answer") << "an error without a code is none";
}

}  // namespace
}  // namespace troupe::bus

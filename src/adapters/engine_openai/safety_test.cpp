// Whom requests are sent to, what goes with them, and what is believed: addresses, redirects, certificates,
// keys.
#include "adapters/engine_openai/openai_fixture.h"

namespace troupe::engine {
namespace {

using namespace std::chrono_literals;

class Safety : public OpenAiFixture {};

// ---- Whom it is sent to

TEST_F(Safety, ConnectionsAreUsedAgain) {
  upstream_.script(good);
  open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(generate(talk()));
  EXPECT_EQ(upstream_.connections(), 1);
}

TEST_F(Safety, AReplyThatIsLongerThanItSaysIsNotTheNextOnes) {
  const std::string mine = R"({"choices":[{"message":{"content":"mine"},"finish_reason":"stop"}]})";
  const std::string other =
      R"({"choices":[{"message":{"content":"somebody else's"},"finish_reason":"stop"}]})";
  // By value: the upstream still writes when this test has what it wants and is over.
  const auto asked = std::make_shared<std::atomic<int>>(0);
  upstream_.script([=](Peer& p) {
    p.whole(mine);
    if ((*asked)++ == 0) p.whole(other);
  });
  open();
  for (int i = 0; i < 3; ++i) {
    const auto reply = generate(talk());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text, "mine");
  }
}

TEST_F(Safety, AnAddressThatIsNotAllowedIsNotConnectedTo) {
  upstream_.script(good);
  open();
  // "localhost" passes the look at the configuration; what it resolves to does not pass.
  auto config = model_at("http://localhost:" + std::to_string(upstream_.port()) + "/v1");
  config.allow_addresses = {"10.0.0.0/8"};
  const int before = upstream_.connections();
  open({config});
  const auto reply = generate(talk());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.address_refused") << reply.error().message;
  EXPECT_EQ(upstream_.connections(), before) << "not even a connection";
}

TEST_F(Safety, AConnectionThatSomebodyElseOpenedIsJudgedAgain) {
  upstream_.script(good);
  const auto url = "http://localhost:" + std::to_string(upstream_.port()) + "/v1";
  auto open_hearted = model_at(url);
  open_hearted.allow_addresses = {"127.0.0.0/8", "::1"};
  auto strict = open_hearted;
  strict.name = "strict";
  strict.allow_addresses = {"10.0.0.0/8"};
  open({open_hearted, strict});
  ASSERT_TRUE(generate(talk()));
  auto request = talk();
  request.model = "strict";
  const auto reply = generate(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.address_refused") << reply.error().message;
  EXPECT_EQ(upstream_.seen().size(), 1U);
}

TEST_F(Safety, ARedirectKeepsTheRequestAndLosesTheKey) {
  FaultUpstream other(good);
  upstream_.script(
      [&](Peer& p) { p.whole("", "307 Elsewhere", "Location: " + other.url() + "/chat/completions\r\n"); });
  const PrivateFile key("sk-secret");
  auto config = model();
  config.key_file = key.path();
  config.redirects = 1;
  open({config});
  const auto reply = generate(talk());
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_EQ(other.seen().size(), 1U);
  EXPECT_TRUE(other.seen()[0].line.starts_with("POST ")) << other.seen()[0].line;
  EXPECT_EQ(other.seen()[0].body, upstream_.seen()[0].body);
  EXPECT_FALSE(other.seen()[0].headers.contains("authorization"));
}

TEST_F(Safety, RedirectsAreRefused) {
  FaultUpstream other(good);
  struct Row {
    const char* status;
    std::string to;
    int allowed;
    const char* reason;
  };
  for (const auto& row :
       std::vector<Row>{{"307 Elsewhere", other.url(), 0, "engine.redirected"},
                        {"302 Found", other.url(), 3, "engine.redirected"},
                        {"303 See other", other.url(), 3, "engine.redirected"},
                        {"307 Loop", upstream_.url(), 2, "engine.redirected"},
                        {"307 File", "file:///etc/passwd", 3, "engine.redirected"},
                        {"307 Inside", "http://10.0.0.1:1/v1", 3, "engine.address_refused"},
                        {"307 Inside", "http://[::ffff:10.0.0.1]:1/v1", 3, "engine.address_refused"}}) {
    upstream_.script([&](Peer& p) { p.whole("", row.status, "Location: " + row.to + "\r\n"); });
    auto config = model();
    config.redirects = row.allowed;
    open({config});
    const auto reply = generate(talk());
    ASSERT_FALSE(reply) << row.status << row.to;
    EXPECT_EQ(reply.error().reason, row.reason)
        << row.status << ' ' << row.to << ": " << reply.error().message;
  }
  EXPECT_TRUE(other.seen().empty());
}

TEST_F(Safety, CertificatesAreVerified) {
  const TestCertificate mine("IP:127.0.0.1");
  const TestCertificate of_another("DNS:example.org");
  const PrivateFile mine_file, another_file;
  mine.write(mine_file.path());
  of_another.write(another_file.path());
  FaultUpstream trusted(good, &mine);
  FaultUpstream named_wrongly(good, &of_another);
  const auto ask = [&](const FaultUpstream& upstream, const std::string& ca_file) {
    auto config = model_at(upstream.url());
    config.ca_file = ca_file;
    open({config});
    return generate(talk());
  };
  const auto reply = ask(trusted, mine_file.path());
  EXPECT_TRUE(reply) << reply.error().message;
  for (const auto& refused : {ask(trusted, ""), ask(trusted, another_file.path()),
                              ask(named_wrongly, another_file.path()), ask(trusted, "/nowhere")}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "engine.not_trusted") << refused.error().message;
  }
  EXPECT_EQ(trusted.seen().size(), 1U);
  EXPECT_TRUE(named_wrongly.seen().empty());
}

TEST_F(Safety, NobodyThereIsSaidAtOnce) {
  int port = 0;
  {
    const FaultUpstream away;
    port = away.port();
  }
  open({model_at("http://127.0.0.1:" + std::to_string(port) + "/v1")});
  const auto reply = generate(talk());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::unavailable);
  EXPECT_EQ(reply.error().reason, "engine.unreachable");
  EXPECT_NE(seen_state().problem, "");
}

// ---- Configuration and keys

TEST_F(Safety, KeysAreForTheirOwnerOnly) {
  const PrivateFile readable("sk-secret", 0640);
  const PrivateFile empty("", 0600);
  const PrivateFile odd("sk secret\r\nX-More: 1", 0600);
  for (const auto& file :
       {readable.path(), empty.path(), odd.path(), std::string("/nowhere/key"), std::string("/tmp")}) {
    auto config = model();
    config.key_file = file;
    const auto opened = open_openai_engine(env_, {.models = {config}});
    ASSERT_FALSE(opened) << file;
    EXPECT_EQ(opened.error().code, Code::invalid_argument);
    EXPECT_NE(opened.error().message.find(file), std::string::npos) << opened.error().message;
    EXPECT_EQ(opened.error().message.find("secret"), std::string::npos) << opened.error().message;
  }
}

TEST_F(Safety, TheKeyIsInNoError) {
  upstream_.script([](Peer& p) { p.whole(R"({"error":{"message":"what is sk-secret?"}})", "400 No"); });
  const PrivateFile key("sk-secret");
  auto config = model();
  config.key_file = key.path();
  open({config});
  const auto reply = generate(talk());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message.find("sk-secret"), std::string::npos) << reply.error().message;
}

TEST_F(Safety, MistakesInTheConfigurationAreNamed) {
  struct Row {
    const char* says;
    std::function<void(OpenAiModelConfig&)> mistake;
  };
  for (const auto& row :
       std::vector<Row>{{"name", [](auto& m) { m.name = "Has Space"; }},
                        {"name", [](auto& m) { m.name = ""; }},
                        {"url", [](auto& m) { m.url = ""; }},
                        {"url", [](auto& m) { m.url = "ftp://127.0.0.1/v1"; }},
                        {"url", [](auto& m) { m.url = "http://me:pw@127.0.0.1/v1"; }},
                        {"url", [](auto& m) { m.url = "http://127.0.0.1/v1?key=1"; }},
                        {"allow_addresses", [](auto& m) { m.allow_addresses = {}; }},
                        {"allow_addresses", [](auto& m) { m.allow_addresses = {"10.0.0.0/8"}; }},
                        {"allow_addresses", [](auto& m) { m.allow_addresses = {"localhost"}; }},
                        {"model", [](auto& m) { m.model = ""; }},
                        {"tiers", [](auto& m) { m.tiers = {}; }},
                        {"parallel", [](auto& m) { m.parallel = 0; }},
                        {"retries", [](auto& m) { m.retries = 99; }},
                        {"timeout", [](auto& m) { m.timeout = 0ms; }},
                        {"price", [](auto& m) { m.prices.output = -1; }},
                        {"price", [](auto& m) { m.prices.prompt = kPriceMax + 1; }}}) {
    auto config = model();
    row.mistake(config);
    const auto opened = open_openai_engine(env_, {.models = {config}});
    ASSERT_FALSE(opened) << row.says;
    EXPECT_EQ(opened.error().reason, "engine.bad_config");
    EXPECT_NE(opened.error().message.find(row.says), std::string::npos) << opened.error().message;
  }
  EXPECT_FALSE(open_openai_engine(env_, {.models = {model(), model()}})) << "two of one name";
}

}  // namespace
}  // namespace troupe::engine

// Who we are to NATS: from the URL, from a file, by a key; over TLS. Against a real server.
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "adapters/bus_nats/address.h"
#include "adapters/bus_nats/nats_fixture.h"
#include "adapters/bus_nats/nkey.h"

namespace troupe::bus {
namespace {

class LoginTest : public testing::Test {
 protected:
  // "ok", or why not.
  std::string connect(NatsConfig config) {
    config.key = kTestKey;
    auto opened = open_nats_bus(env_, config);
    if (opened) return "ok";
    message_ = opened.error().message;
    EXPECT_THAT(message_, testing::Not(testing::HasSubstr("s3cret")));
    return opened.error().reason;
  }
  std::filesystem::path file(const NatsServer& server, const std::string& text, mode_t mode = 0600) const {
    const auto path = server.folder() / "login";
    std::filesystem::remove(path);
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::string message_;
  rt::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  rt::SystemIds ids_;
  const rt::Env env_{io_.get_executor(), clock_, ids_};
};

TEST_F(LoginTest, UserAndPassword) {
  const NatsServer server("authorization { user: anna, password: \"s3cret @:\" }");
  EXPECT_EQ(connect({.url = server.url("anna:s3cret%20%40%3a")}), "ok");
  EXPECT_EQ(
      connect({.url = server.url(), .auth_file = file(server, "# ours\nuser anna\npassword s3cret @:\n")}),
      "ok");
  EXPECT_EQ(connect({.url = server.url("anna:s3cret")}), "bus.credentials");
  EXPECT_EQ(connect({.url = server.url()}), "bus.credentials");
}

TEST_F(LoginTest, Token) {
  const NatsServer server("authorization { token: s3cret-token }");
  EXPECT_EQ(connect({.url = server.url("s3cret-token")}), "ok");
  EXPECT_EQ(connect({.url = server.url(), .auth_file = file(server, "token s3cret-token")}), "ok");
  EXPECT_EQ(connect({.url = server.url("s3cret")}), "bus.credentials");
}

TEST_F(LoginTest, NKey) {
  const std::string seed = nkey_seed("thirty-two bytes of a secret key");
  const NatsServer server("authorization { users: [ { nkey: " + nkey_public(seed).value() + " } ] }");
  EXPECT_EQ(connect({.url = server.url(), .auth_file = file(server, "nkey " + seed)}), "ok");
  EXPECT_EQ(connect({.url = server.url(),
                     .auth_file = file(server, "nkey " + nkey_seed("another key, which nobody let in"))}),
            "bus.credentials");
  EXPECT_EQ(connect({.url = server.url(), .auth_file = file(server, "nkey SUs3cret")}), "bus.bad_nkey");
}

TEST_F(LoginTest, AFileThatIsNone) {
  const NatsServer server;
  EXPECT_EQ(connect({.url = server.url(), .auth_file = "/nowhere/login"}), "bus.auth_missing");
  EXPECT_EQ(connect({.url = server.url(), .auth_file = file(server, "token s3cret", 0644)}),
            "bus.auth_readable");
  for (const std::string text :
       {"", "user anna", "password s3cret", "token s3cret\nuser anna\npassword s3cret", "tokens s3cret",
        "token", "token s3cret\ntoken s3cret"}) {
    EXPECT_EQ(connect({.url = server.url(), .auth_file = file(server, text)}), "bus.auth_bad") << text;
  }
}

// A certificate for `name` that signs itself.
void write_certificate(const std::string& name, const std::filesystem::path& certificate,
                       const std::filesystem::path& key) {
  EVP_PKEY* const pair = EVP_EC_gen("P-256");
  X509* const made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, pair);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(made));
  for (const auto& [what, value] : {std::pair{NID_subject_alt_name, name},
                                    std::pair{NID_basic_constraints, std::string("critical,CA:TRUE")}}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(made, pair, EVP_sha256());
  FILE* out = std::fopen(certificate.c_str(), "w");
  TROUPE_CHECK(out != nullptr && PEM_write_X509(out, made) == 1, "the certificate is written");
  std::fclose(out);
  out = std::fopen(key.c_str(), "w");
  TROUPE_CHECK(out != nullptr && PEM_write_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr) == 1,
               "the key is written");
  std::fclose(out);
  X509_free(made);
  EVP_PKEY_free(pair);
}

TEST_F(LoginTest, Tls) {
  const NatsServer plain;  // its folder holds the certificates
  const auto path = [&](const std::string& name) { return (plain.folder() / name).string(); };
  write_certificate("IP:127.0.0.1", path("ours.pem"), path("ours.key"));
  write_certificate("DNS:elsewhere.example.org", path("other.pem"), path("other.key"));
  const auto with_tls = [&](const std::string& name) {
    return "tls { cert_file: \"" + path(name + ".pem") + "\", key_file: \"" + path(name + ".key") + "\" }";
  };
  const NatsServer server(with_tls("ours"));
  EXPECT_EQ(connect({.url = "tls://" + server.host(), .ca_file = path("ours.pem")}), "ok");
  EXPECT_EQ(connect({.url = "tls://" + server.host(), .ca_file = path("other.pem")}), "bus.tls") << message_;
  EXPECT_EQ(connect({.url = "tls://" + server.host()}), "bus.tls") << message_;
  EXPECT_EQ(connect({.url = "tls://" + server.host(), .ca_file = path("nowhere.pem")}), "bus.bad_ca");
  EXPECT_EQ(connect({.url = "nats://" + server.host()}), "bus.tls") << message_;
  EXPECT_EQ(connect({.url = "tls://" + plain.host(), .ca_file = path("ours.pem")}), "bus.tls") << message_;
  const NatsServer named(with_tls("other"));
  EXPECT_EQ(connect({.url = "tls://" + named.host(), .ca_file = path("other.pem")}), "bus.tls")
      << "a certificate for another name";
}

}  // namespace
}  // namespace troupe::bus

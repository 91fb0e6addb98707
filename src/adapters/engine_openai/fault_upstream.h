#pragma once
// Test only: an upstream on a loopback port of its own that misbehaves as a test says. A thread per
// connection; each request is answered by the script of the moment, which sees the bare connection.
// Everything ends with the object.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace troupe::engine {

struct SeenRequest {
  std::string line;                            // "POST /v1/chat/completions HTTP/1.1"
  std::map<std::string, std::string> headers;  // lower case
  std::string body;
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

// One side of a connection, for a script.
class Peer {
 public:
  Peer(int socket, SSL* tls, int stop) : socket_(socket), tls_(tls), stop_(stop) {}

  SeenRequest request;

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                     : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return broken_ = true, false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  bool head(const std::string& type = "text/event-stream", const std::string& more = "",
            const std::string& status = "200 OK") {
    return send("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n" + more + "\r\n");
  }
  bool chunked_head() { return head("text/event-stream", "Transfer-Encoding: chunked\r\n"); }
  bool chunk(const std::string& bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return send(size + bytes + "\r\n");
  }
  bool event(const std::string& data) { return chunk("data: " + data + "\n\n"); }
  bool word(const std::string& text) {
    return event(nlohmann::json{{"choices", {{{"delta", {{"content", text}}}}}}}.dump());
  }
  bool end_of_stream(const std::string& reason = "stop") {
    return event(
               nlohmann::json{{"choices", {{{"delta", nlohmann::json::object()}, {"finish_reason", reason}}}}}
                   .dump()) &&
           event(
               R"({"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":8}}})") &&
           event("[DONE]") && send("0\r\n\r\n");
  }
  bool whole(const std::string& body, const std::string& status = "200 OK", const std::string& more = "") {
    return head("application/json", more + "Content-Length: " + std::to_string(body.size()) + "\r\n",
                status) &&
           send(body);
  }
  // Waits until the client is gone (true), or `ms` are over (-1: forever), or the test ends.
  bool gone(int ms = -1) {
    std::array<pollfd, 2> wait = {pollfd{socket_, POLLRDHUP, 0}, pollfd{stop_, POLLIN, 0}};
    if (::poll(wait.data(), wait.size(), ms) <= 0) return false;
    return broken_ = true;
  }
  void close() { broken_ = true; }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    broken_ = true;
  }
  bool broken() const { return broken_; }

  bool read_request() {
    std::size_t head_end = std::string::npos;
    std::size_t length = 0;
    request = {};
    for (;;) {
      if (head_end == std::string::npos) {
        head_end = bytes_.find("\r\n\r\n");
        if (head_end != std::string::npos) length = read_head(bytes_.substr(0, head_end));
      }
      if (head_end != std::string::npos && bytes_.size() >= head_end + 4 + length) break;
      if (!read_more()) return false;
    }
    request.body = bytes_.substr(head_end + 4, length);
    bytes_.erase(0, head_end + 4 + length);
    return true;
  }

 private:
  bool read_more() {
    std::array<pollfd, 2> wait = {pollfd{socket_, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
    const bool buffered = tls_ != nullptr && SSL_pending(tls_) > 0;
    if (!buffered && (::poll(wait.data(), wait.size(), -1) <= 0 || wait[1].revents != 0)) return false;
    std::array<char, 16384> piece;
    const auto n = tls_ != nullptr ? SSL_read(tls_, piece.data(), static_cast<int>(piece.size()))
                                   : ::recv(socket_, piece.data(), piece.size(), 0);
    if (n <= 0) return false;
    bytes_.append(piece.data(), static_cast<std::size_t>(n));
    return true;
  }
  std::size_t read_head(const std::string& head) {
    for (const auto& line : split(head, '\n')) {
      const auto colon = line.find(':');
      if (request.line.empty()) {
        request.line = trim(line);
      } else if (colon != std::string::npos) {
        request.headers[lower_ascii(line.substr(0, colon))] = trim(line.substr(colon + 1));
      }
    }
    const auto found = request.headers.find("content-length");
    return found == request.headers.end() ? 0 : std::stoul(found->second);
  }

  int socket_;
  SSL* tls_;
  int stop_;
  std::string bytes_;
  bool broken_ = false;
};

// A certificate for `name` that signs itself, made for this test.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& name) : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    auto* subject = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"),
                               -1, -1, 0);
    X509_set_issuer_name(certificate_, subject);
    add(NID_subject_alt_name, name);
    add(NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate_, key_, EVP_sha256());
  }
  ~TestCertificate() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TestCertificate(const TestCertificate&) = delete;
  EVP_PKEY* key() const { return key_; }
  X509* certificate() const { return certificate_; }
  void write(const std::string& file) const {
    FILE* out = std::fopen(file.c_str(), "w");
    TROUPE_CHECK(out != nullptr && PEM_write_X509(out, certificate_) == 1, "the certificate is written");
    std::fclose(out);
  }

 private:
  void add(int what, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
    X509_add_ext(certificate_, extension, -1);
    X509_EXTENSION_free(extension);
  }
  EVP_PKEY* key_;
  X509* certificate_;
};

class FaultUpstream {
 public:
  using Script = std::function<void(Peer&)>;

  explicit FaultUpstream(Script script = {}, const TestCertificate* certificate = nullptr)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), script_(std::move(script)) {
    if (certificate != nullptr) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate(tls_, certificate->certificate());
      SSL_CTX_use_PrivateKey(tls_, certificate->key());
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    TROUPE_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "a port is free");
    TROUPE_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "it has a number");
    port_ = ntohs(address.sin_port);
    TROUPE_CHECK(::listen(listener_, 64) == 0 && ::pipe(stop_.data()) == 0, "it listens");
    acceptor_ = std::thread([this] { accept(); });
  }
  ~FaultUpstream() {
    ::close(stop_[1]);  // wakes every wait
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(stop_[0]);
    ::close(listener_);
    SSL_CTX_free(tls_);
  }
  FaultUpstream(const FaultUpstream&) = delete;

  void script(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  int port() const { return port_; }
  std::string url() const {
    return (tls_ != nullptr ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(port_) +
           "/v1";
  }
  int connections() const { return connections_.load(); }
  int open() const { return open_.load(); }
  std::vector<SeenRequest> seen() const {  // without what asks for the list of models
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void accept() {
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe,
                    nullptr);  // of the threads that it starts, too: TLS writes with write()
    for (;;) {
      std::array<pollfd, 2> wait = {pollfd{listener_, POLLIN, 0}, pollfd{stop_[0], POLLIN, 0}};
      if (::poll(wait.data(), wait.size(), -1) < 0) continue;
      if (wait[1].revents != 0) return;
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      connections_.fetch_add(1);
      open_.fetch_add(1);
      threads_.emplace_back([this, connection] {
        serve(connection);
        ::close(connection);
        open_.fetch_sub(1);
      });
    }
  }
  void serve(int connection) {
    SSL* tls = nullptr;
    if (tls_ != nullptr) {
      tls = SSL_new(tls_);
      SSL_set_fd(tls, connection);
    }
    if (tls == nullptr || SSL_accept(tls) == 1) answer(Peer(connection, tls, stop_[0]));
    SSL_free(tls);
  }
  void answer(Peer peer) {
    while (!peer.broken() && peer.read_request()) {
      if (peer.request.line.starts_with("GET /v1/models ")) {
        peer.whole(R"({"data":[{"id":"m"}]})");
        continue;
      }
      Script script;
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(peer.request);
        script = script_;
      }
      script(peer);
    }
  }

  int listener_;
  int port_ = 0;
  SSL_CTX* tls_ = nullptr;
  std::array<int, 2> stop_{};
  mutable std::mutex mutex_;
  Script script_;
  std::vector<SeenRequest> seen_;
  std::atomic<int> connections_ = 0, open_ = 0;
  std::list<std::thread> threads_;  // of the acceptor; joined after it
  std::thread acceptor_;
};

}  // namespace troupe::engine

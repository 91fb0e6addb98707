#pragma once
// A small HTTP client over libcurl: one connection, kept open between requests; bodies whole or as they come.
// One thread. Bounded: kReplyBytesMax a reply, and each request by its timeout.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace troupe::cli {

inline constexpr std::size_t kReplyBytesMax = 64 * 1024 * 1024;

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // "/readyz"
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{35'000};  // for all of it
};

struct HttpReply {
  long status = 0;
  std::string content_type;
  std::string body;  // empty when it went to `on_bytes`
};

// "localhost:7777/" -> "http://localhost:7777"; `invalid_argument` cli.bad_server when it is no such address.
Result<std::string> server_url(std::string_view typed);

class HttpClient {
 public:
  // `headers` go with every request. `stop`, when given, ends a request soon after it turns true
  // (`cancelled`).
  HttpClient(std::string url, std::vector<std::pair<std::string, std::string>> headers,
             const std::atomic<bool>* stop = nullptr);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Bytes of a successful text/event-stream; false ends the request (`cancelled`).
  using OnBytes = std::function<bool(std::string_view bytes)>;

  // Any status is a reply. Errors: `unavailable` cli.no_server, `deadline_exceeded` cli.timeout, `cancelled`
  // cli.stopped, and cli.http for the rest. Messages are whole sentences with the address.
  Result<HttpReply> send(const HttpRequest& request, const OnBytes& on_bytes = {});

  const std::string& url() const { return url_; }

 private:
  struct Curl;
  std::string url_;
  std::vector<std::pair<std::string, std::string>> headers_;
  const std::atomic<bool>* stop_;
  std::unique_ptr<Curl> curl_;
};

}  // namespace troupe::cli

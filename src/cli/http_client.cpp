#include "cli/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include "base/check.h"
#include "base/text.h"

namespace troupe::cli {

namespace {

struct Transfer {
  CURL* handle = nullptr;
  HttpReply reply;
  const HttpClient::OnBytes* on_bytes = nullptr;
  const std::atomic<bool>* stop = nullptr;
  bool stopped = false;
  bool too_long = false;

  bool streams() {
    if (on_bytes == nullptr || !*on_bytes) return false;
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    return status == 200 && type != nullptr && std::string_view(type).starts_with("text/event-stream");
  }
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.streams()) {
    if ((*transfer.on_bytes)({data, size})) return size;
    transfer.stopped = true;
    return 0;
  }
  if (transfer.reply.body.size() + size > kReplyBytesMax) {
    transfer.too_long = true;
    return 0;
  }
  transfer.reply.body.append(data, size);
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.stop == nullptr || !transfer.stop->load()) return 0;
  transfer.stopped = true;
  return 1;
}

// An environment's proxy is for the world outside; this machine's own server is never behind it.
bool is_this_machine(std::string_view url) {
  const auto at = url.find("://");
  std::string_view host = at == std::string_view::npos ? url : url.substr(at + 3);
  return host.starts_with("127.") || host.starts_with("[::1]") || host.starts_with("localhost");
}

}  // namespace

Result<std::string> server_url(std::string_view typed) {
  std::string url = trim(typed);
  if (url.find("://") == std::string::npos) url = "http://" + url;
  while (url.ends_with('/')) url.pop_back();
  CURLU* parts = curl_url();
  const bool parses = curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  curl_url_cleanup(parts);
  if (!parses || (!url.starts_with("http://") && !url.starts_with("https://"))) {
    return fail(Code::invalid_argument, "cli.bad_server",
                fmt::format("'{}' is no server's address; one looks like http://127.0.0.1:7777", typed));
  }
  return url;
}

struct HttpClient::Curl {
  Curl() {
    [[maybe_unused]] static const bool once = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    handle = curl_easy_init();
    TROUPE_CHECK(handle != nullptr, "libcurl starts");
  }
  ~Curl() { curl_easy_cleanup(handle); }
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  CURL* handle;
};

HttpClient::HttpClient(std::string url, std::vector<std::pair<std::string, std::string>> headers,
                       const std::atomic<bool>* stop)
    : url_(std::move(url)), headers_(std::move(headers)), stop_(stop), curl_(std::make_unique<Curl>()) {}

HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::send(const HttpRequest& request, const OnBytes& on_bytes) {
  CURL* handle = curl_->handle;
  curl_easy_reset(handle);  // the connection stays
  Transfer transfer{.handle = handle, .on_bytes = &on_bytes, .stop = stop_};
  curl_slist* headers = nullptr;
  const auto add = [&headers](const std::string& name, const std::string& value) {
    headers = curl_slist_append(headers, (name + ": " + value).c_str());
  };
  for (const auto& [name, value] : headers_) add(name, value);
  for (const auto& [name, value] : request.headers) add(name, value);
  headers = curl_slist_append(headers, "Expect:");  // none: no extra round trip before a body

  const std::string url = url_ + request.path;
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "troupe");
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (is_this_machine(url_)) curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  if (request.method == "POST") {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    add("Content-Type", "application/json");
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);

  const CURLcode code = curl_easy_perform(handle);
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &transfer.reply.status);
  if (const char* type = nullptr;
      curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != nullptr) {
    transfer.reply.content_type = type;
  }
  curl_slist_free_all(headers);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);

  if (code == CURLE_OK) return std::move(transfer.reply);
  if (transfer.stopped) return fail(Code::cancelled, "cli.stopped", "stopped");
  if (transfer.too_long) {
    return fail(Code::internal, "cli.http",
                fmt::format("the reply of {} is longer than {} MiB", url, kReplyBytesMax >> 20));
  }
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return fail(Code::unavailable, "cli.no_server",
                  fmt::format("no server at {}; start one with `troupe up`", url_));
    case CURLE_OPERATION_TIMEDOUT:
      return fail(Code::deadline_exceeded, "cli.timeout",
                  fmt::format("{} did not answer within {:.3g} s", url_,
                              static_cast<double>(request.timeout.count()) / 1000));
    default:
      return fail(Code::unavailable, "cli.http",
                  fmt::format("{}: {}", url_, detail[0] != '\0' ? detail : curl_easy_strerror(code)));
  }
}

}  // namespace troupe::cli

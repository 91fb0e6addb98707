#pragma once
// Test only: a llama-server with test weights on a free loopback port, from construction to destruction.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"

namespace troupe::engine {

class LlamaServer {
 public:
  // `model` below TROUPE_MODELS_DIR. Ends the test program when the server does not come up.
  LlamaServer(const std::string& model, std::vector<std::string> more) {
    // Another process may take the port between the look and the start: then the next one.
    for (int attempt = 0; attempt < 3; ++attempt) {
      port_ = free_port();
      start(model, more);
      if (healthy()) return;
      stop();
    }
    std::fprintf(stderr, "%s does not start with %s; run 'make setup test' and see its messages above\n",
                 program().c_str(), model.c_str());
    std::abort();
  }
  ~LlamaServer() { stop(); }
  LlamaServer(const LlamaServer&) = delete;

  std::string root() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return root() + "/v1"; }

  // "" when it does not answer.
  static std::string get(const std::string& url) {
    std::string body;
    CURL* handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 5'000L);
    curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(
        handle, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* to) {
          static_cast<std::string*>(to)->append(data, size);
          return size;
        });
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
    const bool good = curl_easy_perform(handle) == CURLE_OK;
    curl_easy_cleanup(handle);
    return good ? body : "";
  }

 private:
  static std::string program() {
    const char* path = std::getenv("TROUPE_LLAMA_SERVER");
    return path != nullptr ? path : "TROUPE_LLAMA_SERVER (not set: run the tests by ctest)";
  }
  static int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    TROUPE_CHECK(::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "a port is free");
    ::close(probe);
    return ntohs(address.sin_port);
  }
  void start(const std::string& model, const std::vector<std::string>& more) {
    const char* folder = std::getenv("TROUPE_MODELS_DIR");
    std::vector<std::string> words = {program(),
                                      "--model",
                                      std::string(folder != nullptr ? folder : ".") + "/" + model,
                                      "--host",
                                      "127.0.0.1",
                                      "--port",
                                      std::to_string(port_),
                                      "--threads",
                                      "2",
                                      "--log-verbosity",
                                      "0"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    child_ = ::fork();
    if (child_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives a test that crashes
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  bool healthy() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      if (!get(root() + "/health").empty()) return true;
      if (::waitpid(child_, nullptr, WNOHANG) == child_) return child_ = 0, false;
      ::poll(nullptr, 0, 20);  // between two looks
    }
    return false;
  }
  void stop() {
    if (child_ == 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

  int port_ = 0;
  pid_t child_ = 0;
};

}  // namespace troupe::engine

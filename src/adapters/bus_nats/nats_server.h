#pragma once
// Test only: a nats-server on a free loopback port, in a temporary folder, from construction to destruction. It can be killed and
// started again on the same port, and stopped in its tracks.
#include <arpa/inet.h>
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
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"

namespace troupe::bus {

class NatsServer {
 public:
  // `more` is put into its configuration. Ends the test program when it does not come up.
  explicit NatsServer(std::string more = "") : more_(std::move(more)) {
    std::string name = (std::filesystem::temp_directory_path() / "troupe-nats-XXXXXX").string();
    TROUPE_CHECK(::mkdtemp(name.data()) != nullptr, "a temporary folder can be made");
    folder_ = name;
    // Another process may take the port between the look and the start: then the next one.
    for (int attempt = 0; attempt < 3; ++attempt) {
      port_ = free_port();
      if (start()) return;
    }
    std::fprintf(stderr, "%s does not start; run 'make setup test' and see its messages above\n",
                 program().c_str());
    std::abort();
  }
  ~NatsServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  NatsServer(const NatsServer&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(const std::string& login = "") const {
    return "nats://" + (login.empty() ? "" : login + "@") + host();
  }
  const std::filesystem::path& folder() const { return folder_; }

  bool start() {
    const auto config = folder_ / "nats.conf";
    std::ofstream(config) << "listen: \"" << host() << "\"\n" << more_ << "\n";
    const std::string path = program();
    const std::string file = config.string();
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives a test that crashes
      const int log = ::open((folder_ / "nats.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(log, 1);
      ::dup2(log, 2);
      ::execl(path.c_str(), path.c_str(), "-c", file.c_str(), nullptr);
      ::_exit(127);
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (greets()) return true;
      if (::waitpid(child_, nullptr, WNOHANG) == child_) return child_ = 0, false;
      ::poll(nullptr, 0, 10);  // between two looks
    }
    kill();
    return false;
  }
  void kill() {
    if (child_ == 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  void freeze() const { ::kill(child_, SIGSTOP); }
  void thaw() const { ::kill(child_, SIGCONT); }

  static int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    TROUPE_CHECK(::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                 "a port is free");
    ::close(probe);
    return ntohs(address.sin_port);
  }

 private:
  static std::string program() {
    const char* path = std::getenv("TROUPE_NATS_SERVER");
    return path != nullptr ? path : "TROUPE_NATS_SERVER (not set: run the tests by ctest)";
  }
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  bool greets() const {
    const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    char bytes[8] = {};
    pollfd waits{one, POLLIN, 0};
    const bool good = ::connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      ::poll(&waits, 1, 2'000) == 1 && ::recv(one, bytes, 5, 0) == 5 &&
                      std::string(bytes, 5) == "INFO ";
    ::close(one);
    return good;
  }

  std::string more_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t child_ = 0;
};

}  // namespace troupe::bus

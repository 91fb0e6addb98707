#include "adapters/bus_nats/server_info.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>

namespace troupe::bus {

namespace {

constexpr int kMajor = 2;
constexpr int kMinor = 11;
constexpr std::size_t kInfoMax = 32 << 10;
constexpr std::chrono::milliseconds kWaitMax{1'500};

using Moment = std::chrono::steady_clock::time_point;

class Socket {
 public:
  explicit Socket(const addrinfo& to)
      : fd_(::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to.ai_protocol)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;

  bool connect(const addrinfo& to, Moment until) const {
    if (fd_ < 0) return false;
    if (::connect(fd_, to.ai_addr, to.ai_addrlen) == 0) return true;
    int error = 0;
    socklen_t size = sizeof error;
    return errno == EINPROGRESS && wait(POLLOUT, until) &&
           ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  // Up to the end of the first line, or what came of it in time.
  std::string first_line(Moment until) const {
    std::string out;
    char bytes[4096];
    while (out.size() < kInfoMax && out.find('\n') == std::string::npos && wait(POLLIN, until)) {
      const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) break;
      out.append(bytes, static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  bool wait(short what, Moment until) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd waits{fd_, what, 0};
    return left.count() > 0 && ::poll(&waits, 1, static_cast<int>(left.count())) == 1;
  }
  int fd_;
};

std::string info_of(const NatsHost& server) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  const auto until = std::chrono::steady_clock::now() + kWaitMax;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const Socket socket(*one);
    if (socket.connect(*one, until)) return socket.first_line(until);
  }
  return {};
}

}  // namespace

std::string version_in(std::string_view info) {
  constexpr std::string_view kKey = "\"version\":\"";
  const auto at = info.find(kKey);
  if (!info.starts_with("INFO ") || at == std::string_view::npos) return {};
  info.remove_prefix(at + kKey.size());
  return std::string(info.substr(0, info.find('"')));
}

bool is_recent(std::string_view version) {
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto [dot, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc() || dot == end || *dot != '.') return false;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc()) return false;
  return major > kMajor || (major == kMajor && minor >= kMinor);
}

Result<void> check_servers(const NatsAddress& address) {
  for (const auto& server : address.servers) {
    const std::string info = info_of(server);
    if (info.empty()) continue;
    const std::string version = version_in(info);
    if (is_recent(version)) return {};
    return fail(Code::invalid_argument, "bus.old_server",
                version.empty() ? server.text() + " is not NATS: it does not greet as NATS does"
                                : fmt::format("NATS at {} is {}; {}.{} or later is needed", server.text(),
                                              version, kMajor, kMinor));
  }
  return {};
}

}  // namespace troupe::bus

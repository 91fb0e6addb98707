#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "adapters/db_postgres/cutting_proxy.h"
#include "base/check.h"

namespace troupe::db {

namespace {

constexpr int kLookMs = 20;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, kLookMs) > 0;
}

bool pass_on(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(int server_port)
    : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  TROUPE_CHECK(::bind(listener_, any, size) == 0 && ::listen(listener_, 16) == 0 &&
                   ::getsockname(listener_, any, &size) == 0,
               "a port of our own");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { listen(); });
}

CuttingProxy::~CuttingProxy() {
  ending_ = true;
  thread_.join();
  for (auto& connection : connections_) connection.join();
  ::close(listener_);
}

void CuttingProxy::listen() {
  while (!ending_) {
    if (!readable(listener_)) continue;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    if (refuse_) {
      ::close(client);
      continue;
    }
    connections_.emplace_back([this, client] { serve(client); });
  }
}

void CuttingProxy::serve(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(server_port_);
  bool open = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  bool drop_answer = false;
  std::array<char, 65'536> buffer{};
  while (open && !ending_) {
    std::array<pollfd, 2> both{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (::poll(both.data(), both.size(), kLookMs) <= 0) continue;
    if (both[0].revents != 0) {
      const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      const Cut cut = cut_;
      if (bytes.contains(std::string_view("commit\0", 7)) &&
          (cut == Cut::before_commit || cut == Cut::after_commit)) {
        cut_ = Cut::nothing;
        ++cuts_;
        if (cut == Cut::before_commit) break;
        drop_answer = true;
      }
      open = pass_on(server, bytes);
    }
    if (both[1].revents != 0) {
      const auto got = ::recv(server, buffer.data(), buffer.size(), 0);
      if (got <= 0 || drop_answer) break;
      if (cut_ != Cut::answers)
        open = open && pass_on(client, {buffer.data(), static_cast<std::size_t>(got)});
    }
  }
  ::close(server);
  ::close(client);
}

}  // namespace troupe::db

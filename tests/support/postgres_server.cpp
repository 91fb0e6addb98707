#include "tests/support/postgres_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace troupe::test {

namespace {

constexpr int kPatienceMs = 120'000;

// The value of "name": "value" in a line that our own script wrote.
std::string field(const std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\": \"";
  const auto at = line.find(key);
  TROUPE_CHECK(at != std::string::npos, "PostgreSQL for tests starts: python3 tools/setup.py test");
  const auto begin = at + key.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  TROUPE_CHECK(::pipe2(to.data(), O_CLOEXEC) == 0 && ::pipe2(from.data(), O_CLOEXEC) == 0, "pipes");
  process_ = ::fork();
  TROUPE_CHECK(process_ >= 0, "a process");
  if (process_ == 0) {
    ::dup2(to[0], 0);
    ::dup2(from[1], 1);
    const char* script = TROUPE_SOURCE_DIR "/tests/support/postgres_server.py";
    const char* words[] = {TROUPE_PYTHON, "-B", script, TROUPE_POSTGRES_DIR, nullptr};
    ::execv(words[0], const_cast<char* const*>(words));
    ::_exit(127);
  }
  ::close(to[0]);
  ::close(from[1]);
  to_ = to[1];
  from_ = from[0];
  const std::string said = line();
  url_ = field(said, "url");
  folder_ = field(said, "folder");
}

PostgresServer::~PostgresServer() {
  ::close(to_);  // it ends
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  ::close(from_);
}

void PostgresServer::tell(const std::string& what) {
  const std::string command = what + "\n";
  TROUPE_CHECK(::write(to_, command.data(), command.size()) == static_cast<ssize_t>(command.size()),
               "the test's PostgreSQL listens");
  TROUPE_CHECK(line() == "ok", "the test's PostgreSQL does as it is told");
}

std::string PostgresServer::line() {
  std::string said;
  for (;;) {
    pollfd pipe{from_, POLLIN, 0};
    TROUPE_CHECK(::poll(&pipe, 1, kPatienceMs) > 0, "the test's PostgreSQL answers in time");
    char c = '\0';
    if (::read(from_, &c, 1) <= 0 || c == '\n') return said;
    said += c;
  }
}

}  // namespace troupe::test

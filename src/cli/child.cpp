#include "cli/child.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "cli/stop.h"

extern char** environ;

namespace troupe::cli {

namespace {

void pass_on(pid_t child) {
  if (StopSignals::stopped().load() && StopSignals::signal_number() == SIGTERM) ::kill(child, SIGTERM);
}

void read_lines(int descriptor, pid_t child, const std::function<void(const std::string&)>& on_line) {
  std::string line;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      pass_on(child);
      continue;
    }
    if (got <= 0) break;
    for (ssize_t i = 0; i < got; ++i) {
      const char c = piece[static_cast<std::size_t>(i)];
      if (c == '\n') {
        on_line(line);
        line.clear();
      } else if (line.size() < kChildLineBytesMax) {
        line += c;
      }
    }
  }
  if (!line.empty()) on_line(line);
}

}  // namespace

Result<int> run_child(const std::vector<std::string>& argv,
                      const std::function<void(const std::string&)>& on_line) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(Code::unavailable, "cli.no_program",
                fmt::format("no pipe for {}: {}", argv[0], std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (problem != 0) {
    ::close(ends[0]);
    return fail(Code::unavailable, "cli.no_program",
                fmt::format("cannot start {}: {}", argv[0], std::strerror(problem)));
  }
  read_lines(ends[0], child, on_line);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) pass_on(child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace troupe::cli

// A SQLite file and several processes: a kill in mid-flight, a second opener. The others are this program
// again, with
// --child=..., which is why main() is here.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "adapters/db_sqlite/sqlite_fixture.h"

namespace troupe::db {
namespace {

class SqliteProcessTest : public SqliteDbTest {};

struct Child {
  pid_t pid = -1;
  int from = -1;
  ~Child() { ::close(from); }
};

Child start_child(const std::string& what, const std::string& path) {
  int ends[2];
  TROUPE_CHECK(::pipe(ends) == 0, "a pipe");
  const std::string mode = "--child=" + what;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execl("/proc/self/exe", "child", mode.c_str(), path.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  return {pid, ends[0]};
}

// Writes each acknowledged id to standard output, from 32 writers at once, until it is killed.
int write_and_acknowledge(const std::string& path) {
  World w;
  auto db = open_sqlite(w.env, {.path = path, .checkpoint_pages = 20}).value();
  const Migration steps[] = {
      {"test", 1, "create table if not exists item (id bigint primary key, name text)"}};
  if (!db->migrate(steps)) return 1;
  rt::Group group(w.env, "child");
  for (std::int64_t writer = 0; writer < 32; ++writer) {
    group.spawn("writer", [&, writer]() -> rt::asio::awaitable<void> {
      for (std::int64_t i = writer;; i += 32) {
        const auto done = co_await db->transact([i](Tx& tx) -> Result<void> {
          TRY_VOID(tx.exec("insert into item (id, name) values ($1, 'x')", Values{i}));
          return {};
        });
        if (!done || ::write(STDOUT_FILENO, &i, sizeof i) != sizeof i) std::_Exit(1);
      }
    });
  }
  auto work = rt::asio::make_work_guard(w.io);
  w.io.run();
  return 0;
}

// Says what opening answers.
int open_and_say(const std::string& path) {
  World w;
  const auto opened = open_sqlite(w.env, {.path = path});
  const std::string said = opened ? "ok" : opened.error().message;
  return ::write(STDOUT_FILENO, said.data(), said.size()) < 0;
}

TEST_F(SqliteProcessTest, AfterAKillEveryAcknowledgedRowIsThere) {
  std::set<std::int64_t> acknowledged;
  {
    const Child child = start_child("write", files.path());
    std::int64_t id = 0;
    while (acknowledged.size() < 2000 && ::read(child.from, &id, sizeof id) == sizeof id)
      acknowledged.insert(id);
    ::kill(child.pid, SIGKILL);
    while (::read(child.from, &id, sizeof id) == sizeof id) acknowledged.insert(id);
    int status = 0;
    ASSERT_EQ(::waitpid(child.pid, &status, 0), child.pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
  }
  ASSERT_GE(acknowledged.size(), 2000U);
  open();
  const auto present = ids();
  for (const std::int64_t id : acknowledged) EXPECT_TRUE(present.contains(id)) << id;
  EXPECT_EQ(insert(-1), "ok");
}

TEST_F(SqliteProcessTest, ASecondProcessIsRefusedByName) {
  open();
  const auto ask = [&] {
    const Child child = start_child("open", files.path());
    std::string said(1000, '\0');
    std::size_t size = 0;
    for (;;) {
      const auto got = ::read(child.from, said.data() + size, said.size() - size);
      if (got <= 0) break;
      size += static_cast<std::size_t>(got);
    }
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    return said.substr(0, size);
  };
  EXPECT_THAT(ask(), testing::HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_EQ(insert(1), "ok");
  db.reset();
  EXPECT_EQ(ask(), "ok");
}

}  // namespace

int run_child(std::string_view mode, const std::string& path) {
  return mode == "--child=write" ? write_and_acknowledge(path) : open_and_say(path);
}

}  // namespace troupe::db

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]).starts_with("--child="))
    return troupe::db::run_child(argv[1], argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

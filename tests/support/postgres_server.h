#pragma once
// Test only: a PostgreSQL of this test program's own, started when it is first asked for and gone with the
// program (tests/support/postgres_server.py). Where there is none the test fails: nothing is skipped.
#include <sys/types.h>

#include <string>

namespace troupe::test {

class PostgresServer {
 public:
  static PostgresServer& shared();
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;

  // Whose user may do anything, without a password.
  const std::string& url() const { return url_; }
  const std::string& folder() const { return folder_; }  // its data

  void start() { tell("start"); }
  void stop() { tell("stop"); }  // in order: its connections are told
  void kill() { tell("kill"); }  // at once

 private:
  void tell(const std::string& what);
  std::string line();

  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string url_, folder_;
};

}  // namespace troupe::test

#pragma once
// Test only: stands between the adapter and its PostgreSQL, and breaks a connection off where the test says: before a
// commit reached the server, or after the server has carried it out and before anybody heard of it.
#include <atomic>
#include <list>
#include <string>
#include <thread>

namespace troupe::db {

class CuttingProxy {
 public:
  enum class Cut {
    nothing,
    before_commit,
    after_commit,
    answers
  };  // answers: they are swallowed from now on

  explicit CuttingProxy(int server_port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;

  int port() const { return port_; }
  void cut(Cut where) { cut_ = where; }   // once; then it lets everything through
  void refuse(bool on) { refuse_ = on; }  // new connections
  int cuts() const { return cuts_; }

 private:
  void listen();
  void serve(int client);

  const int server_port_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<Cut> cut_ = Cut::nothing;
  std::atomic<bool> refuse_ = false;
  std::atomic<bool> ending_ = false;
  std::atomic<int> cuts_ = 0;
  std::list<std::thread> connections_;
  std::thread thread_;
};

}  // namespace troupe::db

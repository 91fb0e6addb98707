#pragma once
// Connections that wait for a request (a first one, the next one, a hello): who waits longest makes room when
// somebody else comes and there is none left. So silence locks nobody out. Owned by the edge; io thread.
// Bounded by the connections that there are.
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace troupe::edge {

class Waiting {
 public:
  using Drop = std::function<void()>;

  // Waits while it lives.
  class Here {
   public:
    Here(Waiting& waiting, std::string address, Drop drop);
    ~Here();
    Here(const Here&) = delete;

   private:
    friend class Waiting;
    Waiting& waiting_;
    std::string address_;
    Drop drop_;
    std::optional<std::list<Here*>::iterator> at_;
  };

  // Drops the connection that waits longest, of `address` only where one is given. False: none waits.
  bool drop_oldest(const std::string& address = {});
  std::size_t size() const { return list_.size(); }

 private:
  std::list<Here*> list_;
};

}  // namespace troupe::edge

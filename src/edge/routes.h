#pragma once
// Which handler answers which path. Filled at start, then only read. Owned by the edge; io thread.
#include <string>
#include <vector>

#include "edge/http_types.h"

namespace troupe::edge {

enum class Access {
  open,       // anybody who reaches the server
  callers,    // whoever identifies
  operators,  // admins, designers and game servers
};

struct Route {
  std::string label;  // for metrics: bounded
  std::string path;   // "/healthz", or "/api/" for everything below
  std::vector<std::string> methods;
  Access access = Access::callers;
  HttpHandler handler;
  HttpReply (*error)(const Error&) = error_reply;
};

class Routes {
 public:
  void add(Route route);
  // Exact before prefix, longer before shorter. `not_found` http.not_found with the nearest path.
  Result<const Route*> find(const std::string& path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace troupe::edge

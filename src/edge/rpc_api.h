#pragma once
// /api/{service}/{Method}: JSON in, a call over the bus, JSON or server-sent events out. Owned by the edge;
// io thread. Bounds: a stream's text that waits for a slow client (stream_queue_bytes_max); beyond, deltas
// are left out, since the whole answer follows.
#include "edge/big_json.h"
#include "edge/edge_config.h"
#include "edge/http_types.h"
#include "host/registry.h"
#include "host/worlds.h"
#include "ports/bus.h"
#include "rt/task.h"

namespace troupe::edge {

class RpcApi {
 public:
  RpcApi(const rt::Env& env, bus::Bus& bus, rt::Group& group, Worlds& worlds, const EdgeConfig& config)
      : env_(env), bus_(bus), group_(group), worlds_(worlds), config_(config) {}

  Task<HttpReply> answer(HttpCall call);
  BigJson& big() { return big_; }

 private:
  struct Part;
  // While somebody is answered, their world is awake; null for what all worlds share.
  using VisitPtr = std::shared_ptr<Visit>;
  Task<VisitPtr> enter(const MethodInfo* method, std::string world);
  Task<HttpReply> stream(const MethodInfo* method, Caller caller, std::string payload, VisitPtr visit);

  rt::Env env_;
  bus::Bus& bus_;
  rt::Group& group_;
  Worlds& worlds_;
  const EdgeConfig& config_;
  BigJson big_{env_};
};

// The serialised request of `method` from a body or, for GET, a query. Also `invalid_argument`
// http.method_not_allowed.
Result<std::string> request_bytes(const MethodInfo* method, const HttpRequest& request);
// A serialised reply as JSON.
Result<std::string> reply_json(const MethodInfo* method, const std::string& bytes);

}  // namespace troupe::edge

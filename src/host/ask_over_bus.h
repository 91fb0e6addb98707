#pragma once
// A typed call over the bus from outside any service; services have Host::call. On the io thread.
#include "host/host.h"

namespace troupe {

// As call_over_bus(); an answer that does not parse is `internal` rpc.bad_reply.
template <class Reply, class Request>
Task<Reply> ask_over_bus(rt::Env env, bus::Bus& bus, Caller caller, Request request) {
  const MethodInfo* method = find_method(Request::descriptor());
  CO_TRY(const std::string bytes,
         co_await call_over_bus(env, bus, method, std::move(caller), request.SerializeAsString()));
  Reply reply;
  if (!reply.ParseFromString(bytes))
    co_return fail(Code::internal, "rpc.bad_reply", "the reply of " + method->name + " does not parse");
  co_return reply;
}

}  // namespace troupe

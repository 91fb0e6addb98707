#pragma once
// Large answers are turned into JSON on a thread of their own, in turns among those who ask: a page of the
// log takes tens of milliseconds, and the io thread is everybody's. Small ones are done at once. Owned by
// RpcApi; io thread. Bounds: kWaitingMax answers of one caller wait, then `exhausted` reads.busy.
#include <functional>

#include "host/caller.h"
#include "host/fair_gate.h"
#include "host/registry.h"
#include "rt/pool.h"

namespace troupe::edge {

class BigJson {
 public:
  static constexpr std::size_t kBigBytes = 16 * 1024;
  static constexpr std::size_t kWaitingMax = 32;

  explicit BigJson(const rt::Env& env) : env_(env), gate_(env, 1, kWaitingMax), pool_("edge.json", 1, 4) {}

  // What `make` answers; it may run on the other thread, so that it holds what it needs by value.
  Task<std::string> make(std::size_t bytes, Caller who, std::function<Result<std::string>()> make);

 private:
  rt::Env env_;
  FairGate gate_;
  rt::Pool pool_;  // last: its thread uses what is above
};

}  // namespace troupe::edge

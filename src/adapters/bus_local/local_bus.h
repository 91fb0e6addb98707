#pragma once
// Adapter of port bus for one process: requests become tasks, events a bounded backlog per subscriber.
//
// Owner       main; a Subscription may outlive the bus.
// Threads     The io thread, for everything.
// Events      publish() only queues: no handler runs inside it. What is queued is delivered by one posted
//             job, a slice at a time, so that requests and timers get their turn.
// Requests    A handler counts as in flight until it has ended, also when its caller left at the deadline.
//             Ending the server's Subscription cancels its running handlers; their callers get `unavailable`
//             bus.no_server.
// Bounds      bus::Limits, and 4096 remembered subjects.
#include <memory>

#include "ports/bus.h"

namespace troupe::bus {

std::unique_ptr<Bus> make_local_bus(const rt::Env& env, Limits limits = {});

}  // namespace troupe::bus

// Tasks that come with an idempotency key: exactly one effect, the same answer again.
//
// The key is claimed durably before the task begins and answered durably before anybody hears the answer. A
// task with a key runs to its end though its caller leaves: who sent a key comes back for the answer. What
// comes meanwhile waits for it.
#include "base/log.h"
#include "host/host.h"

namespace troupe {

namespace {

// What a task answers with these codes it has not done; the same key may try again.
bool not_done(const Error& error) {
  switch (error.code) {
    case Code::deadline_exceeded:
    case Code::cancelled:
    case Code::internal:
      return false;
    default:
      return true;
  }
}

}  // namespace

Task<std::string> Host::once(KeyUse use, Caller caller, std::string payload,
                             std::shared_ptr<TaskHandler> handler) {
  const rt::Instant deadline = caller.deadline;
  const rt::OneShot<std::string> answer(env_);
  const auto under_way = flights_.find(use.name());
  if (under_way != flights_.end()) {
    if (under_way->second.request != use.request) co_return std::unexpected(other_request(use.key));
    under_way->second.waiting.push_back(answer);
    co_return co_await answer.wait(deadline);
  }
  CO_TRY(const auto known, timeline_.answered(use));
  if (known) {
    CO_TRY_VOID(co_await timeline_.settled());
    co_return *known;
  }
  flights_[use.name()] = {use.request, {answer}};
  group_.spawn("call with a key",
               [this, use, caller, payload, handler] { return run_once(use, caller, payload, handler); });
  co_return co_await answer.wait(deadline);
}

boost::asio::awaitable<void> Host::run_once(KeyUse use, Caller caller, std::string payload,
                                            std::shared_ptr<TaskHandler> handler) {
  // Tells those who wait, however this ends.
  struct Landing {
    Host& host;
    const KeyUse& use;
    Result<std::string> reply = std::unexpected(interrupted_key());
    ~Landing() {
      const auto flight = host.flights_.find(use.name());
      if (flight == host.flights_.end()) return;
      const auto waiting = std::move(flight->second.waiting);
      host.flights_.erase(flight);
      for (const auto& waiter : waiting) waiter.set(reply);
    }
  } landing{*this, use};

  if (auto claimed = co_await timeline_.claim_key(use); !claimed) {
    landing.reply = std::unexpected(std::move(claimed).error());
    co_return;
  }
  Result<std::string> reply = std::unexpected(interrupted_key());
  try {
    reply = co_await (*handler)(std::move(caller), std::move(payload));
  } catch (const boost::system::system_error&) {
    throw;  // the server stops: the claim stays, since nobody knows what was done
  } catch (const std::exception& e) {
    log::error("host", "a call with a key threw: {}", e.what());
    reply = fail(Code::internal, "rpc.bug", "the server made a mistake; see its log");
  }
  if (reply) {
    if (auto kept = co_await timeline_.answer_key(use, *reply); !kept)
      reply = std::unexpected(std::move(kept).error());
  } else if (not_done(reply.error())) {
    (void)co_await timeline_.release_key(use);
  }
  landing.reply = std::move(reply);
}

}  // namespace troupe

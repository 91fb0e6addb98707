// bench_bus_nats: a request and its answer over NATS, in one process over one connection: our bus (deadline, proofs, the io thread),
// and the client library alone, sending at once on both sides.
#include <nats/nats.h>

#include "adapters/bus_nats/nats_bus.h"
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"

namespace {

using namespace troupe;

constexpr std::size_t kPayload = 200;  // bytes of a line that somebody says, and of its caller
constexpr const char* kSubject = "svc.bench.echo.Echo";
constexpr std::size_t kWarmUp = 200;

bench::Figures figures_of(std::vector<double> spans) {
  spans.erase(spans.begin(), spans.begin() + kWarmUp);
  return {{"us", {bench::median(std::move(spans))}}};
}

bench::Figures ours(const std::string& url, std::size_t times) {
  bench::IoThread io;
  const auto bus = bus::open_nats_bus(
      io.env, {.url = url, .auth_file = {}, .ca_file = {}, .key = std::string(64, 'k'), .alone_on = {}});
  TROUPE_CHECK(bus.has_value(), "NATS is there");
  const auto served = (*bus)->serve(
      kSubject, [](bus::Request request) -> Task<std::string> { co_return std::move(request.payload); });
  TROUPE_CHECK(served.has_value(), "it is served");
  std::vector<double> spans;
  rt::Group group(io.env, "bench");
  group.spawn("client", [&]() -> rt::asio::awaitable<void> {
    (void)co_await (*bus)->round_trip(io.env.now() + std::chrono::seconds(5));
    for (std::size_t i = 0; i < times + kWarmUp; ++i) {
      const auto from = io.env.now();
      const auto reply =
          co_await (*bus)->request({kSubject, std::string(kPayload / 4, 'h'), std::string(kPayload, 'p')},
                                   from + std::chrono::seconds(5));
      TROUPE_CHECK(reply.has_value() && reply->size() == kPayload, "it is answered");
      spans.push_back(bench::us(io.env.now() - from));
    }
  });
  io.run(group);
  return figures_of(std::move(spans));
}

void echo(natsConnection* connection, natsSubscription*, natsMsg* message, void*) {
  natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                         natsMsg_GetDataLength(message));
  natsMsg_Destroy(message);
}

bench::Figures alone(const std::string& url, std::size_t times) {
  natsOptions* options = nullptr;
  natsConnection* connection = nullptr;
  natsSubscription* subscription = nullptr;
  natsOptions_Create(&options);
  natsOptions_SetURL(options, url.c_str());
  natsOptions_SetSendAsap(options, true);
  TROUPE_CHECK(natsConnection_Connect(&connection, options) == NATS_OK &&
                   natsConnection_Subscribe(&subscription, connection, kSubject, echo, nullptr) == NATS_OK &&
                   natsConnection_FlushTimeout(connection, 5'000) == NATS_OK,
               "NATS is there");
  const bench::IoThread io;
  const std::string payload(kPayload + kPayload / 4, 'p');
  std::vector<double> spans;
  for (std::size_t i = 0; i < times + kWarmUp; ++i) {
    const auto from = io.env.now();
    natsMsg* reply = nullptr;
    TROUPE_CHECK(natsConnection_Request(&reply, connection, kSubject, payload.data(),
                                        static_cast<int>(payload.size()), 5'000) == NATS_OK,
                 "it is answered");
    spans.push_back(bench::us(io.env.now() - from));
    natsMsg_Destroy(reply);
  }
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(connection);
  natsOptions_Destroy(options);
  return figures_of(std::move(spans));
}

}  // namespace

int main() {
  return bench::answer_lines({
      {"ours", [](const bench::Words& words) { return ours(words[0], std::stoull(words[1])); }},
      {"alone", [](const bench::Words& words) { return alone(words[0], std::stoull(words[1])); }},
  });
}

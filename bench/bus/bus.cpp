// bench_bus: from publish() to the handler, in one process, with a server's worth of other listeners.
#include "adapters/bus_local/local_bus.h"

#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"

namespace {

using namespace troupe;

constexpr int kOthers = 50;
constexpr std::size_t kPayload = 80;  // bytes of a weather event
constexpr const char* kSubject = "evt.world.weather.WeatherChanged";

// From `send` to the handler that sets `arrived`, `times` times one after the other.
template <class Send>
bench::Figures times_of(bench::IoThread& io, const rt::Instant& arrived, std::size_t times,
                        const Send& send) {
  std::vector<double> spans;
  spans.reserve(times);
  for (std::size_t i = 0; i < times; ++i) {
    std::string payload(kPayload, 'e');
    const auto from = io.env.now();
    send(std::move(payload));
    io.io.poll();
    spans.push_back(bench::us(arrived - from));
  }
  return {{"us", {bench::median(std::move(spans))}}};
}

// What any bus of one process pays at least: the bytes go to a handler through the io thread's queue.
bench::Figures post(std::size_t times) {
  bench::IoThread io;
  rt::Instant arrived;
  return times_of(io, arrived, times, [&](std::string payload) {
    rt::asio::post(io.env.executor, [&, bytes = std::move(payload)] { arrived = io.env.now(); });
  });
}

bench::Figures publish(std::size_t times) {
  bench::IoThread io;
  const auto bus = bus::make_local_bus(io.env);
  std::vector<bus::Subscription> held;
  for (int i = 0; i < kOthers; ++i) {
    const std::string name = "evt.world.other" + std::to_string(i);
    held.push_back(bus->subscribe(name + (i % 2 == 0 ? ".>" : ".Event"), [](const bus::Event&) {}).value());
  }
  rt::Instant arrived;
  held.push_back(bus->subscribe(kSubject, [&](const bus::Event&) { arrived = io.env.now(); }).value());
  return times_of(io, arrived, times, [&](std::string payload) {
    TROUPE_CHECK(bus->publish({kSubject, std::move(payload)}).has_value(), "published");
  });
}

}  // namespace

int main() {
  return bench::answer_lines({
      {"publish", [](const bench::Words& words) { return publish(std::stoull(words[0])); }},
      {"post", [](const bench::Words& words) { return post(std::stoull(words[0])); }},
  });
}

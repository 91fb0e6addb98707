#include "app/bus.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "adapters/bus_local/local_bus.h"
#include "adapters/bus_nats/nats_bus.h"
#include "base/text.h"
#include "host/registry.h"

namespace troupe {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyLettersMin = 32;
// Answered by every server: who finds it answered is not alone.
constexpr const char* kAlwaysServed = "worlds.List";

std::unexpected<Error> no_key(const fs::path& file) {
  return fail(Code::unavailable, "cluster.key_missing",
              fmt::format("cluster.key_file {}: {}", file.string(), std::strerror(errno)));
}

// Whole or not at all, and durable before anybody signs with it.
Result<void> make_key(rt::IdSource& ids, const fs::path& file) {
  const fs::path partial = file.string() + fmt::format(".{:016x}", ids.bits());
  const std::string key =
      fmt::format("{:016x}{:016x}{:016x}{:016x}\n", ids.bits(), ids.bits(), ids.bits(), ids.bits());
  const int out = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) return no_key(file);
  const bool written =
      ::write(out, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(out) == 0;
  ::close(out);
  // Another process may have been faster: then its key is the one.
  const bool linked = written && (::link(partial.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const auto failed = linked ? Result<void>() : no_key(file);
  ::unlink(partial.c_str());
  TRY_VOID(failed);
  const int folder =
      ::open(file.has_parent_path() ? file.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return no_key(file);
  ::fsync(folder);
  ::close(folder);
  return {};
}

void add_bus_metrics(Metrics& metrics, const bus::NatsBus& bus) {
  using Counts = bus::NatsCounts;
  static constexpr struct {
    const char* what;
    std::uint64_t Counts::* count;
  } kRows[] = {{"sent", &Counts::sent},
               {"received", &Counts::received},
               {"refused", &Counts::refused},
               {"dropped", &Counts::dropped}};
  for (const auto& row : kRows) {
    auto& counter = metrics.counter("troupe_bus_messages_total",
                                    "Messages on the bus between processes; refused: without a good proof",
                                    {{"what", row.what}});
    metrics.on_scrape([&counter, &bus, count = row.count, told = std::uint64_t{0}]() mutable {
      const std::uint64_t now = bus.counts().*count;
      counter.add(static_cast<double>(now - std::exchange(told, now)));
    });
  }
  auto& lost = metrics.counter("troupe_bus_lost_total", "How often the bus between processes went away");
  auto& up = metrics.gauge("troupe_bus_up", "1 while the bus between processes is there");
  metrics.on_scrape([&lost, &up, &bus, told = std::uint64_t{0}]() mutable {
    const std::uint64_t now = bus.counts().lost;
    lost.add(static_cast<double>(now - std::exchange(told, now)));
    up.set(bus.health() ? 1 : 0);
  });
}

}  // namespace

Result<std::string> cluster_key(rt::IdSource& ids, const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) TRY_VOID(make_key(ids, file));
  const auto mode = fs::status(file, error).permissions();
  std::ifstream in(file);
  if (error || !in) return no_key(file);
  if ((mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
    return fail(Code::permission_denied, "cluster.key_readable",
                file.string() + " can be read by others; chmod 600 it");
  std::string line;
  std::getline(in, line);
  line = trim(line);
  if (line.size() < kKeyLettersMin)
    return fail(Code::invalid_argument, "cluster.key_bad",
                fmt::format("{}: a key is one line of {} letters or more; remove the file and one is made",
                            file.string(), kKeyLettersMin));
  return line;
}

Result<std::unique_ptr<bus::Bus>> open_bus(const rt::Env& env, const BusOptions& options,
                                           const fs::path& data, Metrics& metrics, bool alone) {
  if (options.is_local()) return bus::make_local_bus(env);
  TRY(auto key, cluster_key(env.ids, options.key_file.empty() ? data / "cluster.key" : options.key_file));
  TRY(const MethodInfo* method, find_method(kAlwaysServed));
  TRY(auto opened, bus::open_nats_bus(env, {.url = options.url,
                                            .auth_file = options.auth_file,
                                            .ca_file = options.ca_file,
                                            .key = std::move(key),
                                            .alone_on = alone ? method->subject("") : ""}));
  add_bus_metrics(metrics, *opened);
  return opened;
}

}  // namespace troupe

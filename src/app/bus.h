#pragma once
// Which bus the server runs on, opened: the local one, or NATS with the cluster's key. Called once at start; io thread.
#include <filesystem>
#include <memory>
#include <string>

#include "host/metrics.h"
#include "ports/bus.h"

namespace troupe {

struct BusOptions {
  std::string url = "local";
  std::filesystem::path auth_file;  // who we are to NATS; "" = what stands in the URL
  std::filesystem::path ca_file;
  std::filesystem::path key_file;  // "" = cluster.key in the data folder
  bool is_local() const { return url == "local"; }
};

// `alone`: nobody else may have the shared room.
Result<std::unique_ptr<bus::Bus>> open_bus(const rt::Env& env, const BusOptions& options,
                                           const std::filesystem::path& data, Metrics& metrics, bool alone);

// The key of `file`, which is made where there is none: two processes that begin at once have the same. `permission_denied`
// cluster.key_readable, `invalid_argument` cluster.key_bad, `unavailable` cluster.key_missing.
Result<std::string> cluster_key(rt::IdSource& ids, const std::filesystem::path& file);

}  // namespace troupe

#include "app/config_bus.h"

#include "adapters/bus_nats/nats_bus.h"
#include "base/text.h"

namespace troupe {

const std::vector<ConfigKey>& bus_keys() {
  static const std::vector<ConfigKey> kKeys = {
      {"bus",
       "what carries calls and events: local, or NATS as nats://HOST:PORT (tls:// encrypts), several with commas",
       "local",
       [](Config& c, const std::string& v) -> std::string {
         if (v != "local" && !bus::nats_url_problem(v).empty())
           return "local, nats://HOST:PORT or tls://HOST:PORT, with USER:PASSWORD@ or TOKEN@ in front of the host where needed (" +
                  bus::nats_url_problem(v) + ")";
         c.server.bus.url = v;
         return {};
       }},
      {"role",
       "what this process is: all, or one of two that share a bus: gateway (the door: sockets, HTTP, the console) or world,mind,shared",
       "all",
       [](Config& c, const std::string& v) -> std::string {
         auto roles = roles_from(v);
         if (!roles)
           return "all, gateway or world,mind,shared" +
                  did_you_mean(v, std::vector<std::string>{"all", "gateway", "world,mind,shared"});
         c.server.roles = *std::move(roles);
         return {};
       }},
      {"nats.auth_file",
       "file of its owner's alone that says who we are to NATS: lines `user NAME` and `password WORDS`, or `token WORDS`, or `nkey "
       "SEED`",
       "what stands in the URL",
       [](Config& c, const std::string& v) { return c.server.bus.auth_file = v, std::string(); }},
      {"nats.ca_file", "certificates to trust instead of the system's, for tls://", "the system's",
       [](Config& c, const std::string& v) { return c.server.bus.ca_file = v, std::string(); }},
      {"cluster.key_file",
       "the key by which processes know each other on a bus that others reach: 32 letters or more on one line, its owner's alone; "
       "made where there is none",
       "cluster.key in the data folder",
       [](Config& c, const std::string& v) { return c.server.bus.key_file = v, std::string(); }},
  };
  return kKeys;
}

std::string without_login(const std::string& value) {
  std::string out = value;
  for (std::size_t at = 0; (at = out.find("://", at)) != std::string::npos;) {
    at += 3;
    const auto end = out.substr(at, out.find(',', at) - at).rfind('@');
    if (end != std::string::npos) out.replace(at, end, "...");
  }
  return out;
}

}  // namespace troupe

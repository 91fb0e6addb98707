#include "app/config_doors.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace troupe {

namespace {

constexpr std::size_t kNamesMax = 64;

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

// "play.example.org", "192.0.2.7:8443", "[2001:db8::1]:8443": what stands in a Host header.
bool is_authority(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port && !is_port(text.substr(colon + 1))) return false;
  std::string_view name = has_port ? text.substr(0, colon) : text;
  const bool six = name.starts_with('[') && name.ends_with(']');
  if (six) name = name.substr(1, name.size() - 2);
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [six](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || (six && c == ':');
  });
}

bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) return is_authority(text.substr(scheme.size()));
  }
  return false;
}

std::string set_names(std::vector<std::string>& out, const std::string& value, bool (*fine)(std::string_view),
                      const char* wanted) {
  out.clear();
  if (trim(value).empty()) return {};
  for (const auto& word : split(value, ',')) {
    std::string name = lower_ascii(trim(word));
    if (!fine(name) || out.size() >= kNamesMax) return wanted;
    out.push_back(std::move(name));
  }
  return {};
}

}  // namespace

const std::vector<ConfigKey>& door_keys() {
  static const std::vector<ConfigKey> kKeys = {
      {"origins", "origins whose pages may call this server, besides its own; scheme, host and port exactly",
       "none",
       [](Config& c, const std::string& v) {
         return set_names(
             c.server.origins, v, is_origin,
             "a list of at most 64 origins, such as https://play.example.org (a port where it is not "
             "the scheme's, no path)");
       }},
      {"hosts", "names under which a TLS proxy on this machine reaches this server, as they stand in Host",
       "none",
       [](Config& c, const std::string& v) {
         return set_names(c.server.hosts, v, is_authority,
                          "a list of at most 64 hosts, such as play.example.org or play.example.org:8443");
       }},
  };
  return kKeys;
}

}  // namespace troupe

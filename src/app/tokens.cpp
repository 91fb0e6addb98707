#include "app/tokens.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "host/registry.h"

namespace troupe {

Result<std::vector<edge::TokenEntry>> load_tokens(const std::filesystem::path& file) {
  std::vector<edge::TokenEntry> tokens;
  if (file.empty()) return tokens;
  namespace fs = std::filesystem;
  std::error_code error;
  const auto mode = fs::status(file, error).permissions();
  if (error) return fail(Code::not_found, "tokens.missing", file.string() + ": " + error.message());
  if ((mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none) {
    return fail(Code::permission_denied, "tokens.readable",
                file.string() + " can be read by others; chmod 600 it");
  }
  std::ifstream in(file);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (trim(line).empty() || trim(line).starts_with('#')) continue;
    std::istringstream words(line);
    std::string role;
    edge::TokenEntry entry;
    words >> role >> entry.name >> entry.sha256_hex;
    entry.role = role_from_name(role);
    if (entry.role == pb::ROLE_UNSPECIFIED || entry.role == pb::ROLE_SERVICE ||
        from_hex(entry.sha256_hex).size() != 32) {
      return fail(
          Code::invalid_argument, "tokens.bad",
          fmt::format(
              "{}:{}: a line is `role name sha256`, with a role of player, game_server, designer or admin",
              file.string(), number));
    }
    tokens.push_back(std::move(entry));
  }
  if (tokens.empty()) return fail(Code::invalid_argument, "tokens.empty", file.string() + " holds no token");
  return tokens;
}

}  // namespace troupe

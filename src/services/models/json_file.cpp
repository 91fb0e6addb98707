#include "services/models/json_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace troupe::models {

Result<void> write_json(const nlohmann::json& json, const std::filesystem::path& place) {
  auto draft = place;
  draft += ".partial";
  std::ofstream out(draft);
  out << json.dump(1) << '\n';
  std::error_code error;
  if (out.flush()) std::filesystem::rename(draft, place, error);
  if (!out || error) return fail(Code::unavailable, "models.write", place.string() + " cannot be written");
  return {};
}

}  // namespace troupe::models

#include "services/models/grades.h"

#include <fmt/core.h>

#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "host/json.h"
#include "host/request_check.h"
#include "services/models/json_file.h"

namespace troupe::models {

namespace {

using Json = nlohmann::json;

constexpr const char* kFile = "grades.json";

std::mutex& file_mutex() {
  static std::mutex mutex;
  return mutex;
}

// In the order in which they were kept.
std::vector<std::pair<std::string, pb::ModelGrade>> read_all(const std::filesystem::path& models_dir) {
  std::ifstream in(models_dir / kFile);
  const auto read = Json::parse(in, nullptr, false);
  std::vector<std::pair<std::string, pb::ModelGrade>> all;
  if (!read.is_array()) return all;
  for (const auto& one : read) {
    if (!one.is_object() || !one.contains("of") || !one["of"].is_string() || !one.contains("grade")) continue;
    pb::ModelGrade grade;
    if (from_json_value(one["grade"], grade) && check_request(grade))
      all.emplace_back(one["of"].get<std::string>(), std::move(grade));
  }
  return all;
}

}  // namespace

Grades load_grades(const std::filesystem::path& models_dir) {
  Grades out;
  for (auto& [key, grade] : read_all(models_dir)) out[key] = std::move(grade);
  return out;
}

Result<void> keep_grade(const std::string& key, const pb::ModelGrade& grade,
                        const std::filesystem::path& models_dir) {
  const std::lock_guard lock(file_mutex());
  auto all = read_all(models_dir);
  std::erase_if(all, [&](const auto& one) { return one.first == key; });
  all.emplace_back(key, grade);
  Json json = Json::array();
  for (auto i = all.size() > kGradesMax ? all.size() - kGradesMax : 0; i < all.size(); ++i)
    json.push_back({{"of", all[i].first}, {"grade", Json::parse(to_json(all[i].second))}});
  std::error_code error;
  std::filesystem::create_directories(models_dir, error);
  return write_json(json, models_dir / kFile);
}

std::string remote_key(const std::string& name, const std::string& url, const std::string& model) {
  return fmt::format("{} at {} as {}", name, url, model);
}

}  // namespace troupe::models

#pragma once
// What `troupe models judge` found of models, kept in the models' folder (grades.json) by what was judged:
// the SHA-256 of a file, or name and address of a model over HTTP. Plain functions over a file; any thread,
// blocking. At most kGradesMax are kept; the one that was kept longest ago goes first.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "troupe/v1/models.pb.h"

namespace troupe {
namespace pb = troupe::v1;
}

namespace troupe::models {

inline constexpr std::size_t kGradesMax = 256;

// By key. A file that is not there, or makes no sense, holds none.
using Grades = std::map<std::string, pb::ModelGrade>;
Grades load_grades(const std::filesystem::path& models_dir);
// Instead of an earlier one. `unavailable` models.write.
Result<void> keep_grade(const std::string& key, const pb::ModelGrade& grade,
                        const std::filesystem::path& models_dir);

std::string remote_key(const std::string& name, const std::string& url, const std::string& model);

// What a loaded model may say, and who said so.
struct Voice {
  std::string key;               // of its grade; "" = nothing is known by which it could be kept
  std::vector<std::string> may;  // freedoms
  std::string may_by;            // talk.may, catalogue, grade or default; "" = it does not speak
};

}  // namespace troupe::models

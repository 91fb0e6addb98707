#pragma once
// Whether the form of a line is that of a wish, whatever it wishes: a logistic regression over the line's
// vector and its function words, trained by tools/train_form on lines of no world of ours. Without an
// embedding model there are weights for the function words alone. Read once, then immutable; pure.
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talk/acting.h"
#include "talk/vectors.h"

namespace troupe::talk {

struct FormModel {
  std::string language;        // "en"
  std::string embedding;       // whose vectors it needs: "minilm-l6-v2"; empty = none
  std::size_t dimensions = 0;  // of such a vector
  double scale = 0;            // of the part by function words
  double bias = 0;
  std::vector<float> weights;  // dimensions, then kFormBuckets
};
inline constexpr std::size_t kFormBuckets = 512;

std::expected<FormModel, std::vector<pack::Problem>> load_form(const std::string& file,
                                                               const std::string& text);
// The one that is built in for a language and an embedding model ("" = none); nothing where there is none.
std::optional<FormModel> built_in_form(std::string_view language, std::string_view embedding);

// 0..1. Nothing where the vector is missing or has another size.
std::optional<double> form_of(const FormModel& model, const Acting& acting, std::string_view line,
                              const Vector& vector);

// The buckets that a line fills, sorted: its first words, its pairs of words, its first triples; all words
// but function words are one and the same. The trainer fills the same ones. For tests.
std::vector<std::size_t> form_buckets(const Acting& acting, std::string_view line);

}  // namespace troupe::talk

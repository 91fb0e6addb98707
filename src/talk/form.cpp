#include "talk/form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>

#include "base/steady.h"
#include "base/text.h"
#include "talk/data.h"
#include "talk/words.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kPiecesMax = 400;
constexpr std::size_t kBeginning = 4;  // words that count as the beginning,
constexpr std::size_t kTriples = 5;    // and words of which triples are made
constexpr std::string_view kBlank = "_";

// FNV-1a.
std::size_t bucket(std::string_view text) {
  std::uint32_t value = 2166136261U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  return value % kFormBuckets;
}

// Function words and marks as they are, everything else as a blank.
std::vector<std::string> pieces(const Acting& acting, std::string_view line) {
  std::vector<std::string> out{"^"};
  const std::string folded = fold(line);
  for (std::size_t at = 0; at < folded.size() && out.size() < kPiecesMax;) {
    const char c = folded[at];
    const auto is_letter = [](char one) { return (one >= 'a' && one <= 'z') || one == '\''; };
    if (c == '?' || c == '!' || c == '.' || c == ',') {
      out.emplace_back(1, c);
      ++at;
    } else if (is_letter(c)) {
      std::size_t end = at;
      while (end < folded.size() && is_letter(folded[end])) ++end;
      std::string word = folded.substr(at, end - at);
      out.push_back(acting.function_words.contains(word) ? std::move(word) : std::string(kBlank));
      at = end;
    } else {
      ++at;
    }
  }
  return out;
}

}  // namespace

std::vector<std::size_t> form_buckets(const Acting& acting, std::string_view line) {
  const auto all = pieces(acting, line);
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < std::min(all.size(), kBeginning); ++i) out.insert(bucket("1 " + all[i]));
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    out.insert(bucket(fmt::format("2 {} {}", all[i], all[i + 1])));
  for (std::size_t i = 0; i + 2 < std::min(all.size(), kTriples); ++i)
    out.insert(bucket(fmt::format("3 {} {} {}", all[i], all[i + 1], all[i + 2])));
  return {out.begin(), out.end()};
}

std::optional<double> form_of(const FormModel& model, const Acting& acting, std::string_view line,
                              const Vector& vector) {
  if (vector.size() != model.dimensions && model.dimensions != 0) return std::nullopt;
  double sum = model.bias;
  for (std::size_t i = 0; i < model.dimensions; ++i)
    sum += static_cast<double>(model.weights[i]) * static_cast<double>(vector[i]);
  const auto filled = form_buckets(acting, line);
  const double each = model.scale / std::sqrt(static_cast<double>(filled.size()));
  for (const std::size_t one : filled)
    sum += each * static_cast<double>(model.weights[model.dimensions + one]);
  return 1 / (1 + steady_exp(-sum));
}

std::expected<FormModel, std::vector<pack::Problem>> load_form(const std::string& file,
                                                               const std::string& text) {
  const pack::PackLimits limits;
  pack::Report report(limits.problems);
  FormModel out;
  const auto tree = pack::parse_yaml(file, text, limits, report);
  if (!tree) return std::unexpected(report.take());
  const pack::Cursor root(*tree, file, report);
  {
    pack::Fields fields(root, file);
    out.language = fields.identifier("language");
    out.embedding = fields.text_or("model", "");
    out.dimensions = static_cast<std::size_t>(fields.whole("size", 0, 8192));
    out.scale = fields.number("scale", 0, 100);
    out.bias = fields.number("bias", -1000, 1000);
    fields.text_or("made_by", "");
    if (const auto rows = fields.required("weights")) {
      for (const pack::Cursor& row : rows->list("weights")) {
        for (const std::string& number : split(row.text("weights"), ' '))
          out.weights.push_back(std::strtof(number.c_str(), nullptr));
      }
      if (out.weights.size() != out.dimensions + kFormBuckets)
        rows->problem(fmt::format("there are {} weights", out.weights.size()),
                      fmt::format("expected {} (size and {})", out.dimensions + kFormBuckets, kFormBuckets));
    }
  }
  if (!report.empty()) return std::unexpected(report.take());
  return out;
}

std::optional<FormModel> built_in_form(std::string_view language, std::string_view embedding) {
  const std::string file = embedding.empty() ? fmt::format("form.{}.yaml", language)
                                             : fmt::format("form.{}.{}.yaml", language, embedding);
  const auto text = data_file(file);
  if (text.empty()) return std::nullopt;
  auto loaded = load_form(file, std::string(text));
  if (!loaded) return std::nullopt;
  return *std::move(loaded);
}

}  // namespace troupe::talk

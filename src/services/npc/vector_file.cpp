#include "services/npc/vector_file.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/hash.h"

namespace troupe::npc {

namespace fs = std::filesystem;

namespace {

// In the machine's own byte order: a cache never travels.
constexpr std::string_view kMagic = "troupe vectors 1";
constexpr std::size_t kTextBytesMax = 1024;

// The size of a vector, and of all that follows its hash.
struct Head {
  std::uint64_t dimensions = 0;
  std::uint64_t texts = 0;
};

std::string bytes_of(const void* data, std::size_t size) { return {static_cast<const char*>(data), size}; }

class Reading {
 public:
  explicit Reading(std::string_view bytes) : bytes_(bytes) {}
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) return failed_ = true, std::string_view();
    const auto out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  template <class Number>
  Number number() {
    Number out{};
    if (const auto bytes = take(sizeof out); !bytes.empty()) std::memcpy(&out, bytes.data(), sizeof out);
    return out;
  }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace

fs::path vector_file(const fs::path& folder, const std::string& model) {
  return folder / (sha256_hex(model).substr(0, 16) + ".vectors");
}

talk::VectorTable read_vectors(const fs::path& file, std::size_t dimensions) {
  std::ifstream in(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const std::size_t before = kMagic.size() + sha256_hex({}).size();
  if (whole.size() < before || !whole.starts_with(kMagic)) return {};
  const std::string_view body = std::string_view(whole).substr(before);
  if (sha256_hex(std::string(body)) != whole.substr(kMagic.size(), before - kMagic.size())) return {};
  Reading reading(body);
  const auto head = reading.number<Head>();
  talk::VectorTable out;
  if (head.dimensions != dimensions || head.texts > kVectorFileTexts) return out;
  for (std::uint64_t i = 0; i < head.texts && !reading.failed(); ++i) {
    std::string text(reading.take(reading.number<std::uint32_t>()));
    const auto numbers = reading.take(dimensions * sizeof(float));
    if (reading.failed()) return {};
    talk::Vector vector(dimensions);
    std::memcpy(vector.data(), numbers.data(), numbers.size());
    out.add(std::move(text), std::move(vector));
  }
  return out;
}

Result<void> write_vectors(const fs::path& file, std::size_t dimensions, const talk::VectorTable& vectors) {
  Head head{.dimensions = dimensions};
  std::string texts;
  for (const auto& [text, row] : vectors.rows()) {
    const auto& vector = vectors.at(row);
    if (vector.size() != dimensions || text.size() > kTextBytesMax || head.texts == kVectorFileTexts)
      continue;
    const auto size = static_cast<std::uint32_t>(text.size());
    texts += bytes_of(&size, sizeof size) + text + bytes_of(vector.data(), dimensions * sizeof(float));
    ++head.texts;
  }
  const std::string body = bytes_of(&head, sizeof head) + texts;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  const fs::path draft = file.string() + ".partial";
  std::ofstream out(draft, std::ios::binary | std::ios::trunc);
  out << kMagic << sha256_hex(body) << body;
  out.close();
  if (out) fs::rename(draft, file, error);
  if (out && !error) return {};
  fs::remove(draft, error);
  return fail(Code::unavailable, "npc.vectors", file.string() + " cannot be written");
}

}  // namespace troupe::npc

#include "adapters/engine_llama/gguf_file.h"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "base/hash.h"
#include "base/text.h"

namespace troupe::engine {

namespace {

constexpr std::uint64_t kHeaderBytes = 24;  // magic, version, tensor count, pair count
constexpr const char* kChoiceHead = "troupe.choice.head";
constexpr const char* kChoiceTemperature = "troupe.choice.temperature";
constexpr double kTemperatureMin = 0.01;
constexpr double kTemperatureMax = 100;
constexpr const char* kRemedy = "run 'make setup' to fetch it again";

std::unexpected<Error> damaged(const std::string& path, const std::string& what) {
  return fail(Code::invalid_argument, "engine.bad_file", fmt::format("{}: {}; {}", path, what, kRemedy));
}

struct GgufFree {
  void operator()(gguf_context* context) const { gguf_free(context); }
};

}  // namespace

Result<std::uint64_t> check_gguf_file(const std::string& path) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) {
    return fail(Code::not_found, "engine.no_file",
                fmt::format("{}: {}; run 'make setup' to fetch the models", path, ec.message()));
  }
  std::array<char, kHeaderBytes> header{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(header.data(), header.size())) {
    return damaged(path, fmt::format("{} bytes are no model", size));
  }
  if (std::memcmp(header.data(), "GGUF", 4) != 0) return damaged(path, "not a GGUF file (wrong first bytes)");
  std::uint32_t version = 0;
  std::uint64_t tensors = 0;
  std::uint64_t pairs = 0;
  std::memcpy(&version, header.data() + 4, sizeof version);
  std::memcpy(&tensors, header.data() + 8, sizeof tensors);
  std::memcpy(&pairs, header.data() + 16, sizeof pairs);
  if (version < 2 || version > 3) return damaged(path, fmt::format("GGUF version {} is not known", version));
  // Each tensor and each pair takes some bytes of header: counts beyond the file are nonsense.
  if (tensors == 0 || tensors > size / 16 || pairs > size / 12)
    return damaged(path, "its header makes no sense");

  const std::unique_ptr<gguf_context, GgufFree> meta(
      gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
  if (!meta) return damaged(path, "its header is damaged");
  std::uint64_t end = gguf_get_data_offset(meta.get());
  for (std::int64_t i = 0; i < gguf_get_n_tensors(meta.get()); ++i) {
    end = std::max<std::uint64_t>(end, gguf_get_data_offset(meta.get()) +
                                           gguf_get_tensor_offset(meta.get(), i) +
                                           gguf_get_tensor_size(meta.get(), i));
  }
  if (end > size) return damaged(path, fmt::format("{} of {} bytes are there", size, end));
  return size;
}

Result<ChoiceHead> read_choice_head(const std::string& path, int width) {
  const auto bad = [&](const std::string& what) {
    return fail(Code::invalid_argument, "engine.bad_model", path + ": " + what);
  };
  const std::unique_ptr<gguf_context, GgufFree> meta(
      gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
  if (!meta) return damaged(path, "its header is damaged");
  const auto key = gguf_find_key(meta.get(), kChoiceHead);
  if (key < 0) return bad(fmt::format("no choice model: it has no {} in its metadata", kChoiceHead));
  const auto wanted = static_cast<std::size_t>(width) + 1;
  if (gguf_get_kv_type(meta.get(), key) != GGUF_TYPE_ARRAY ||
      gguf_get_arr_type(meta.get(), key) != GGUF_TYPE_FLOAT32 || gguf_get_arr_n(meta.get(), key) != wanted) {
    return bad(fmt::format("{} must be {} numbers of 32 bits: a weight for each of its {} and the bias",
                           kChoiceHead, wanted, width));
  }
  const auto* numbers = static_cast<const float*>(gguf_get_arr_data(meta.get(), key));
  ChoiceHead head{.weights = {numbers, numbers + width}, .bias = numbers[width], .temperature = {}};
  if (!std::all_of(numbers, numbers + wanted, [](float number) { return std::isfinite(number); }))
    return bad(fmt::format("{} has numbers that are none", kChoiceHead));
  const auto temperature = gguf_find_key(meta.get(), kChoiceTemperature);
  if (temperature < 0) return head;
  if (gguf_get_kv_type(meta.get(), temperature) != GGUF_TYPE_FLOAT32)
    return bad(fmt::format("{} must be a number of 32 bits", kChoiceTemperature));
  head.temperature = gguf_get_val_f32(meta.get(), temperature);
  if (!(*head.temperature >= kTemperatureMin && *head.temperature <= kTemperatureMax)) {
    return bad(fmt::format("{} must be {} to {}", kChoiceTemperature, kTemperatureMin, kTemperatureMax));
  }
  return head;
}

Result<std::string> hash_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(std::size_t{1} << 20);
  Sha256 hash;
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.add({buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (!file.eof()) return fail(Code::not_found, "engine.no_file", path + ": cannot be read to its end");
  return hex(hash.finish());
}

std::uint64_t memory_available() {
  std::uint64_t available = 0;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    if (line.starts_with("MemAvailable:")) {
      available = std::strtoull(line.c_str() + std::strlen("MemAvailable:"), nullptr, 10) * 1024;
    }
  }
  const auto number_in = [](const char* path) -> std::uint64_t {
    std::ifstream file(path);
    std::uint64_t value = 0;
    return file >> value ? value : 0;  // "max" is no number: no limit
  };
  const auto most = number_in("/sys/fs/cgroup/memory.max");
  if (most > 0) {
    const auto used = number_in("/sys/fs/cgroup/memory.current");
    available = std::min(available, most > used ? most - used : 1);
  }
  return available;
}

}  // namespace troupe::engine

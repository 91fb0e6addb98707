#include "services/models/gguf_head.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>

#include "base/text.h"

namespace troupe::models {

namespace {

constexpr std::uint64_t kPairsMax = 4096;
constexpr std::uint64_t kKeyBytesMax = 512;
constexpr std::uint64_t kTextBytesMax = 64 * 1024 * 1024;  // a chat template, or a text that is skipped
constexpr std::uint64_t kItemsMax = 4'000'000;             // a vocabulary
constexpr std::size_t kKeptBytesMax = 256;

// Little-endian values, as GGUF has them; after the first that is not there everything reads as 0.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : in_(file, std::ios::binary) {}
  bool ok() const { return ok_; }
  template <class T>
  T number() {
    T value{};
    ok_ = ok_ && in_.read(reinterpret_cast<char*>(&value), sizeof value).good();
    return ok_ ? value : T{};
  }
  std::string text(std::uint64_t most) {
    const auto size = number<std::uint64_t>();
    if (size > most) ok_ = false;
    if (!ok_) return {};
    std::string out(std::min<std::uint64_t>(size, kKeptBytesMax), '\0');
    ok_ = in_.read(out.data(), static_cast<std::streamsize>(out.size())).good() || out.empty();
    skip(size - out.size());
    return out;
  }
  void skip(std::uint64_t bytes) {
    if (ok_ && bytes > 0) ok_ = in_.seekg(static_cast<std::streamoff>(bytes), std::ios::cur).good();
  }

 private:
  std::ifstream in_;
  bool ok_ = true;
};

std::uint64_t size_of(std::uint32_t type) {
  static constexpr std::uint64_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < 13 ? kSizes[type] : 0;
}

constexpr std::uint32_t kString = 8, kArray = 9;

}  // namespace

Result<GgufHead> read_gguf_head(const std::filesystem::path& file) {
  const auto bad = [&](const char* why) {
    return fail(Code::invalid_argument, "models.not_gguf",
                file.filename().string() + " is no GGUF file: " + why);
  };
  Reader in(file);
  if (in.number<std::uint32_t>() != 0x46554747) return bad("its first bytes are others");
  const auto version = in.number<std::uint32_t>();
  if (version < 2 || version > 3) return bad("its version is not known");
  const auto tensors = in.number<std::uint64_t>();
  const auto pairs = in.number<std::uint64_t>();
  if (!in.ok() || tensors == 0 || pairs > kPairsMax) return bad("its head makes no sense");
  GgufHead head;
  std::map<std::string, std::int64_t> numbers;
  for (std::uint64_t i = 0; i < pairs && in.ok(); ++i) {
    const auto key = in.text(kKeyBytesMax);
    const auto type = in.number<std::uint32_t>();
    if (key == "troupe.choice.head") head.chooses = true;
    if (type == kString) {
      const auto value = in.text(kTextBytesMax);
      if (!is_utf8(value)) continue;
      if (key == "general.name") head.name = value;
      if (key == "general.license") head.licence = value;
      if (key == "general.architecture") head.architecture = value;
    } else if (type == kArray) {
      const auto of = in.number<std::uint32_t>();
      const auto count = in.number<std::uint64_t>();
      if (count > kItemsMax || (of != kString && size_of(of) == 0)) return bad("its head makes no sense");
      if (of != kString) {
        in.skip(count * size_of(of));
      } else {
        for (std::uint64_t k = 0; k < count && in.ok(); ++k) (void)in.text(kTextBytesMax);
      }
    } else if (type == 4 || type == 5) {
      numbers[key] = in.number<std::uint32_t>();
    } else if (size_of(type) > 0) {
      in.skip(size_of(type));
    } else {
      return bad("its head makes no sense");
    }
  }
  if (!in.ok()) return bad("it ends in its head");
  if (const auto found = numbers.find(head.architecture + ".context_length"); found != numbers.end())
    head.context_tokens = static_cast<int>(std::clamp<std::int64_t>(found->second, 0, 1 << 24));
  head.embeds = !head.chooses && numbers.contains(head.architecture + ".pooling_type");
  return head;
}

}  // namespace troupe::models

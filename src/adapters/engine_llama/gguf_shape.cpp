#include "adapters/engine_llama/gguf_shape.h"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

namespace troupe::engine {

namespace {

constexpr std::uint64_t kLayersMax = 1024;
constexpr std::uint64_t kFloat = 4;
constexpr std::uint64_t kHalf = 2;  // a number of the cache
constexpr std::string_view kLayerPrefix = "blk.";

struct GgufFree {
  void operator()(gguf_context* context) const { gguf_free(context); }
};

class Head {
 public:
  explicit Head(const std::string& path)
      : meta_(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr})) {
    if (!meta_) return;
    const auto key = gguf_find_key(meta_.get(), "general.architecture");
    if (key >= 0 && gguf_get_kv_type(meta_.get(), key) == GGUF_TYPE_STRING)
      architecture_ = gguf_get_val_str(meta_.get(), key);
  }
  const gguf_context* get() const { return meta_.get(); }

  // A number; of a list (one for each layer) the largest.
  std::optional<std::uint64_t> number(const std::string& name) const {
    const auto key = gguf_find_key(meta_.get(), (architecture_ + "." + name).c_str());
    if (key < 0) return std::nullopt;
    switch (gguf_get_kv_type(meta_.get(), key)) {
      case GGUF_TYPE_UINT32:
        return gguf_get_val_u32(meta_.get(), key);
      case GGUF_TYPE_UINT64:
        return gguf_get_val_u64(meta_.get(), key);
      case GGUF_TYPE_INT32:
        return static_cast<std::uint64_t>(std::max(0, gguf_get_val_i32(meta_.get(), key)));
      case GGUF_TYPE_ARRAY:
        return largest(key);
      default:
        return std::nullopt;
    }
  }
  std::uint64_t words() const {
    const auto key = gguf_find_key(meta_.get(), "tokenizer.ggml.tokens");
    return key >= 0 && gguf_get_kv_type(meta_.get(), key) == GGUF_TYPE_ARRAY
               ? gguf_get_arr_n(meta_.get(), key)
               : 0;
  }

 private:
  std::optional<std::uint64_t> largest(std::int64_t key) const {
    const auto type = gguf_get_arr_type(meta_.get(), key);
    const auto count = gguf_get_arr_n(meta_.get(), key);
    if ((type != GGUF_TYPE_UINT32 && type != GGUF_TYPE_INT32) || count == 0) return std::nullopt;
    const auto* values = static_cast<const std::int32_t*>(gguf_get_arr_data(meta_.get(), key));
    return static_cast<std::uint64_t>(std::max(0, *std::max_element(values, values + count)));
  }

  std::unique_ptr<gguf_context, GgufFree> meta_;
  std::string architecture_;
};

// "blk.12.ffn_up.weight" -> 12
std::optional<std::uint64_t> layer_of(std::string_view tensor) {
  if (!tensor.starts_with(kLayerPrefix)) return std::nullopt;
  tensor.remove_prefix(kLayerPrefix.size());
  std::uint64_t layer = 0;
  const auto [end, error] = std::from_chars(tensor.data(), tensor.data() + tensor.size(), layer);
  if (error != std::errc() || end == tensor.data() + tensor.size() || *end != '.') return std::nullopt;
  return layer;
}

}  // namespace

Result<GgufShape> read_gguf_shape(const std::string& path) {
  const auto bad = [&](const char* what) {
    return fail(Code::invalid_argument, "engine.bad_model", fmt::format("{}: its head {}", path, what));
  };
  const Head head(path);
  if (head.get() == nullptr) return bad("cannot be read");
  const auto layers = head.number("block_count");
  const auto width = head.number("embedding_length");
  const auto heads = head.number("attention.head_count");
  if (!layers || !width || !heads || *layers == 0 || *layers > kLayersMax || *heads == 0)
    return bad("does not say how many layers and heads it has");

  GgufShape shape{.layers = std::vector<std::uint64_t>(*layers), .width = *width, .heads = *heads};
  std::uint64_t table = 0;
  bool shares_table = true;
  for (std::int64_t i = 0; i < gguf_get_n_tensors(head.get()); ++i) {
    const std::string_view name = gguf_get_tensor_name(head.get(), i);
    const auto size = gguf_get_tensor_size(head.get(), i);
    if (const auto layer = layer_of(name)) {
      if (*layer >= shape.layers.size()) return bad("has more layers than it says");
      shape.layers[*layer] += size;
    } else if (name == "token_embd.weight") {
      table = size;  // stays in the machine's memory
    } else {
      shape.output += size;
      shares_table = shares_table && name != "output.weight";
    }
  }
  if (shares_table) shape.output += table;  // a card gets a copy
  shape.context_tokens =
      static_cast<int>(std::min<std::uint64_t>(head.number("context_length").value_or(0), 1 << 30));
  shape.inner = std::max(head.number("feed_forward_length").value_or(0), *width);
  const auto head_size = *width / *heads;
  shape.cached = head.number("attention.head_count_kv").value_or(*heads) *
                 (head.number("attention.key_length").value_or(head_size) +
                  head.number("attention.value_length").value_or(head_size));
  shape.words = head.words();
  return shape;
}

LayerBytes layer_bytes(const GgufShape& shape, std::uint64_t cells, std::uint64_t batch, std::uint64_t rows) {
  // Without flash attention a step holds every head's look of each token at each cell, before and after the
  // softmax, and a mask; some states of the widest kind; and its logits.
  const auto attention = batch * cells * (2 * shape.heads + 1);
  const auto states = batch * (4 * shape.inner + 6 * shape.width);
  return {.weights = shape.layers,
          .output = shape.output,
          .cache = cells * shape.cached * kHalf,
          .work = (attention + states + rows * shape.words) * kFloat};
}

}  // namespace troupe::engine

#include "adapters/engine_llama/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <mutex>

#include "adapters/engine_llama/gguf_file.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe::engine {

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kWorkBytes = 128 * kMiB;  // graphs and buffers of one context, roughly

// llama.cpp reports through one callback of the process; its lines go to our log, and the last complaint of
// this thread is kept for the Error.
thread_local std::string t_complaint;

void on_llama_log(ggml_log_level level, const char* text, void* /*user*/) {
  if (text == nullptr) return;
  const auto line = trim(text);
  if (line.empty()) return;
  if (level == GGML_LOG_LEVEL_ERROR) t_complaint = line;
  log::debug("llama", "{}", line);
}

std::uint64_t kv_bytes(const llama_model* model, std::uint64_t cells) {
  const auto heads = std::max(1, llama_model_n_head(model));
  const auto head_size = static_cast<std::uint64_t>(llama_model_n_embd(model) / heads);
  const auto per_layer =
      2 * sizeof(std::uint16_t) * head_size * static_cast<std::uint64_t>(llama_model_n_head_kv(model));
  return cells * per_layer * static_cast<std::uint64_t>(llama_model_n_layer(model));
}

Result<void> check_config(const LlamaModelConfig& c) {
  const auto bad = [&](const char* what) {
    return fail(Code::invalid_argument, "engine.bad_config", fmt::format("model {}: {}", c.name, what));
  };
  if (c.name.empty() || c.path.empty()) return bad("name and path are needed");
  if (c.context_tokens < 64 || c.context_tokens > 131'072) return bad("context_tokens must be 64 to 131072");
  if (c.kv_tokens != 0 && c.kv_tokens < c.context_tokens)
    return bad("kv_tokens must be context_tokens at least");
  if (c.slots < 1 || c.slots > 64) return bad("slots must be 1 to 64");
  if (c.cached_prefixes < 0 || c.cached_prefixes > 1024) return bad("cached_prefixes must be 0 to 1024");
  if (!std::ranges::all_of(c.choose_temperature, [](double t) { return t > 0; }))
    return bad("choose_temperature must be above 0");
  return {};
}

bool aborts(void* data) {
  return static_cast<const std::atomic<bool>*>(data)->load(std::memory_order_relaxed);
}

llama_context_params context_params(const LlamaModelConfig& config, const LoadOptions& options,
                                    const llama_model* weights) {
  const bool chat = config.kind == ModelKind::chat;
  auto params = llama_context_default_params();
  const auto batch = static_cast<std::uint32_t>(chat ? options.batch_max : config.context_tokens);
  params.n_ctx = static_cast<std::uint32_t>(config.kv_tokens);
  params.n_batch = batch;  // one physical batch, so that a step happens wholly or not at all
  params.n_ubatch = batch;
  // One for each slot, and one through which prefixes come and go.
  params.n_seq_max = static_cast<std::uint32_t>(config.slots + (chat ? 1 : 0));
  params.n_outputs_max =
      chat ? std::max(static_cast<std::uint32_t>(options.rows_max), params.n_seq_max) : batch;
  params.n_threads = options.threads;
  params.n_threads_batch = options.threads;
  params.kv_unified = true;
  // On the CPU flash attention is slow with fewer than 64 rows of queries, which nearly all steps here have:
  // 8 tokens at a depth of 1,000 take 148 ms with it and 48 without (0.5B; docs/benchmarks).
  if (chat) params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.swa_full = true;
  params.no_perf = true;
  params.embeddings = !chat;
  if (config.kind == ModelKind::embedding && llama_model_n_swa(weights) == 0)
    params.pooling_type = LLAMA_POOLING_TYPE_UNSPECIFIED;
  if (config.kind == ModelKind::cross_encoder) params.pooling_type = LLAMA_POOLING_TYPE_NONE;
  params.abort_callback = aborts;
  params.abort_callback_data = const_cast<std::atomic<bool>*>(options.stop);
  return params;
}

Result<void> check_kind(const LlamaModelConfig& config, const llama_model* weights, llama_context* context) {
  const auto bad = [&](const char* what) {
    return fail(Code::invalid_argument, "engine.bad_model", config.path + ": " + what);
  };
  const auto* vocab = llama_model_get_vocab(weights);
  switch (config.kind) {
    case ModelKind::chat:
      return {};
    case ModelKind::embedding:
      if (llama_pooling_type(context) != LLAMA_POOLING_TYPE_NONE) return {};
      return bad("not an embedding model (it does not pool); it is of another kind");
    case ModelKind::cross_encoder:
      if (llama_get_memory(context) != nullptr) return bad("a choice model is an encoder, such as BERT");
      if (llama_vocab_bos(vocab) != LLAMA_TOKEN_NULL && llama_vocab_sep(vocab) != LLAMA_TOKEN_NULL) return {};
      return bad("a choice model needs the tokens [CLS] and [SEP]");
  }
  return {};
}

std::unexpected<Error> broken(const std::string& path, const std::string& what) {
  return fail(Code::invalid_argument, "engine.bad_file",
              fmt::format("{}: {}{}; run 'make setup' to fetch it again", path, what,
                          t_complaint.empty() ? "" : " (" + t_complaint + ")"));
}

// What the configuration gives a model that was trained for so many tokens.
void set_cells(LlamaModelConfig& config, int trained) {
  if (trained > 0) config.context_tokens = std::min(config.context_tokens, trained);
  if (config.kv_tokens == 0) config.kv_tokens = 2 * config.context_tokens;
  if (config.kind == ModelKind::chat) return;
  config.kv_tokens = config.context_tokens;
  config.cached_prefixes = 0;
  config.slots = config.kind == ModelKind::embedding ? 64 : 1;
}

// Of the card that has most left. What cannot be said before loading stays on the CPU.
Placement place_for(LlamaModelConfig config, const LoadOptions& options) {
  if (options.cards == nullptr || options.cards->empty() || config.kind != ModelKind::chat ||
      config.gpu_layers == 0)
    return {};
  const auto shape = read_gguf_shape(config.path);
  if (!shape) {
    log::warn("engine", "{} stays on the CPU: {}", config.name, shape.error().message);
    return {};
  }
  set_cells(config, shape->context_tokens);
  const auto bytes = layer_bytes(*shape, static_cast<std::uint64_t>(config.kv_tokens),
                                 static_cast<std::uint64_t>(options.batch_max),
                                 static_cast<std::uint64_t>(options.rows_max));
  return options.cards->place(bytes, config.gpu_layers);
}

}  // namespace

void prepare_backend() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(on_llama_log, nullptr);
    llama_backend_init();
  });
}

Result<std::unique_ptr<Model>> Model::load(LlamaModelConfig config, const LoadOptions& options) {
  TRY_VOID(check_config(config));
  prepare_backend();
  TRY(const auto bytes, check_gguf_file(config.path));
  if (config.hash.empty() || config.verify) {
    TRY(auto found, hash_file(config.path));
    if (!config.hash.empty() && found != lower_ascii(config.hash)) {
      return broken(config.path, "its SHA-256 is not the one that was promised");
    }
    config.hash = std::move(found);
  }
  const auto place = place_for(config, options);
  if (!place.on_card()) return open(std::move(config), options, bytes, {.layers_all = place.layers_all});
  auto opened = open(config, options, bytes, place);
  if (opened) {
    options.cards->take(place);
    return opened;
  }
  auto without = open(config, options, bytes, {.layers_all = place.layers_all});
  if (without) {
    log::warn("engine", "{} runs on the CPU: {} does not take {} of its {} layers: {}", config.name,
              place.card, place.share.layers, place.layers_all, opened.error().message);
  }
  return without;
}

Result<std::unique_ptr<Model>> Model::open(LlamaModelConfig config, const LoadOptions& options,
                                           std::uint64_t bytes, const Placement& place) try {
  // What a card with memory of its own holds need not fit into the machine's.
  const auto elsewhere = place.on_card() && place.own_memory ? std::min(place.share.bytes, bytes) : 0;
  const auto available = options.memory_max > 0 ? options.memory_max : memory_available();
  const auto too_big = [&](std::uint64_t needed) {
    return fail(
        Code::exhausted, "engine.no_memory",
        fmt::format("{}: needs about {} MB, {} MB are free; choose a smaller model or lower kv_tokens",
                    config.path, needed / kMiB, available / kMiB));
  };
  if (available > 0 && bytes - elsewhere > available) return too_big(bytes - elsewhere);

  t_complaint.clear();
  std::unique_ptr<Model> out(new Model());
  auto model_params = llama_model_default_params();
  std::array<ggml_backend_dev_t, 2> devices = {place.on_card() ? place.device : nullptr, nullptr};
  model_params.devices = devices.data();  // and no other, also not for single operations
  model_params.n_gpu_layers = place.share.layers;
  model_params.load_mode = config.map_weights ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
  out->model_.reset(llama_model_load_from_file(config.path.c_str(), model_params));
  if (!out->model_) return broken(config.path, "llama.cpp cannot load it");
  const auto* weights = out->model_.get();
  if (llama_model_is_recurrent(weights) || llama_model_is_hybrid(weights) ||
      llama_model_is_diffusion(weights)) {
    return fail(Code::invalid_argument, "engine.bad_model",
                config.path + ": only attention models can share prefixes; choose another model");
  }
  set_cells(config, llama_model_n_ctx_train(weights));
  const auto whole = bytes + kv_bytes(weights, static_cast<std::uint64_t>(config.kv_tokens)) + kWorkBytes;
  const auto needed = whole - std::min(elsewhere, whole);
  if (available > 0 && needed > available) return too_big(needed);

  out->context_.reset(llama_init_from_model(out->model_.get(), context_params(config, options, weights)));
  if (!out->context_ && place.on_card()) {
    return fail(Code::exhausted, "engine.no_memory",
                t_complaint.empty() ? "no memory for its context" : t_complaint);
  }
  if (!out->context_) return too_big(needed);
  TRY_VOID(check_kind(config, weights, out->context_.get()));
  if (config.kind == ModelKind::cross_encoder) {
    TRY(out->choice_head_, read_choice_head(config.path, llama_model_n_embd_out(weights)));
  }

  out->info_ = {.name = config.name,
                .hash = config.hash,
                .context_tokens = config.context_tokens,
                .embedding_size = config.kind == ModelKind::embedding ? llama_model_n_embd_out(weights) : 0,
                .writes = config.kind == ModelKind::chat,
                .tiers = config.tiers};
  out->config_ = std::move(config);
  out->place_ = place;
  if (out->config_.kind == ModelKind::chat) out->find_closing_tokens();
  if (place.on_card()) TRY_VOID(out->try_card(options.batch_max));
  return out;
} catch (const std::exception& e) {  // drivers throw through llama.cpp
  return fail(Code::unavailable, "engine.failed", fmt::format("{}: {}", place.card, trim(e.what())));
}

// A token, and a prompt: whatever a driver cannot do shows here, where the CPU can still take over, and what
// it compiles at the first use is compiled.
Result<void> Model::try_card(int batch_max) {
  constexpr int kPrompt = 64;
  std::vector<llama_token> tokens(static_cast<std::size_t>(std::min(kPrompt, batch_max)), 0);
  for (const int count : {1, static_cast<int>(tokens.size())}) {
    const int rc = llama_decode(context(), llama_batch_get_one(tokens.data(), count));
    if (rc != 0) {
      return fail(Code::unavailable, "engine.failed",
                  fmt::format("{} fails to compute (code {}){}", place_.card, rc,
                              t_complaint.empty() ? "" : ": " + t_complaint));
    }
    llama_synchronize(context());
    llama_memory_clear(memory(), false);
  }
  return {};
}

void Model::find_closing_tokens() {
  const auto count = static_cast<llama_token>(vocab_size());
  for (llama_token token = 0; token < count; ++token) {
    const auto text = piece(token);
    const bool short_end = !text.empty() && text.find_first_not_of("\"}],:") == std::string::npos;
    if (short_end || ends(token)) closing_tokens_.push_back(token);
  }
}

std::vector<llama_token> Model::tokenize(std::string_view text, bool special, bool add_ends) const {
  std::vector<llama_token> out(text.size() + 8);
  auto count = llama_tokenize(vocab(), text.data(), static_cast<std::int32_t>(text.size()), out.data(),
                              static_cast<std::int32_t>(out.size()), add_ends, special);
  if (count < 0) {
    out.resize(static_cast<std::size_t>(-count));
    count = llama_tokenize(vocab(), text.data(), static_cast<std::int32_t>(text.size()), out.data(),
                           static_cast<std::int32_t>(out.size()), add_ends, special);
  }
  out.resize(static_cast<std::size_t>(std::max(count, 0)));
  return out;
}

std::string Model::piece(llama_token token) const {
  std::string out(64, '\0');
  auto length =
      llama_token_to_piece(vocab(), token, out.data(), static_cast<std::int32_t>(out.size()), 0, false);
  if (length < 0) {
    out.resize(static_cast<std::size_t>(-length));
    length =
        llama_token_to_piece(vocab(), token, out.data(), static_cast<std::int32_t>(out.size()), 0, false);
  }
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
}

}  // namespace troupe::engine

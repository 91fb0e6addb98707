#pragma once
// The engine in this process: llama.cpp on the CPU, and on graphics cards where it is built for them. One
// thread owns every model and runs one step at a time (a pass of one model over the next tokens of many
// sequences), so that all models share the cores by tier and deadline.
//
// Owner    whoever called open_llama_engine(); destroying it stops the running step (about 10 ms) and answers
//          what waits with `unavailable` engine.stopping. `env` must outlive it.
// Threads  Engine's methods on the io thread; stats() on any thread.
// Bounded  Limits::waiting_max calls in the engine; per model: `slots` sequences at work, `kv_tokens` cells
//          shared by them, `cached_prefixes` finished prompts of `prefix_bytes` in all,
//          LlamaConfig::priors_max cached priors (of an embedding model: vectors of options).
// Idle     sleeps; no thread polls.
//
// choose() answers by ChooseMethod; embed() truncates nothing: a text longer than the model's context is an
// error.
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/engine_llama/gpu_layers.h"
#include "ports/engine.h"

namespace troupe::engine {

// How choose() reads a model. The prior is what the model prefers before it knows the scene.
enum class ChooseMethod {
  letters,              // lettered options; the logits of the letters at the place of the answer
  letters_minus_prior,  // the same, less the prior
  letters_rotated,      // the mean over all rotations of the options: as many passes as there are options
  text_minus_prior,     // the likelihood of each option's text as the answer, less half of the prior
  meaning,        // of an embedding model: how near each option is to the scene; `context` plays no part
  cross_encoder,  // of a cross-encoder: a head over the hidden states of each option, all read in one pass
};
constexpr std::size_t kChooseMethods = 6;
std::string_view choose_method_name(ChooseMethod method);
std::optional<ChooseMethod> parse_choose_method(std::string_view name);

// What a model is for, which its file does not always say.
enum class ModelKind {
  chat,
  embedding,      // makes vectors, and chooses by meaning
  cross_encoder,  // only chooses; its file has a head for it (gguf_file.h)
};

// By what work is put in order. The others are there to be measured against: tiers mean nothing to them,
// nothing is stopped for anybody, and everything is begun and goes on until its deadline.
enum class Order {
  tiers,     // tier, then deadline; what cannot be in time is dropped (ADR 8)
  deadline,  // earliest deadline first
  arrival,   // first in, first out
};

struct LlamaModelConfig {
  std::string name;
  std::string path;    // a GGUF file
  std::string hash;    // SHA-256, hex; "" = computed at start
  bool verify = true;  // refuse the file when `hash` is given and differs (about 0.7 s per GB)
  // true: weights are pages of the file, which the system may drop and read again in the middle of a step.
  // false: they are read into memory at start and stay there.
  bool map_weights = false;
  // Of a chat model, on a graphics card: kGpuLayersAuto or a number, 0 = none. The others are so small that
  // they stay on the CPU. A model that its card does not take runs on the CPU.
  int gpu_layers = kGpuLayersAuto;
  std::vector<Tier> tiers;
  ModelKind kind = ModelKind::chat;
  int context_tokens = 4096;  // of one request: prompt and answer
  int kv_tokens = 0;          // cells for all sequences; 0 = twice context_tokens
  int slots = 8;              // 1 to 64 sequences at work
  int cached_prefixes = 256;  // 0 to 1024 finished prompts, kept for those that begin alike
  std::uint64_t prefix_bytes = std::uint64_t{256} << 20;  // of memory for them
  // Of a chat model; the others have one method each.
  ChooseMethod choose = ChooseMethod::letters_minus_prior;
  // By method: what makes the probabilities of this model mean what they say (inference::fit_temperature);
  // fitted on the choice set. A cross-encoder's file may have its own, and that counts.
  std::array<double, kChooseMethods> choose_temperature = {0.4, 0.4, 0.4, 6, 0.13, 1.5};
};

// One step as it was predicted and as it went, for who measures.
struct StepRecord {
  std::string_view model;
  Tier lead = Tier::silver;
  int tokens = 0;
  int rows = 0;
  double attended = 0;  // tokens times cells in use
  int threads = 0;
  std::int64_t predicted_us = 0;  // 0 = nothing was known
  std::int64_t took_us = 0;
  bool stopped = false;    // and thrown away
  bool preempted = false;  // for gold; what is read ahead, for silver too
};

struct LlamaConfig {
  std::vector<LlamaModelConfig> models;
  int threads = 0;  // at most; 0 = one per core
  int nice = 5;     // of the engine's threads, so that the io thread is never starved
  int poll = 0;     // llama.cpp's polling level between steps, 0 to 100; 0 = sleep
  Limits limits;
  // How long a step with prompt tokens may take, by the tier that leads it. Measured costs turn it into
  // tokens.
  std::chrono::milliseconds gold_step{100};
  std::chrono::milliseconds silver_step{120};
  std::chrono::milliseconds bronze_step{60};
  // Of silver or bronze while nobody is being written to, and of gold while no other gold is at work: short
  // steps read at a third of the speed, and only who hears an answer word by word notices long ones. Gold
  // stops them.
  std::chrono::milliseconds reading_step{300};
  // And so many tokens at least, however slow the machine is: what a step costs by itself is most of a
  // smaller one.
  int reading_least = 32;
  int chunk_min = 8;    // prompt tokens of a step: at least (while any is left)
  int chunk_max = 512;  // and at most
  std::chrono::milliseconds ageing{
      2000};  // who waits longer counts as silver for one step, four times as long as gold
  std::chrono::milliseconds gold_wait{4};  // a step that gold would have to wait longer for is stopped
  double waste_max = 0.05;                 // of the steps' time that may be thrown away like that
  Order order = Order::tiers;
  std::size_t priors_max = 4096;
  std::uint64_t memory_max = 0;  // bytes for models and caches; 0 = what the machine has available
  // Prefixes are written here when the engine ends and read when it starts; "" = not.
  std::string prefix_dir;
  std::uint64_t prefix_disk_max = std::uint64_t{256} << 20;  // bytes, of all models together
  std::function<void(const StepRecord&)> on_step;            // engine thread, after each step
};

struct EngineStats {
  std::array<std::uint64_t, 4> waiting{};  // calls without a slot, by tier (as the enum counts)
  std::uint64_t running = 0;               // sequences at work
  std::uint64_t in_flight = 0;             // calls that are not answered yet
  std::uint64_t steps = 0;
  std::uint64_t steps_aborted = 0;
  std::uint64_t prompt_tokens = 0;  // computed
  std::uint64_t cached_tokens = 0;  // of prompts, found instead of computed
  std::uint64_t new_tokens = 0;     // generated
  std::uint64_t wasted_tokens =
      0;                           // computed and thrown away: aborted steps, sequences that lost their cells
  std::uint64_t evictions = 0;     // cached prefixes that made room
  std::uint64_t restarts = 0;      // sequences that gave their cells to others and started again
  std::uint64_t doomed = 0;        // calls dropped because they could not be in time
  std::uint64_t busy_us = 0;       // inside steps
  std::uint64_t preemptions = 0;   // steps that were stopped for gold, or reading ahead for silver
  std::uint64_t preempted_us = 0;  // what they had taken until then
  // Calls by tier that were answered in time, answered late or cut off by the deadline, and not answered for
  // lack of time.
  std::array<std::uint64_t, 4> met{}, late{}, dropped{};
  std::uint64_t lateness_us = 0;        // of the late ones together: how long after the deadline
  std::uint64_t lateness_max_us = 0;    // of one
  double cost_error_median = 0;         // |predicted - real| / real of the last steps
  std::uint64_t prefixes_restored = 0;  // from disk, at the start
  std::uint64_t threads =
      0;  // of the last step: fewer than configured while the machine is busy with other things
};

// What runs where, as it was decided at start.
struct ModelPlace {
  std::string model;
  std::string card;  // "Vulkan0"; "" = on the CPU
  int layers = 0;    // on the card; the output counts as one
  int layers_all = 0;
};
struct CardView {
  std::string name;
  std::string what;  // as its driver calls it
  std::uint64_t free = 0;
  std::uint64_t total = 0;
};
struct ModelPlaces {
  std::vector<ModelPlace> models;
  std::vector<CardView> cards;
};

class LlamaEngine : public Engine {
 public:
  virtual EngineStats stats() const = 0;
  virtual const ModelPlaces& places() const = 0;
};

std::string_view built_for_gpu();  // "vulkan", "cuda" or ""

// Loads every model (blocking, about a second per GB). Errors name the file and what to do about it.
Result<std::unique_ptr<LlamaEngine>> open_llama_engine(const rt::Env& env, LlamaConfig config);

}  // namespace troupe::engine

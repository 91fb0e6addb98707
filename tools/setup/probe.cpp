// Measures weights on this machine, and requantises them. Built by set-up beside llama.cpp, run by
// tools/models.py.
//
//   llama-probe quantise IN.gguf OUT.gguf q4_0
//   llama-probe measure A.gguf [B.gguf ...]        one JSON line per file: speed, and a small check of what
//   it knows llama-probe embed MODEL.gguf TEXT TEXT...      one JSON line: likeness of the first text to each
//   of the others
//
// Several files are measured in turns, round by round, so that other work on the machine slows all of them
// alike.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "llama.h"

namespace {

constexpr int kContext = 1024;
constexpr int kBatch = 512;
constexpr int kSequences = 5;  // the prompt and four options
constexpr int kRounds = 3;
constexpr double kBudgetMs =
    40'000;  // for all files together; on a machine that is busy: fewer rounds, fewer scenes
constexpr int kPromptTokens = 64;
constexpr int kGeneratedTokens = 8;
constexpr int kPassageTokens = 96;
constexpr int kOptions = 4;
constexpr int kScenesMin = 3;

struct Scene {
  const char* what;
  std::array<const char*, kOptions> options;
  int right;
};

// What a character of a harbour town should do next. Only good enough to see that requantising broke nothing.
constexpr Scene kScenes[] = {
    {"It starts to rain hard and you stand in the open.",
     {"take shelter", "buy a fish", "sing a song", "count coins"},
     0},
    {"A child has fallen into the harbour and cries for help.",
     {"go to sleep", "rescue the child", "eat bread", "sweep the floor"},
     1},
    {"You have not eaten since yesterday and there is bread on the table.",
     {"light the lamp", "close the door", "eat the bread", "read a letter"},
     2},
    {"The house next door is on fire.", {"tell a joke", "play the flute", "plant a tree", "fetch water"}, 3},
    {"A friend greets you warmly in the street.",
     {"greet the friend", "run away", "hide the boat", "sharpen a knife"},
     0},
    {"It is late at night and you are very tired.",
     {"open the shop", "go to bed", "paint the fence", "cook dinner"},
     1},
    {"A customer wants to buy your lantern and offers a good price.",
     {"climb the tower", "feed the cat", "sell the lantern", "wash the sails"},
     2},
    {"Night is falling and the lighthouse is still dark.",
     {"chop wood", "catch a fish", "write a poem", "light the lighthouse"},
     3},
    {"A thief grabs your purse and runs.",
     {"chase the thief", "bake a cake", "water the flowers", "mend the net"},
     0},
    {"Your boat has a hole and water is coming in.",
     {"pick apples", "repair the boat", "comb your hair", "light a pipe"},
     1},
    {"The baker asks you to carry a sack of flour to the mill.",
     {"insult the king", "jump into the sea", "carry the flour", "burn the letter"},
     2},
    {"An old woman is lost and asks you for the way to the market.",
     {"steal a horse", "ring the bell", "dig a hole", "show the way"},
     3},
};

constexpr std::string_view kPassage =
    "The ferry came in late, as it always did when the wind stood in the west. Marta had hung the lanterns "
    "along the quay "
    "before dark, and now she waited with her hands in her sleeves and counted the passengers. There were "
    "six of them: a "
    "priest, two sailors who had spent their pay, a woman with a basket of eggs, and a man and a boy who did "
    "not look at "
    "each other. The boy carried the trunk. Nobody in Lanternfall carried a trunk unless he meant to stay, "
    "and nobody had "
    "stayed since the lighthouse keeper disappeared. She walked over, lifted her lamp, and asked the man for "
    "his name and "
    "his business, because somebody had to, and because the harbour master was asleep.";

constexpr std::string_view kSystem =
    "<|im_start|>system\nYou live in a small harbour town. You answer with what you do next, in a few "
    "words.<|im_end|>\n"
    "<|im_start|>user\n";
constexpr std::string_view kAsk = " What do you do?<|im_end|>\n<|im_start|>assistant\nI ";

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "llama-probe: %s\n", what.c_str());
  std::exit(1);
}

int cores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

// llama.cpp's threads wait for each other by spinning: with more runners than cores, two of them can be a
// hundred times slower than one. So as soon as a step takes longer than one thread alone should need, all go
// on with one; the comparison of files still holds.
int threads_now = cores();
constexpr double kBusyRatio = 3;
constexpr int kBaselineTokens = 16;

struct ModelFree {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct ContextFree {
  void operator()(llama_context* context) const { llama_free(context); }
};

class Batch {
 public:
  Batch() : batch_(llama_batch_init(kBatch, 0, 1)) {}
  ~Batch() { llama_batch_free(batch_); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void clear() { batch_.n_tokens = 0; }
  void add(llama_token token, int position, int sequence, bool logits) {
    if (batch_.n_tokens == kBatch) die("text too long");
    const int i = batch_.n_tokens++;
    batch_.token[i] = token;
    batch_.pos[i] = position;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = sequence;
    batch_.logits[i] = logits;
  }
  llama_batch& get() { return batch_; }

 private:
  llama_batch batch_;
};

class Subject {
 public:
  Subject(const char* path, bool embeddings) : path_(path) {
    const auto start = Clock::now();
    model_.reset(llama_model_load_from_file(path, llama_model_default_params()));
    if (!model_) die(std::string(path) + " does not load");
    load_ms_ = ms_since(start);
    auto params = llama_context_default_params();
    params.n_ctx = embeddings ? kBatch : kContext;
    params.n_batch = params.n_ubatch = kBatch;
    params.n_seq_max = embeddings ? 1 : kSequences;
    params.n_threads = params.n_threads_batch = threads_now;
    params.embeddings = embeddings;
    params.kv_unified = true;
    params.no_perf = true;
    context_.reset(llama_init_from_model(model_.get(), params));
    if (!context_) die(std::string(path) + ": no context");
    vocab_ = llama_model_get_vocab(model_.get());
  }

  std::vector<llama_token> tokens(std::string_view text, bool special) const {
    std::vector<llama_token> out(text.size() + 8);
    const int n = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), out.data(),
                                 static_cast<int>(out.size()), special, special);
    if (n < 0) die("text too long");
    out.resize(static_cast<size_t>(n));
    return out;
  }

  void forget() {
    llama_memory_clear(llama_get_memory(context_.get()), true);
    head_.clear();
  }

  // What one thread needs, the better of two tries: the first reads the file from disk.
  void baseline() {
    threads_now = 1;
    for (int i = 0; i < 2; ++i) {
      const double prompt = run_prompt(kBaselineTokens) / kBaselineTokens;
      const double step = run_step(kBaselineTokens);
      alone_prompt_ms_ = i == 0 ? prompt : std::min(alone_prompt_ms_, prompt);
      alone_step_ms_ = i == 0 ? step : std::min(alone_step_ms_, step);
    }
    threads_now = cores();
  }

  // One round: a prompt in one batch, then token after token. Counts only if all of it ran on the same
  // threads.
  void round() {
    const int threads = threads_now;
    const double prompt = run_prompt(kPromptTokens);
    std::vector<double> steps;
    for (int i = 0; i < kGeneratedTokens; ++i) steps.push_back(run_step(kPromptTokens + i));
    if (threads != threads_now) return;
    if (threads != threads_) {
      prompt_ms_.clear();
      step_ms_.clear();
      threads_ = threads;
    }
    prompt_ms_.push_back(prompt);
    step_ms_.push_back(median(steps));
  }

  bool counted() const { return threads_ == threads_now; }

  // Nats a token of the passage: how surprised the model is by ordinary prose.
  void read_passage() {
    auto text = tokens(kPassage, false);
    text.resize(std::min<size_t>(text.size(), kPassageTokens));
    forget();
    batch_.clear();
    for (size_t i = 0; i < text.size(); ++i) batch_.add(text[i], static_cast<int>(i), 0, true);
    decode();
    double sum = 0;
    for (size_t i = 0; i + 1 < text.size(); ++i) sum += surprise(static_cast<int>(i), text[i + 1]);
    nats_ = sum / static_cast<double>(text.size() - 1);
  }

  void choose(const Scene& scene) {
    const auto without = likelihoods(std::string(kSystem) + std::string(kAsk), scene);
    const auto with = likelihoods(std::string(kSystem) + scene.what + std::string(kAsk), scene);
    int chosen = 0;
    for (int i = 1; i < kOptions; ++i) {
      if (with[i] - without[i] > with[chosen] - without[chosen]) chosen = i;
    }
    right_ += chosen == scene.right;
    ++scenes_;
  }

  std::vector<float> embed(std::string_view text) {
    forget();
    batch_.clear();
    const auto ids = tokens(text, true);
    for (size_t i = 0; i < ids.size(); ++i) batch_.add(ids[i], static_cast<int>(i), 0, true);
    if (llama_decode(context_.get(), batch_.get()) != 0) die(path_ + ": cannot embed");
    const float* values = llama_get_embeddings_seq(context_.get(), 0);
    if (values == nullptr) die(path_ + ": gives no embedding");
    return {values, values + llama_model_n_embd(model_.get())};
  }

  void print() const {
    std::printf(
        "{\"file\":\"%s\",\"load_ms\":%.0f,\"prompt_tokens_per_s\":%.1f,\"generation_ms\":%.2f,"
        "\"right\":%d,\"of\":%d,\"nats_per_token\":%.4f,\"threads\":%d,\"rounds\":%d}\n",
        std::string(path_, path_.find_last_of('/') + 1).c_str(), load_ms_,
        kPromptTokens * 1000.0 / median(prompt_ms_), median(step_ms_), right_, scenes_, nats_, threads_,
        static_cast<int>(prompt_ms_.size()));
  }

 private:
  double run_prompt(int count) {
    const auto text = tokens(kPassage, false);
    forget();
    batch_.clear();
    for (int i = 0; i < count; ++i)
      batch_.add(text[static_cast<size_t>(i) % text.size()], i, 0, i + 1 == count);
    return decode();
  }

  double run_step(int position) {
    const llama_token next = best(-1);
    batch_.clear();
    batch_.add(next, position, 0, true);
    return decode();
  }

  double decode() {
    const int count = batch_.get().n_tokens;
    llama_set_n_threads(context_.get(), threads_now, threads_now);
    const auto start = Clock::now();
    if (llama_decode(context_.get(), batch_.get()) != 0) die(path_ + ": cannot decode");
    llama_synchronize(context_.get());
    const double took = ms_since(start);
    const double alone = count == 1 ? alone_step_ms_ : std::max(alone_step_ms_, alone_prompt_ms_ * count);
    if (threads_now > 1 && alone > 0 && took > kBusyRatio * alone) threads_now = 1;
    return took;
  }

  llama_token best(int output) {
    const float* logits = llama_get_logits_ith(context_.get(), output);
    return static_cast<llama_token>(std::max_element(logits, logits + llama_vocab_n_tokens(vocab_)) - logits);
  }

  double surprise(int output, llama_token token) {
    const float* logits = llama_get_logits_ith(context_.get(), output);
    const int n = llama_vocab_n_tokens(vocab_);
    const float top = *std::max_element(logits, logits + n);
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += std::exp(static_cast<double>(logits[i] - top));
    return std::log(sum) + top - logits[token];
  }

  // Log likelihood a token of each option after the prompt; the options run as forks of the prompt, in one
  // batch. What the prompt shares with the one before it is not computed again.
  std::array<double, kOptions> likelihoods(const std::string& prompt, const Scene& scene) {
    const auto head = tokens(prompt, true);
    size_t shared = 0;
    while (shared + 1 < head.size() && shared < head_.size() && head[shared] == head_[shared]) ++shared;
    llama_memory_t memory = llama_get_memory(context_.get());
    for (int o = 0; o < kOptions; ++o) llama_memory_seq_rm(memory, o + 1, -1, -1);
    llama_memory_seq_rm(memory, 0, static_cast<int>(shared), -1);
    batch_.clear();
    for (size_t i = shared; i < head.size(); ++i)
      batch_.add(head[i], static_cast<int>(i), 0, i + 1 == head.size());
    decode();
    head_ = head;
    std::array<std::vector<llama_token>, kOptions> options;
    std::array<double, kOptions> sums{};
    for (int o = 0; o < kOptions; ++o) {
      options[o] = tokens(scene.options[o], false);
      sums[o] = -surprise(-1, options[o][0]);
      llama_memory_seq_cp(memory, 0, o + 1, -1, -1);
    }
    batch_.clear();
    std::array<int, kOptions> first{};
    for (int o = 0; o < kOptions; ++o) {
      first[o] = batch_.get().n_tokens;
      for (size_t i = 0; i + 1 < options[o].size(); ++i) {
        batch_.add(options[o][i], static_cast<int>(head.size() + i), o + 1, true);
      }
    }
    if (batch_.get().n_tokens > 0) decode();
    for (int o = 0; o < kOptions; ++o) {
      for (size_t i = 0; i + 1 < options[o].size(); ++i) {
        sums[o] -= surprise(first[o] + static_cast<int>(i), options[o][i + 1]);
      }
      sums[o] /= static_cast<double>(options[o].size());
    }
    return sums;
  }

  std::string path_;
  std::unique_ptr<llama_model, ModelFree> model_;
  std::unique_ptr<llama_context, ContextFree> context_;
  const llama_vocab* vocab_ = nullptr;
  Batch batch_;
  std::vector<llama_token> head_;  // what sequence 0 holds
  std::vector<double> prompt_ms_;
  std::vector<double> step_ms_;
  double alone_prompt_ms_ = 0;  // a token; 0 = not known
  double alone_step_ms_ = 0;
  double load_ms_ = 0;
  int threads_ = 0;  // that the counted rounds ran on
  double nats_ = 0;
  int right_ = 0;
  int scenes_ = 0;
};

int quantise(const char* in, const char* out, std::string_view type) {
  auto params = llama_model_quantize_default_params();
  params.nthread = cores();
  params.allow_requantize = true;
  if (type == "q4_0") {
    params.ftype = LLAMA_FTYPE_MOSTLY_Q4_0;
  } else if (type == "q8_0") {
    params.ftype = LLAMA_FTYPE_MOSTLY_Q8_0;
  } else {
    die("unknown type '" + std::string(type) + "'; known: q4_0, q8_0");
  }
  return llama_model_quantize(in, out, &params) == 0 ? 0 : 1;
}

int measure(int count, char** files) {
  std::vector<std::unique_ptr<Subject>> subjects;
  for (int i = 0; i < count; ++i) subjects.push_back(std::make_unique<Subject>(files[i], false));
  const auto start = Clock::now();
  for (auto& subject : subjects) subject->baseline();
  const auto all_counted = [&] {
    return std::all_of(subjects.begin(), subjects.end(),
                       [](const auto& subject) { return subject->counted(); });
  };
  for (int i = 0; i < kRounds || !all_counted(); ++i) {
    if (all_counted() && ms_since(start) > kBudgetMs / 2) break;
    for (auto& subject : subjects) subject->round();
  }
  for (auto& subject : subjects) subject->read_passage();
  for (auto& subject : subjects) subject->forget();
  int scenes = 0;
  for (const Scene& scene : kScenes) {
    if (++scenes > kScenesMin && ms_since(start) > kBudgetMs) break;
    for (auto& subject : subjects) subject->choose(scene);
  }
  for (auto& subject : subjects) subject->print();
  return 0;
}

int embed(const char* file, int count, char** texts) {
  threads_now = 1;  // a line is short
  Subject subject(file, true);
  const auto likeness = [](const std::vector<float>& a, const std::vector<float>& b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / std::sqrt(aa * bb);
  };
  const auto first = subject.embed(texts[0]);
  std::vector<double> took;
  std::vector<double> scores;
  for (int i = 1; i < count; ++i) {
    const auto start = Clock::now();
    const auto other = subject.embed(texts[i]);
    took.push_back(ms_since(start));
    scores.push_back(likeness(first, other));
  }
  std::printf("{\"width\":%zu,\"ms\":%.2f,\"likeness\":[", first.size(), median(took));
  for (size_t i = 0; i < scores.size(); ++i) std::printf("%s%.4f", i > 0 ? "," : "", scores[i]);
  std::printf("]}\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  llama_log_set(
      [](ggml_log_level level, const char* text, void*) {
        if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
      },
      nullptr);
  llama_backend_init();
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "quantise" && argc == 5) return quantise(argv[2], argv[3], argv[4]);
  if (verb == "measure" && argc > 2) return measure(argc - 2, argv + 2);
  if (verb == "embed" && argc > 4) return embed(argv[2], argc - 3, argv + 3);
  std::fputs("usage: llama-probe quantise IN OUT TYPE | measure FILE... | embed MODEL TEXT TEXT...\n",
             stderr);
  return 2;
}

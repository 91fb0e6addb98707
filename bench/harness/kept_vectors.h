#pragma once
// Vectors of texts for benchmarks that run the rules of talk without a server: by the embedding model, or by
// words alone. A file keeps what the model made, so that the next run need not load it.
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "bench/harness/engine_bench.h"
#include "talk/by_words.h"
#include "talk/vectors.h"

namespace troupe::bench {

// Vectors of texts, and the file in which they are kept: for each its text's length, the text, and the
// numbers.
class KeptVectors {
 public:
  // Without weights they are made of words alone.
  KeptVectors(const talk::Words& words, std::string weights, std::string cache)
      : words_(words), weights_(std::move(weights)), cache_(std::move(cache)) {
    if (weights_.empty() || cache_.empty()) return;
    std::ifstream in(cache_, std::ios::binary);
    std::uint32_t size = 0;
    while (in.read(reinterpret_cast<char*>(&size), sizeof size)) {
      std::string text(size, '\0');
      talk::Vector vector(kDimensions);
      in.read(text.data(), size);
      if (!in.read(reinterpret_cast<char*>(vector.data()),
                   static_cast<std::streamsize>(kDimensions * sizeof(float))))
        break;
      kept_.add(std::move(text), std::move(vector));
    }
  }

  void fill(talk::VectorTable& table, const std::vector<std::string>& texts) {
    if (weights_.empty()) {
      for (const std::string& text : texts) table.add(text, talk::by_words(words_, text));
      return;
    }
    std::vector<std::string> missing;
    for (const std::string& text : texts) {
      if (!kept_.contains(text)) missing.push_back(text);
    }
    embed(missing);
    for (const std::string& text : texts) table.add(text, kept_.of(text));
  }

 private:
  static constexpr std::size_t kDimensions = 384;
  static constexpr std::size_t kBatch = 64;

  void embed(const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    if (!engine_) engine_ = std::make_unique<bench::EngineBench>(weights_, engine::ModelKind::embedding);
    for (std::size_t from = 0; from < texts.size(); from += kBatch) {
      const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(from);
      const std::vector<std::string> part(
          begin, begin + static_cast<std::ptrdiff_t>(std::min(kBatch, texts.size() - from)));
      auto vectors = engine_->embed(part);
      for (std::size_t i = 0; i < part.size(); ++i) keep(part[i], std::move(vectors[i]));
    }
  }
  void keep(const std::string& text, talk::Vector vector) {
    TROUPE_CHECK(vector.size() == kDimensions, "the embedding model has another size than the cache file");
    if (!cache_.empty()) {
      std::ofstream out(cache_, std::ios::binary | std::ios::app);
      const auto size = static_cast<std::uint32_t>(text.size());
      out.write(reinterpret_cast<const char*>(&size), sizeof size);
      out.write(text.data(), size);
      out.write(reinterpret_cast<const char*>(vector.data()),
                static_cast<std::streamsize>(kDimensions * sizeof(float)));
    }
    kept_.add(text, std::move(vector));
  }

  const talk::Words& words_;
  std::string weights_, cache_;
  talk::VectorTable kept_;
  std::unique_ptr<bench::EngineBench> engine_;
};

}  // namespace troupe::bench

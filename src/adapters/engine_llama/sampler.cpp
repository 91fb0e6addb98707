#include "adapters/engine_llama/sampler.h"

#include <llama-schema/json-schema-to-grammar.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "schema/guide.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kGrammarBytesMax = 64 * 1024;
// Both converters recurse into what is nested.
constexpr int kNestingMax = 64;

std::unexpected<Error> bad_grammar(const std::string& why) {
  return fail(Code::invalid_argument, "engine.bad_grammar", why);
}

bool nested_too_deep(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') depth = std::max(0, depth - 1);
    if (depth > kNestingMax) return true;
  }
  return false;
}

Result<schema::Guide> guide_for(const std::string& json_schema) {
  auto guide = schema::guide_of(json_schema);
  if (!guide) return bad_grammar("json_schema: " + guide.error().message);
  return guide;
}

std::uint32_t seed32(std::uint64_t seed) {
  const auto folded = static_cast<std::uint32_t>(seed ^ (seed >> 32U));
  return folded == LLAMA_DEFAULT_SEED ? 0 : folded;  // which would mean "at random"
}

}  // namespace

Result<std::string> grammar_of(const GenerateRequest& request, bool broad) {
  if (!request.json_schema.empty() && !request.grammar.empty()) {
    return bad_grammar("json_schema and grammar exclude each other");
  }
  const auto& source = request.json_schema.empty() ? request.grammar : request.json_schema;
  if (source.size() > kGrammarBytesMax) return bad_grammar("longer than 64 KiB");
  if (nested_too_deep(source)) return bad_grammar("nested deeper than 64");
  if (request.json_schema.empty()) return request.grammar;
  // The converter would leave out in silence, or with a line on stderr, what it does not know: so it sees
  // only what it knows.
  TRY(const auto guide, guide_for(request.json_schema));
  try {
    auto grammar = json_schema_to_grammar(common_json::parse(guide.schema), true);
    return schema::with_rules(std::move(grammar), guide.rules, broad);
  } catch (const std::exception& e) {
    std::string why = e.what();
    std::ranges::replace(why, '\n', ' ');
    return bad_grammar("json_schema: " + why);
  }
}

Result<Sampler> Sampler::make(const Model& model, const GenerateRequest& request) {
  Sampler out(model);
  TRY(const auto grammar, grammar_of(request));
  out.json_ = !request.json_schema.empty();
  if (!grammar.empty()) {
    out.grammar_.reset(llama_sampler_init_grammar(model.vocab(), grammar.c_str(), "root"));
    if (!out.grammar_ && out.json_) {
      // llama.cpp counts how often a grammar repeats what, and has enough at some point.
      TRY(const auto broad, grammar_of(request, true));
      out.grammar_.reset(llama_sampler_init_grammar(model.vocab(), broad.c_str(), "root"));
    }
    if (!out.grammar_) return bad_grammar("it does not parse; it must be GBNF with a rule 'root'");
  } else {
    // A structure repeats its quotes and braces by right, so only free text is penalised.
    out.repeat_penalty_ = static_cast<float>(request.sampling.repeat_penalty);
    out.presence_penalty_ = static_cast<float>(request.sampling.presence_penalty);
    out.frequency_penalty_ = static_cast<float>(request.sampling.frequency_penalty);
  }
  out.chain_.reset(llama_sampler_chain_init({.no_perf = true}));
  auto* chain = out.chain_.get();
  const auto& s = request.sampling;
  if (s.temperature <= 0) {
    llama_sampler_chain_add(chain, llama_sampler_init_greedy());
  } else {
    if (s.top_p < 1) llama_sampler_chain_add(chain, llama_sampler_init_top_p(static_cast<float>(s.top_p), 1));
    if (s.min_p > 0) llama_sampler_chain_add(chain, llama_sampler_init_min_p(static_cast<float>(s.min_p), 1));
    llama_sampler_chain_add(chain, llama_sampler_init_temp(static_cast<float>(s.temperature)));
    llama_sampler_chain_add(chain, llama_sampler_init_dist(seed32(s.seed)));
  }
  return out;
}

// The kCandidates largest logits, largest first; ties by token.
void Sampler::best_candidates(std::span<const float> logits) {
  const auto better = [](const llama_token_data& a, const llama_token_data& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  };
  candidates_.clear();
  float least = -INFINITY;
  const auto shrink = [&] {
    if (candidates_.size() <= kCandidates) return;
    std::nth_element(candidates_.begin(), candidates_.begin() + kCandidates, candidates_.end(), better);
    candidates_.resize(kCandidates);
    least = std::ranges::min_element(candidates_, {}, &llama_token_data::logit)->logit;
  };
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] <= least) continue;
    candidates_.push_back({static_cast<llama_token>(i), logits[i], 0});
    if (candidates_.size() >= 8 * kCandidates) shrink();
  }
  shrink();
  std::ranges::sort(candidates_, better);
}

// Leaves in candidates_ what the grammar allows; false when it allows nothing.
bool Sampler::constrain(std::span<const float> logits) {
  const auto apply = [&] {
    llama_token_data_array array{candidates_.data(), candidates_.size(), -1, false};
    llama_sampler_apply(grammar_.get(), &array);
    std::erase_if(candidates_, [](const auto& c) { return !std::isfinite(c.logit); });
    return !candidates_.empty();
  };
  // What the grammar wants is nearly always among the best; the whole vocabulary costs many times more.
  if (apply()) return true;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    candidates_.push_back({static_cast<llama_token>(i), logits[i], 0});
  }
  if (!apply()) return false;
  if (candidates_.size() > kCandidates) {
    std::ranges::partial_sort(
        candidates_, candidates_.begin() + kCandidates,
        [](const auto& a, const auto& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; });
    candidates_.resize(kCandidates);
  }
  return true;
}

// Of what the grammar allows, the token that leads to the end of the JSON soonest; the likeliest of equals.
// nullopt when it allows nothing.
std::optional<llama_token> Sampler::shortest(std::span<const float> logits) {
  for (const auto token : model_->closing_tokens()) {
    candidates_.push_back({token, logits[static_cast<std::size_t>(token)], 0});
  }
  if (!constrain(logits)) return std::nullopt;
  const auto worth = [&](const llama_token_data& candidate) {
    if (model_->ends(candidate.id)) return std::tuple(5, std::size_t{0}, candidate.logit);
    const auto piece = model_->piece(candidate.id);
    const int rank = inference::closing_rank(piece, cursor_);
    return std::tuple(rank, rank >= 3 ? piece.size() : 0, candidate.logit);
  };
  return std::ranges::max_element(candidates_, {}, worth)->id;
}

llama_token Sampler::take(llama_token token) {
  llama_sampler_accept(chain_.get(), token);
  if (grammar_) llama_sampler_accept(grammar_.get(), token);
  if (json_ && !model_->ends(token)) cursor_.push(model_->piece(token));
  if (presence_penalty_ != 0 || frequency_penalty_ != 0) ++said_[token];
  recent_.push_back(token);
  if (recent_.size() > kPenaltyWindow) recent_.erase(recent_.begin());
  return token;
}

std::span<const float> Sampler::penalised(std::span<const float> logits) {
  if (recent_.empty() || (repeat_penalty_ == 1 && said_.empty())) return logits;
  penalised_.assign(logits.begin(), logits.end());
  for (const auto token : recent_) {
    const auto i = static_cast<std::size_t>(token);
    // From the unchanged logit: a token that came twice is penalised once.
    penalised_[i] = logits[i] > 0 ? logits[i] / repeat_penalty_ : logits[i] * repeat_penalty_;
  }
  for (const auto& [token, times] : said_) {
    penalised_[static_cast<std::size_t>(token)] -=
        presence_penalty_ + frequency_penalty_ * static_cast<float>(times);
  }
  return penalised_;
}

llama_token Sampler::next(std::span<const float> logits) {
  logits = penalised(logits);
  best_candidates(logits);
  const auto nothing_more = llama_vocab_eos(model_->vocab());
  if (closing_ && grammar_) {
    const auto token = shortest(logits);
    return token ? take(*token) : nothing_more;
  }
  if (grammar_ && !constrain(logits)) return nothing_more;
  llama_token_data_array array{candidates_.data(), candidates_.size(), -1, true};
  llama_sampler_apply(chain_.get(), &array);
  return take(array.data[array.selected < 0 ? 0 : array.selected].id);
}

}  // namespace troupe::engine

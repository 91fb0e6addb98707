#include "app/config_engines.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "services/router/router_service.h"

namespace troupe {

namespace {

using engine::OpenAiModelConfig;

// Limits are those of openai_model_problem(), which sees the whole section.
std::string set_number(auto& out, const std::string& value) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  return error == std::errc() && end == value.data() + value.size() ? "" : "a whole number";
}

std::string set_ms(std::chrono::milliseconds& out, const std::string& value) {
  std::int64_t ms = 0;
  auto wanted = set_number(ms, value);
  out = std::chrono::milliseconds(ms);
  return wanted;
}

std::string set_flag(bool& out, const std::string& value) {
  if (value != "true" && value != "false") return "true or false";
  out = value == "true";
  return {};
}

std::string set_tiers(OpenAiModelConfig& model, const std::string& value) {
  model.tiers.clear();
  for (const auto& word : split(value, ',')) {
    const auto name = trim(word);
    const auto tier = router::parse_tier(name, engine::Tier::reflex);
    if (name == "embedding") continue;  // `dimensions` says so, too
    if (!tier || *tier == engine::Tier::reflex) return "gold, silver, bronze or embedding, with commas";
    model.tiers.push_back(*tier);
  }
  return {};
}

std::string set_dialect(OpenAiModelConfig& model, const std::string& value) {
  using engine::Dialect;
  for (const auto dialect :
       {Dialect::compatible, Dialect::openai, Dialect::vllm, Dialect::sglang, Dialect::llama}) {
    if (value != engine::dialect_name(dialect)) continue;
    model.dialect = dialect;
    return {};
  }
  return "compatible, openai, vllm, sglang or llama";
}

std::string set_networks(OpenAiModelConfig& model, const std::string& value) {
  model.allow_addresses.clear();
  for (const auto& word : split(value, ',')) model.allow_addresses.push_back(trim(word));
  return {};
}

}  // namespace

const std::vector<EngineKey>& engine_keys() {
  using M = OpenAiModelConfig;
  using V = const std::string&;
  static const std::vector<EngineKey> kKeys = {
      {"url", "where it is, up to and with /v1; http only with allow_addresses", "must be given",
       [](M& m, V v) { return m.url = v, std::string(); }},
      {"model", "the model, as the upstream calls it", "must be given",
       [](M& m, V v) { return m.model = v, std::string(); }},
      {"tiers", "what it serves: gold, silver, bronze, with commas; or embedding", "must be given",
       set_tiers},
      {"dimensions", "of an embedding model: numbers in a vector; 0 = it talks", "0",
       [](M& m, V v) { return set_number(m.embedding_size, v); }},
      {"context_tokens", "prompt and answer together, 256 to 10000000", "4096",
       [](M& m, V v) { return set_number(m.context_tokens, v); }},
      {"dialect", "what it understands beyond the protocol: compatible, openai, vllm, sglang, llama",
       "compatible", set_dialect},
      {"priority", "true: it schedules by the field `priority` (vLLM and SGLang can be told to)", "false",
       [](M& m, V v) { return set_flag(m.priority, v); }},
      {"logprobs", "false: it gives no top_logprobs; choices are asked as JSON", "true",
       [](M& m, V v) { return set_flag(m.logprobs, v); }},
      {"key_file", "file with the key on its first line, readable by its owner only", "no key",
       [](M& m, V v) { return m.key_file = v, std::string(); }},
      {"ca_file", "certificates to trust instead of the system's", "the system's",
       [](M& m, V v) { return m.ca_file = v, std::string(); }},
      {"allow_addresses", "networks where it may be, with commas, and no other", "public addresses",
       set_networks},
      {"parallel", "requests at once, 1 to 256", "16", [](M& m, V v) { return set_number(m.parallel, v); }},
      {"retries", "inside of a deadline, 0 to 5", "2", [](M& m, V v) { return set_number(m.retries, v); }},
      {"redirects", "to follow, 0 to 3", "0", [](M& m, V v) { return set_number(m.redirects, v); }},
      {"connect_timeout_ms", "for a connection, 10 to 60000", "2000",
       [](M& m, V v) { return set_ms(m.connect_timeout, v); }},
      {"timeout_ms", "for a request, 100 to 3600000; a deadline may be earlier", "120000",
       [](M& m, V v) { return set_ms(m.timeout, v); }},
      {"prompt_microusd_per_mtoken", "price of a million prompt tokens, in millionths of a dollar", "0",
       [](M& m, V v) { return set_number(m.prices.prompt, v); }},
      {"cached_microusd_per_mtoken", "the same, of those in its cache", "as the prompt",
       [](M& m, V v) { return set_number(m.prices.cached, v); }},
      {"output_microusd_per_mtoken", "the same, of the answer", "0",
       [](M& m, V v) { return set_number(m.prices.output, v); }},
  };
  return kKeys;
}

}  // namespace troupe

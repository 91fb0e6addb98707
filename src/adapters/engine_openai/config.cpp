// What is wrong with a configuration, and the key from its file.
#include "adapters/engine_openai/config.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/text.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kNameMax = 48;
constexpr std::size_t kKeyBytesMax = 8 * 1024;

struct UrlParts {
  std::string scheme, host;
  bool plain = false;  // no user, query or fragment
};

std::optional<UrlParts> url_parts(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), curl_url_cleanup);
  if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto get = [&](CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(parts.get(), part, &text, 0) != CURLUE_OK) return std::string();
    std::string out = text;
    curl_free(text);
    return out;
  };
  UrlParts out{.scheme = get(CURLUPART_SCHEME), .host = get(CURLUPART_HOST)};
  out.plain = get(CURLUPART_USER).empty() && get(CURLUPART_QUERY).empty() && get(CURLUPART_FRAGMENT).empty();
  if (out.host.starts_with('[') && out.host.ends_with(']'))
    out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

std::string problem_of_place(const OpenAiModelConfig& model) {
  const auto parts = url_parts(model.url);
  if (!parts || !parts->plain || (parts->scheme != "http" && parts->scheme != "https")) {
    return fmt::format("url '{}' is not one like https://host/v1", model.url);
  }
  AddressRules rules;
  for (const auto& text : model.allow_addresses) {
    const auto network = parse_network(text);
    if (!network) return "allow_addresses: " + network.error().message;
    rules.allowed.push_back(*network);
  }
  if (parts->scheme == "http" && rules.allowed.empty()) {
    return "http is for engines of your own: say where in allow_addresses (127.0.0.0/8), or use https";
  }
  if (const auto address = parse_address(parts->host); address && !rules.allows(*address)) {
    return fmt::format("{} is not in allow_addresses", parts->host);
  }
  return {};
}

template <class Number>
std::string outside(const char* what, Number value, Number least, Number most) {
  if (value >= least && value <= most) return {};
  return fmt::format("{} must be {} to {}, not {}", what, least, most, value);
}

std::string problem_of_numbers(const OpenAiModelConfig& model) {
  for (const auto& problem :
       {outside("context_tokens", model.context_tokens, 256, 10'000'000),
        outside("embedding_size", model.embedding_size, 0, 16'384),
        outside("parallel", model.parallel, 1, 256), outside("retries", model.retries, 0, 5),
        outside("redirects", model.redirects, 0, 3),
        outside<std::int64_t>("connect_timeout", model.connect_timeout.count(), 10, 60'000),
        outside<std::int64_t>("timeout", model.timeout.count(), 100, 3'600'000),
        outside<std::int64_t>("the price of a prompt", model.prices.prompt, 0, kPriceMax),
        outside<std::int64_t>("the price of a cached prompt", model.prices.cached, -1, kPriceMax),
        outside<std::int64_t>("the price of output", model.prices.output, 0, kPriceMax)}) {
    if (!problem.empty()) return problem;
  }
  return {};
}

}  // namespace

std::string openai_model_problem(const OpenAiModelConfig& model) {
  const auto is_named = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  if (model.name.empty() || model.name.size() > kNameMax || !std::ranges::all_of(model.name, is_named)) {
    return fmt::format("a name has 1 to {} lower case letters, digits, '.', '_' or '-'", kNameMax);
  }
  if (model.url.empty()) return "url is missing";
  if (model.model.empty()) return "model is missing: the name by which the upstream knows it";
  if (model.embedding_size == 0 && model.tiers.empty())
    return "tiers is missing: gold, silver, bronze or embedding";
  if (model.embedding_size > 0 && !model.tiers.empty()) return "an embedding model serves no other tier";
  if (auto problem = problem_of_place(model); !problem.empty()) return problem;
  return problem_of_numbers(model);
}

Result<std::string> read_key(const std::string& file) {
  if (file.empty()) return std::string();
  namespace fs = std::filesystem;
  const auto bad = [&](const std::string& what) {
    return fail(Code::invalid_argument, "engine.bad_config", file + " " + what);
  };
  std::error_code error;
  const auto status = fs::status(file, error);
  if (error || !fs::is_regular_file(status)) return bad("is no file that can be read");
  if ((status.permissions() & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none) {
    return bad("can be read by others; chmod 600 it");
  }
  std::ifstream in(file);
  std::string key;
  if (!std::getline(in, key)) return bad("is empty or cannot be read");
  key = trim(key);
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (key.empty() || key.size() > kKeyBytesMax || !std::ranges::all_of(key, printable)) {
    return bad("holds no key: one line of printable letters without spaces");
  }
  return key;
}

}  // namespace troupe::engine

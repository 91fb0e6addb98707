#include "edge/call_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "host/host.h"

namespace troupe::edge {

namespace {

constexpr std::int64_t kBudgetMax = 1'000'000'000'000;  // a million dollars

std::string big_endian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}

bool all_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

// "00-<32 hex>-<16 hex>-<2 hex>", lower case; later versions may append.
std::string trace_id_of(std::string_view header) {
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (const std::size_t i : {0U, 1U, 53U, 54U}) {
    if (!is_hex(header[i])) return {};
  }
  const std::string_view version = header.substr(0, 2);
  if (version == "ff" || (version == "00" && header.size() != 55)) return {};
  if (!std::ranges::all_of(header.substr(3, 32), is_hex) ||
      !std::ranges::all_of(header.substr(36, 16), is_hex))
    return {};
  const std::string trace = from_hex(header.substr(3, 32));
  if (all_zero(trace) || all_zero(from_hex(header.substr(36, 16)))) return {};
  return trace;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string trace_from(const std::string* traceparent, rt::IdSource& ids) {
  std::string trace = traceparent ? trace_id_of(*traceparent) : std::string();
  if (trace.empty()) trace = big_endian(ids.bits()) + big_endian(ids.bits() | 1);
  return trace + big_endian(ids.bits() | 1);
}

std::string traceresponse(std::string_view trace) {
  if (trace.size() != 24) return {};
  return fmt::format("00-{}-{}-01", hex(trace.substr(0, 16)), hex(trace.substr(16)));
}

std::string request_id(std::string_view trace) { return "req_" + hex(trace.substr(0, 16)); }

Result<rt::Instant> deadline_in(std::int64_t ms, rt::Instant now) {
  if (ms < 1 || ms > kLongestDeadline.count()) {
    return fail(Code::invalid_argument, "rpc.bad_deadline",
                fmt::format("a deadline is 1 to {} milliseconds", kLongestDeadline.count()));
  }
  return now + rt::milliseconds(ms);
}

Result<rt::Instant> deadline_from(const HttpRequest& request, rt::Instant now) {
  const std::string* header = request.header("x-troupe-deadline-ms");
  if (header == nullptr) return now + kDefaultDeadline;
  return deadline_in(number(*header).value_or(0), now);
}

Result<void> check_idempotency_key(std::string_view key) {
  if (key.size() <= 128 && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; })) return {};
  return fail(Code::invalid_argument, "rpc.bad_idempotency_key",
              "an idempotency key is up to 128 visible ASCII characters");
}

Result<std::string> idempotency_key_from(const HttpRequest& request) {
  const std::string* header = request.header("idempotency-key");
  if (header == nullptr) return std::string();
  TRY_VOID(check_idempotency_key(*header));
  return *header;
}

Result<std::optional<MicroUsd>> budget_from(const HttpRequest& request) {
  const std::string* header = request.header("x-troupe-budget-microusd");
  if (header == nullptr) return std::optional<MicroUsd>();
  const auto value = number(*header);
  if (!value || *value < 0 || *value > kBudgetMax) {
    return fail(Code::invalid_argument, "rpc.bad_budget",
                fmt::format("a budget is 0 to {} micro-USD", kBudgetMax));
  }
  return std::optional<MicroUsd>(MicroUsd{*value});
}

}  // namespace troupe::edge

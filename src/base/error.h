#pragma once
// Errors as values. A code (mirrored in error.proto and in HTTP statuses), a stable machine reason
// ("npc.unknown": part of the wire contract) and one sentence for people.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

enum class Code {
  invalid_argument = 1,
  unauthenticated = 2,
  permission_denied = 3,
  not_found = 4,
  conflict = 5,
  exhausted = 6,
  cancelled = 7,
  internal = 8,
  unavailable = 9,
  deadline_exceeded = 10,
};

std::string_view code_name(Code code);
int http_status(Code code);

struct Error {
  Code code = Code::internal;
  std::string reason;
  std::string message;
  std::int64_t retry_after_ms = 0;  // exhausted and unavailable: when to try again; 0 = not known
  std::optional<std::uint64_t> current_version = {};  // of a lost race: what is there now, 0 = nothing
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string reason, std::string message,
                                                 std::int64_t retry_after_ms = 0) {
  return std::unexpected(Error{code, std::move(reason), std::move(message), retry_after_ms});
}

}  // namespace troupe

// libstdc++ 12 has no monadic members, so early return is spelled once, here.
// TRY(auto row, query()) declares row or returns the error; TRY_VOID(x) only returns the error.
// CO_TRY and CO_TRY_VOID are the same inside a coroutine.
#define TROUPE_CAT2(a, b) a##b
#define TROUPE_CAT(a, b) TROUPE_CAT2(a, b)
#define TROUPE_TRY_AS(ret, tmp, decl, ...)               \
  auto tmp = (__VA_ARGS__);                              \
  if (!tmp) ret std::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define TROUPE_TRY_VOID_AS(ret, ...)                         \
  do {                                                       \
    if (auto troupe_result = (__VA_ARGS__); !troupe_result)  \
      ret std::unexpected(std::move(troupe_result).error()); \
  } while (false)
#define TRY(decl, ...) TROUPE_TRY_AS(return, TROUPE_CAT(troupe_try_, __LINE__), decl, __VA_ARGS__)
#define CO_TRY(decl, ...) TROUPE_TRY_AS(co_return, TROUPE_CAT(troupe_try_, __LINE__), decl, __VA_ARGS__)
#define TRY_VOID(...) TROUPE_TRY_VOID_AS(return, __VA_ARGS__)
#define CO_TRY_VOID(...) TROUPE_TRY_VOID_AS(co_return, __VA_ARGS__)

#include "adapters/db_postgres/sql_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace troupe::db {

namespace {

struct Token {
  enum class Kind { word, text, name, bytes, parameter, sign, blank };
  Kind kind;
  std::string_view said;
};

bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool goes_on(char c) {
  return starts_word(c) || is_digit(c) || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// Up to and with the closing sign, which doubled stands for itself; up to the end where there is none.
std::size_t closing(std::string_view sql, std::size_t at, char quote) {
  for (++at; at < sql.size(); ++at) {
    if (sql[at] != quote) continue;
    if (at + 1 < sql.size() && sql[at + 1] == quote) {
      ++at;
      continue;
    }
    return at + 1;
  }
  return sql.size();
}

std::size_t end_of_comment(std::string_view sql, std::size_t at) {
  int depth = 0;  // PostgreSQL's comments nest
  while (at + 1 < sql.size()) {
    if (sql[at] == '/' && sql[at + 1] == '*') {
      ++depth;
      at += 2;
    } else if (sql[at] == '*' && sql[at + 1] == '/') {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return sql.size();
}

// What begins at `at`, and where it ends.
std::pair<Token::Kind, std::size_t> token_at(std::string_view sql, std::size_t at) {
  using Kind = Token::Kind;
  const char c = sql[at];
  const char next = at + 1 < sql.size() ? sql[at + 1] : '\0';
  if (c == '\'') return {Kind::text, closing(sql, at, '\'')};
  if (c == '"') return {Kind::name, closing(sql, at, '"')};
  if ((c == 'x' || c == 'X') && next == '\'') return {Kind::bytes, closing(sql, at + 1, '\'')};
  if (c == '-' && next == '-') return {Kind::blank, std::min(sql.find('\n', at), sql.size())};
  if (c == '/' && next == '*') return {Kind::blank, end_of_comment(sql, at)};
  const auto run = [&](auto belongs) {
    std::size_t end = at + 1;
    while (end < sql.size() && belongs(sql[end])) ++end;
    return end;
  };
  if (c == '$' && is_digit(next)) return {Kind::parameter, run(is_digit)};
  if (starts_word(c) || static_cast<unsigned char>(c) >= 0x80) return {Kind::word, run(goes_on)};
  const auto is_space = [](char s) { return s == ' ' || (s >= '\t' && s <= '\r'); };
  if (is_space(c)) return {Kind::blank, run(is_space)};
  return {Kind::sign, at + 1};
}

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < sql.size();) {
    const auto [kind, end] = token_at(sql, at);
    tokens.push_back({kind, sql.substr(at, end - at)});
    at = end;
  }
  return tokens;
}

bool is_blank(const Token& token) { return token.kind == Token::Kind::blank; }
bool is_sign(const Token& token, char sign) {
  return token.kind == Token::Kind::sign && token.said[0] == sign;
}
bool is_word(const Token& token, std::string_view word) {
  return token.kind == Token::Kind::word && lower_ascii(token.said) == word;
}

// What stands in a table's list beside its columns.
bool begins_constraint(const Token& token) {
  static constexpr std::array kWords = {"primary", "unique", "check", "foreign", "constraint", "exclude"};
  return std::ranges::any_of(kWords, [&](const char* word) { return is_word(token, word); });
}

std::string type_for_postgres(const Token& type) {
  if (is_word(type, "blob")) return "bytea";
  if (is_word(type, "text")) return "text collate \"C\"";
  return std::string(type.said);
}

// Says where the type of a column stands, token by token.
class Types {
 public:
  // Whether this one is a type.
  bool next(const Token& token) {
    if (is_blank(token)) return false;
    const bool first = seen_ == 0;
    if (seen_ < 2) {
      if (first && is_word(token, "create")) creates_ = true;
      if (first && is_word(token, "alter")) alters_ = true;
      ++seen_;
    }
    if (creates_) return in_list(token);
    return alters_ && after_add(token);
  }

 private:
  enum class At { elsewhere, name, type };

  bool in_list(const Token& token) {
    if (is_sign(token, '(')) {
      if (++depth_ == 1) at_ = At::name;
      return false;
    }
    if (is_sign(token, ')')) {
      --depth_;
      return false;
    }
    if (depth_ != 1) return false;
    if (is_sign(token, ',')) {
      at_ = At::name;
      return false;
    }
    return named(token);
  }

  bool after_add(const Token& token) {
    if (at_ == At::elsewhere) {
      if (is_word(token, "column") && added_) at_ = At::name;
      added_ = is_word(token, "add");
      return false;
    }
    if (at_ == At::name && (is_word(token, "if") || is_word(token, "not") || is_word(token, "exists")))
      return false;
    return named(token);
  }

  bool named(const Token& token) {
    if (at_ == At::name) {
      at_ = begins_constraint(token) ? At::elsewhere : At::type;
      return false;
    }
    return std::exchange(at_, At::elsewhere) == At::type;
  }

  int seen_ = 0;
  int depth_ = 0;
  bool creates_ = false;
  bool alters_ = false;
  bool added_ = false;
  At at_ = At::elsewhere;
};

}  // namespace

Result<std::size_t> parameters_of(std::string_view sql) {
  static constexpr std::array kForCallers = {"select", "insert", "update", "delete", "with",
                                             "values", "create", "alter",  "drop"};
  std::size_t count = 0;
  bool begun = false;
  for (const Token& token : tokens_of(sql)) {
    if (is_blank(token)) continue;
    if (!std::exchange(begun, true)) {
      const bool known =
          std::ranges::any_of(kForCallers, [&](const char* word) { return is_word(token, word); });
      if (!known) return fail(Code::internal, "db.sql", fmt::format("no statement for callers: {}", sql));
    }
    if (token.kind != Token::Kind::parameter) continue;
    const auto n = token.said.size() > 6
                       ? std::size_t{0}
                       : static_cast<std::size_t>(std::stoul(std::string(token.said.substr(1))));
    if (n == 0 || n > 65'535)
      return fail(Code::internal, "db.sql", fmt::format("parameters are $1, $2, ..., not {}", token.said));
    count = std::max(count, n);
  }
  if (!begun) return fail(Code::internal, "db.sql", fmt::format("no statement: {}", sql));
  return count;
}

std::vector<std::string> statements_of(std::string_view script) {
  std::vector<std::string> statements;
  std::string statement;
  bool empty = true;
  const auto end = [&] {
    if (!empty) statements.push_back(std::move(statement));
    statement.clear();
    empty = true;
  };
  for (const Token& token : tokens_of(script)) {
    if (is_sign(token, ';')) {
      end();
      continue;
    }
    if (!is_blank(token)) empty = false;
    statement += token.said;
  }
  end();
  return statements;
}

std::string for_postgres(std::string_view statement) {
  std::string out;
  Types types;
  for (const Token& token : tokens_of(statement)) {
    if (types.next(token)) {
      out += type_for_postgres(token);
    } else if (token.kind == Token::Kind::bytes) {
      out += fmt::format("'\\x{}'", token.said.substr(2, token.said.size() - 3));
    } else {
      out += token.said;
    }
  }
  return out;
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    out += c;
    if (c == '"') out += '"';
  }
  return out + '"';
}

}  // namespace troupe::db

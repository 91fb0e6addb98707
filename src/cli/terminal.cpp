#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace troupe::cli {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string real_env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::size_t columns_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string Style::operator()(Ink ink, std::string_view text) const {
  if (!on_ || ink == Ink::plain || text.empty()) return std::string(text);
  static constexpr std::string_view kCodes[] = {"0", "1", "2", "31", "32", "33", "34", "35", "36"};
  std::string out = "\033[";
  out += kCodes[static_cast<std::size_t>(ink)];
  out += 'm';
  out += text;
  out += "\033[0m";
  return out;
}

Terminal real_terminal() {
  const bool plain = !real_env("NO_COLOR").empty() || real_env("TERM") == "dumb";
  const bool out_tty = ::isatty(STDOUT_FILENO) == 1;
  const bool err_tty = ::isatty(STDERR_FILENO) == 1;
  return {.in = std::cin,
          .out = std::cout,
          .err = std::cerr,
          .in_tty = ::isatty(STDIN_FILENO) == 1,
          .out_tty = out_tty,
          .err_tty = err_tty,
          .columns = out_tty ? columns_of(STDOUT_FILENO) : 0,
          .style = Style(out_tty && !plain),
          .err_style = Style(err_tty && !plain),
          .env = real_env};
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c1 || byte == 0x7F || (byte < 0x20 && byte != '\n' && byte != '\t')) {
      out += kReplacement;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out = printable(text);
  std::ranges::replace(out, '\n', ' ');
  std::ranges::replace(out, '\t', ' ');
  return out;
}

std::size_t width(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return !continues(c); }));
}

std::string pad(std::string_view utf8, std::size_t columns) {
  std::string out(utf8);
  const std::size_t have = width(utf8);
  if (have < columns) out.append(columns - have, ' ');
  return out;
}

std::string cut(std::string_view utf8, std::size_t columns) {
  if (columns == 0 || width(utf8) <= columns) return std::string(utf8);
  std::size_t seen = 0;
  std::size_t end = 0;
  while (end < utf8.size()) {
    if (!continues(utf8[end]) && ++seen == columns) break;
    ++end;
  }
  return std::string(utf8.substr(0, end)) + "…";
}

void complain(const Terminal& terminal, std::string_view message) {
  terminal.out.flush();
  terminal.err << terminal.err_style(Ink::red, "troupe:") << ' ' << one_line(message) << '\n' << std::flush;
}

void Table::print(const Terminal& terminal, std::string_view indent) const {
  std::vector<std::size_t> widths;
  for (const auto& heading : headings_) widths.push_back(width(heading));
  for (const auto& cells : rows_) {
    for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], width(cells[i]));
  }
  const auto print_row = [&](const std::vector<std::string>& cells, Ink ink) {
    std::string line(indent);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool last = i + 1 == cells.size();
      line += last ? cells[i] : pad(cells[i], widths[i]) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    terminal.out << terminal.style(ink, cut(line, terminal.columns)) << '\n';
  };
  print_row(headings_, Ink::dim);
  for (const auto& cells : rows_) print_row(cells, Ink::plain);
}

}  // namespace troupe::cli

#pragma once
// Where a command reads and writes: streams, whether a person looks at them, and how wide they look. Handed
// in, so that tests read what a command says. One thread.
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::cli {

enum class Ink { plain, bold, dim, red, green, yellow, blue, magenta, cyan };

// Wraps text in ANSI colours, or leaves it.
class Style {
 public:
  explicit Style(bool on = false) : on_(on) {}
  std::string operator()(Ink ink, std::string_view text) const;
  bool on() const { return on_; }

 private:
  bool on_;
};

struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_tty = false;
  bool out_tty = false;
  bool err_tty = false;
  std::size_t columns = 0;  // of out; 0 = do not cut lines
  Style style;              // for out
  Style err_style;
  std::function<std::string(const char*)> env;  // "" where it is not set

  std::string variable(const char* name) const { return env ? env(name) : std::string(); }
};

// Standard streams of this process. Colours where a terminal is, unless NO_COLOR says otherwise or TERM is
// dumb.
Terminal real_terminal();

// What may go to a terminal: control characters (C0 except line feed and tab, DEL, C1) become U+FFFD, so that
// a model's or a player's words cannot move the cursor or rename the window.
std::string printable(std::string_view text);
std::string one_line(std::string_view text);  // printable, with line feeds and tabs as spaces

std::size_t width(std::string_view utf8);  // in code points
std::string pad(std::string_view utf8, std::size_t columns);
std::string cut(std::string_view utf8, std::size_t columns);  // with an ellipsis; 0 = as it is

// "troupe: no server at ..." on stderr, one line.
void complain(const Terminal& terminal, std::string_view message);

// Rows under headings, columns aligned, two spaces apart; the last column is cut to the terminal's width.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  void print(const Terminal& terminal, std::string_view indent = "  ") const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace troupe::cli

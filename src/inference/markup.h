#pragma once
// Takes a model's own markup out of what it says: thoughts, control tokens, tool calls, the turns of others;
// and what cannot be seen: control characters, marks of direction. Pure text in, text out, split anywhere.
// One owner, one thread. Holds back at most one tag (kTagBytesMax); keeps kReasoningBytesMax of what was
// thought.
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::inference {

class Markup {
 public:
  enum class Kind {
    text,        // anything: only what is certainly a model's own
    speech,      // of a person: no tags at all
    structured,  // JSON or a grammar: only what stands before it
  };
  static constexpr std::size_t kTagBytesMax = 96;
  static constexpr std::size_t kReasoningBytesMax = 4096;

  // `opens_in_thought`: the prompt has opened the thought already. Where no end of it comes, there was none,
  // and finish() gives everything.
  explicit Markup(Kind kind = Kind::text, bool opens_in_thought = false);

  // What may be shown of it, in order.
  std::string push(std::string_view piece);
  // What was held back, when no more comes. A tag that broke off is dropped.
  std::string finish();

  // The end of a turn came after something had been said: what follows is not this speaker's.
  bool ended() const { return ended_; }
  // Between a tag and its end: what comes is not shown.
  bool hides() const { return unsure_ || mode_ != Mode::show; }
  bool thought() const { return thought_bytes_ > 0; }
  // A thought ended that had never begun: what was given out before it was part of it, and text() has only
  // what came after.
  int recalls() const { return recalls_; }
  // A thought ended that had begun before the first word: the prompt opens them.
  bool begun_before() const { return begun_before_; }
  const std::string& reasoning() const { return reasoning_; }
  const std::string& text() const { return text_; }  // what was given out

 private:
  enum class Mode { show, thought, hidden, header, role, other };
  enum class Means {
    none,
    more,
    open,
    close,
    hide,
    unhide,
    own,
    others,
    start,
    header,
    channel,
    message,
    end,
    drop
  };
  struct Tag {
    Means means = Means::none;
    std::size_t length = 0;
  };

  Tag tag_at(std::string_view text) const;
  Tag control_at(std::string_view text) const;
  Tag named_at(std::string_view text) const;
  Tag bracket_at(std::string_view text) const;
  Tag unseen_at(std::string_view text) const;
  Means meaning_of(std::string_view name, bool closes, bool control) const;
  void act(Means means);
  void leave_header();
  bool eat_role(bool last);
  void show(std::string_view text);
  void take(std::string_view text);  // text of the mode of the moment
  void run(bool last);
  bool step(bool last);
  std::string_view rest() const { return std::string_view(held_).substr(at_); }
  void said_all() { ended_ = ended_ || spoke_; }

  Kind kind_;
  Mode mode_ = Mode::show;
  std::string held_;
  std::size_t at_ = 0;  // of held_: what comes before was taken
  std::string header_;
  std::string out_;
  std::string text_;
  std::string reasoning_;
  std::size_t thought_bytes_ = 0;
  bool unsure_ = false;  // what was shown is held: it may be a thought that the prompt has opened
  bool spoke_ = false;   // something but white space was shown
  bool tagged_ = false;  // there was a tag: white space around it goes with it
  bool ended_ = false;
  int recalls_ = 0;
  bool begun_before_ = false;
};

// The whole of a text at once.
std::string without_markup(std::string_view text, Markup::Kind kind);

}  // namespace troupe::inference

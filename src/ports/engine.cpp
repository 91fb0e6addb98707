#include "ports/engine.h"

namespace troupe::engine {

std::string_view tier_name(Tier tier) {
  switch (tier) {
    case Tier::reflex:
      return "reflex";
    case Tier::gold:
      return "gold";
    case Tier::silver:
      return "silver";
    case Tier::bronze:
      return "bronze";
  }
  return "reflex";
}

std::string_view finish_name(Finish finish) {
  switch (finish) {
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
    case Finish::deadline:
      return "deadline";
    case Finish::cancelled:
      return "cancelled";
  }
  return "stop";
}

std::string_view cut_name(Cut cut) {
  switch (cut) {
    case Cut::none:
      return "none";
    case Cut::deadline:
      return "deadline";
    case Cut::sentence:
      return "sentence";
    case Cut::closed:
      return "closed";
  }
  return "none";
}

std::string_view state_name(ThoughtView::State state) {
  using State = ThoughtView::State;
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::prefill:
      return "prefill";
    case State::generating:
      return "generating";
    case State::ended:
      return "ended";
  }
  return "waiting";
}

std::string_view outcome_name(ThoughtView::Outcome outcome) {
  using Outcome = ThoughtView::Outcome;
  switch (outcome) {
    case Outcome::open:
      return "open";
    case Outcome::met:
      return "met";
    case Outcome::late:
      return "late";
    case Outcome::dropped:
      return "dropped";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::failed:
      return "failed";
  }
  return "open";
}

}  // namespace troupe::engine

#pragma once
// Whether a line wishes that the one spoken to does something now, and which of their options it means.
// Frames of the language find it ("could you ... the lamp"); the form classifier takes back what only looks
// like one, and finds what no frame knows. Pure: nothing is done here; consents() says whether it will be.
//
//   for (const std::string& text : texts_of(language, candidates)) ...    their vectors, where a model makes
//   some Wish found = wish(language, {line, called, vector}, candidates, form, vectors);
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "talk/candidate.h"
#include "talk/form.h"
#include "talk/language.h"
#include "talk/vectors.h"

namespace troupe::talk {

enum class WishKind {
  none,          // nothing is wished
  act,           // one option
  unclear,       // one of several
  nothing_fits,  // something that they cannot do now
};
inline constexpr std::array<std::string_view, 4> kWishKindNames{"none", "act", "unclear", "nothing_fits"};
inline std::string_view name_of(WishKind kind) { return kWishKindNames[static_cast<std::size_t>(kind)]; }

struct WishLine {
  std::string line;                 // as it was meant (normalised)
  std::vector<std::string> called;  // names of the one who is spoken to: "Pip"
  Vector vector;                    // of the line; empty where no model makes any
};

struct Wish {
  WishKind kind = WishKind::none;
  std::size_t candidate = 0;          // of an act
  std::vector<std::size_t> may_mean;  // where it is unclear
  double score = 0;                   // of the best candidate
  double form = 0;                    // 0..1, of the classifier; -1 where there is none
  std::string why;                    // "'could you' + 'light' + 'lamp', form 0.91"
};

struct WishTuning {
  double form_least = .05;        // below it a frame is no wish
  double form_least_words = .04;  // the same without vectors
  double form_unlikely = .5;      // of a sentence that begins with a third person
  double form_asks = .75;         // something is asked for that nobody here can do
  double form_sure = .9;          // from here on the classifier finds a wish without a frame
  double fits = .6;               // of an option, then
  double ahead = .05;             // of the next one
  double alike = .05;             // two frames that fit as well: unclear
};

// The texts whose vectors help; each once, sorted.
std::vector<std::string> texts_of(const Language& language, std::span<const Candidate> candidates);

Wish wish(const Language& language, const WishLine& line, std::span<const Candidate> candidates,
          const FormModel* form, const VectorTable& vectors, const WishTuning& tuning = {});

// Why a line, as it was meant, wishes nothing whatever its words are: "stage direction", "question, report or
// threat"; empty where it may. An insult, a threat, a joke, a question and a report are no wish.
std::string no_wish(const Language& language, std::string_view line);

}  // namespace troupe::talk

#pragma once
// Verbs in words: for people, for the model, for the log. Pure.
#include <string>

#include "services/capabilities/verb_rules.h"

namespace troupe::capabilities {

// Facts are told by what they say to who acts; the log, which players see, says "something" of what is not
// public.
enum class FactText { told, hidden };

// "light the quay lamp"
std::string option_text(const pack::Pack& pack, const Bound& bound, FactText facts = FactText::told);
// "Ben lights the quay lamp at the quay"
std::string deed_text(const pack::Pack& pack, const Bound& bound, const Surroundings& around);
// "lights the quay lamp"
std::string doing_text(const pack::Pack& pack, const Bound& bound, FactText facts);
// Of a verb's text, before its parameters are filled in: "fish" -> "fishes", "eat or drink {good}" -> "eats
// or drinks {good}". What a language does not tell by its words (is "and fish" a deed or a meal?) the pack says
// (does).
std::string third_person(const pack::ThirdPerson& words, const std::string& text);

std::string describe(const pack::Pack& pack, const pack::Condition& condition);
std::string describe(const pack::Pack& pack, const pack::Effect& effect);
std::string describe(const pack::Value& value);  // true, 3, red

std::string place_name(const pack::Pack& pack, std::string_view id);
std::string good_name(const pack::Pack& pack, std::string_view id);

}  // namespace troupe::capabilities

#pragma once
// What words do to those who hear them, by the kind of line: feelings for who said it, and a mood. Pure. What
// is done is judged in appraisal_rules.h.
#include "services/npc/appraisal_rules.h"
#include "talk/intents.h"

namespace troupe::npc {

// Of the one addressed.
Impression impression_of_words(const pack::Traits& traits, talk::Manner manner);
// Of somebody who stands by, and feels so for the one addressed.
Impression impression_of_words_heard(const pack::Traits& traits, talk::Manner manner,
                                     const pb::RelationRecord& to_addressed);

}  // namespace troupe::npc

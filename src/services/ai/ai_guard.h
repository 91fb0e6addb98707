#pragma once
// What the words of a model are held against before anybody hears them: the guard of src/talk over what the
// model was told, what this listener may not hear, and, of other words for what was decided, whether they
// still say it. Values; one request.
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "talk/guard.h"
#include "troupe/v1/ai.pb.h"

namespace troupe::ai {

namespace pb = troupe::v1;

class Guard {
 public:
  // `pack` and `language` outlive it.
  Guard(const pack::Pack& pack, const talk::Language& language, const pb::AiSpeakRequest& request);

  // Why it may not be said: "unknown_name 'Greta'"; none = it may.
  std::vector<std::string> sentence(std::string_view text) const;
  std::vector<std::string> answer(std::string_view text) const;
  // Whether it may stand for request.written.
  std::vector<std::string> rephrasing(std::string_view text) const;

 private:
  void add_never(std::string_view text, std::vector<std::string>& out) const;

  const talk::Language& language_;
  pb::AiSpeakRequest request_;
  talk::Guard words_;
};

}  // namespace troupe::ai

#pragma once
// What a document is and what may become of it: pure functions, no bus, no SQL. A document is kept as
// canonical JSON (sorted keys, no spaces, integers without a point), so that equal documents are equal bytes
// in the state hash.
#include <google/protobuf/struct.pb.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "pack/pack.h"

namespace troupe::state {

struct Limits {
  std::size_t documents_max = 200'000;  // live ones; some 100 MB at the usual 300 bytes each
  std::size_t newcomers_max =
      10'000;  // players who have nothing; then who did nothing for the longest is forgotten
  std::size_t deleted_max = 10'000;  // deleted ones whose version is remembered; then the oldest is forgotten
  std::size_t document_bytes_max = 65'536;  // canonical; more belongs into several documents
  std::size_t depth_max = 16;  // nested lists and objects; each is three levels of protobuf, which reads 100
  std::size_t id_bytes_max = 128;  // ids become parts of messages and columns
  std::size_t tags_max = 32;       // each is an index entry
  std::size_t page_default = 100;
  std::size_t page_max = 1000;
  std::size_t page_bytes_max = 64 * 1024;  // a page is made on the io thread, in a millisecond or two
  std::size_t reply_bytes_max =
      960 * 1024;                    // of a batch, as protobuf: it must fit into one bus message (1 MiB)
  std::size_t decoded_max = 10'000;  // documents of the read cache
  std::size_t suggest_max = 2000;    // ids that did_you_mean looks at
};

struct Key {
  std::string kind;
  std::string id;
  auto operator<=>(const Key&) const = default;
};
std::string describe(const Key& key);  // "npc 'marta'"
// Whether what a row holds can be read.
bool is_document(const std::string& text);

// The members that the indexes are made of.
struct Members {
  std::string place;
  std::string player;
  std::vector<std::string> tags;
};

// `invalid_argument` state.bad_key.
Result<void> check_key(const Key& key, const Limits& limits);

// `invalid_argument` state.bad_document (numbers that are none, too deep, not UTF-8) or state.too_large.
Result<std::string> canonical(const google::protobuf::Struct& document, const Limits& limits);
google::protobuf::Struct decode(const std::string& canonical);

// JSON merge patch (RFC 7396): objects are merged, null removes, anything else replaces.
Result<std::string> merged(const std::string& canonical, const google::protobuf::Struct& patch,
                           const Limits& limits);

// A player's document that says nothing but where they are: what a newcomer has.
bool is_newcomer(const Key& key, std::string_view canonical);

// Checks the members that have a meaning (see state.proto); `invalid_argument` state.bad_member.
Result<Members> members_of(const Key& key, const std::string& canonical, const pack::Pack& pack,
                           const Limits& limits);

// What others own of a document, and by which method it changes: a person's place and life are npc's.
// `given` is what somebody else writes; a member that says something else than before is refused,
// `permission_denied` state.owned. What it leaves out stays. "" before: there is no such document.
Result<void> check_owned(const Key& key, const std::string& before, const google::protobuf::Struct& given);
// `text` with the members that others own, as `before` had them, where it leaves them out.
std::string keep_owned(const Key& key, const std::string& before, const std::string& text);
// The method by which such a document goes; "" where deleting it is nobody else's business.
std::string_view owner_of_end(const Key& key);

// Somebody's document once they are dead: with empty pockets.
std::string as_dead(const std::string& text);

// `text` after one step of wear; none where that changes nothing.
std::optional<std::string> worn(const std::string& text, const pack::Wear& wear);

// Top-level members that one has and the other has not, or otherwise. "" is a document that is not there.
std::vector<std::string> changed_keys(const std::string& before, const std::string& after);

// `document` with nothing but these top-level members.
google::protobuf::Struct only(const google::protobuf::Struct& document, const std::vector<std::string>& keys);

// A document per NPC and per feature of the pack: how the world starts.
struct Initial {
  Key key;
  std::string text;  // canonical
};
std::vector<Initial> initial_documents(const pack::Pack& pack);

}  // namespace troupe::state

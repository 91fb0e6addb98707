#include "host/word_guard.h"

#include <fmt/core.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.h"
#include "moderation/slices.h"

namespace troupe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kKnownMax = 20'000;
constexpr std::size_t kShort = 64;  // bytes: ids and names come again and again

bool is_judged(pb::Role role) {
  return role == pb::ROLE_PLAYER || role == pb::ROLE_NPC || role == pb::ROLE_GAME_SERVER;
}

bool names_a_player(const FieldDescriptor* field) {
  return field->name() == "player" || field->name() == "actor";
}

}  // namespace

Result<void> check_player_name(const std::string& name) {
  if (name.size() <= WordGuard::kNameBytesMax && is_utf8(name) && !has_unseen(name)) return {};
  return fail(
      Code::invalid_argument, "npc.bad_player",
      fmt::format("a player's name is UTF-8 of at most {} bytes without characters that cannot be seen",
                  WordGuard::kNameBytesMax));
}

// Every text of a request with its path ("document.letter.text"), in the order of its fields.
class WordGuard::Texts {
 public:
  struct Text {
    std::string path;
    std::string_view text;  // of the request
    bool name = false;      // of a player
  };

  explicit Texts(const Message& request) { walk(request, ""); }
  const std::vector<Text>& all() const { return all_; }

 private:
  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  void walk(const Message& message, const std::string& path) {
    if (const auto* document = dynamic_cast<const google::protobuf::Struct*>(&message))
      return walk(*document, path);
    if (const auto* value = dynamic_cast<const google::protobuf::Value*>(&message)) return walk(*value, path);
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) walk(message, field, below(path, field->name()));
  }
  void walk(const Message& message, const FieldDescriptor* field, const std::string& path) {
    const auto* values = message.GetReflection();
    const bool many = field->is_repeated();
    const int count = many ? values->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto at = many ? fmt::format("{}[{}]", path, i) : path;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        walk(many ? values->GetRepeatedMessage(message, field, i) : values->GetMessage(message, field), at);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        std::string scratch;  // (for cords, which no proto here has)
        all_.push_back({at,
                        many ? values->GetRepeatedStringReference(message, field, i, &scratch)
                             : values->GetStringReference(message, field, &scratch),
                        names_a_player(field)});
      }
    }
  }
  void walk(const google::protobuf::Value& value, const std::string& path) {
    if (value.has_string_value()) all_.push_back({path, value.string_value(), false});
    if (value.has_struct_value()) walk(value.struct_value(), path);
    for (const auto& item : value.list_value().values()) walk(item, path);
  }
  void walk(const google::protobuf::Struct& document, const std::string& path) {
    std::vector<const std::string*> names;
    for (const auto& [name, value] : document.fields()) names.push_back(&name);
    std::ranges::sort(names, {}, [](const auto* name) -> const std::string& { return *name; });
    for (const auto* name : names) {
      all_.push_back({below(path, *name), *name, false});
      walk(document.fields().at(*name), below(path, *name));
    }
  }

  std::vector<Text> all_;
};

WordGuard::WordGuard(Rules rules)
    : rules_(std::move(rules)), allowed_(moderation::levels_for(rules_.rating)) {}

bool WordGuard::concerns(const MethodInfo& method, const Caller& caller) const {
  const bool writes = !method.access.read_only() && !method.access.unheard();
  return is_judged(caller.role) && (writes || caller.role == pb::ROLE_PLAYER);
}

moderation::Finding WordGuard::judge(std::string_view text) {
  if (text.empty() || rules_.own.contains(text) || fits_.contains(text)) return {};
  auto finding = moderation::judge(moderation::without_codes(text), allowed_);
  if (!finding.allowed || text.size() > kShort) return finding;
  if (fits_.size() >= kKnownMax) fits_.clear();  // judged again, no more
  fits_.emplace(text);
  return finding;
}

Error WordGuard::refuse(const MethodInfo& method, const Caller& caller, const moderation::Finding& finding,
                        std::string what) const {
  if (tell_)
    tell_({.player = caller.role == pb::ROLE_PLAYER ? caller.name : "",
           .door = method.name,
           .finding = finding});
  return {Code::invalid_argument, "ai.held_back", std::move(what)};
}

Task<void> WordGuard::check(const rt::Env& env, const MethodInfo& method, const Caller& caller,
                            const std::string& payload) {
  if (caller.role == pb::ROLE_PLAYER) {
    CO_TRY_VOID(check_player_name(caller.name));
    if (const auto finding = judge(caller.name); !finding.allowed)
      co_return std::unexpected(
          refuse(method, caller, finding, "nobody can be called so here; others would have to hear it"));
  }
  if (method.access.read_only() || method.access.unheard()) co_return Result<void>();
  const auto request = new_message(method.request);
  if (!request->ParseFromString(payload)) co_return Result<void>();  // its handler says so
  const Texts texts(*request);
  std::size_t judged = 0;
  for (const auto& [path, text, name] : texts.all()) {
    if (name && !rules_.own.contains(text)) CO_TRY_VOID(check_player_name(std::string(text)));
    for (std::size_t at = 0; at == 0 || at < text.size();) {
      const auto [from, end] = moderation::slice_of(text, at);
      const auto finding = judge(text.substr(from, end - from));
      if (!finding.allowed) {
        co_return std::unexpected(
            refuse(method, caller, finding,
                   fmt::format("{}: {} {} is more than the world's rating ({}) allows", path,
                               moderation::category_name(finding.category), finding.level, rules_.rating)));
      }
      judged += end - at;
      at = std::max(end, at + 1);
      if (judged < moderation::kSlice) continue;
      judged = 0;
      co_await boost::asio::post(env.executor, boost::asio::use_awaitable);  // others have their turn
    }
  }
  co_return Result<void>();
}

}  // namespace troupe

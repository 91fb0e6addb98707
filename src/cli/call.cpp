// troupe call: any method, checked against the protos before it is sent; and what methods there are.
#include <fmt/core.h>

#include <array>
#include <istream>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/rpc.h"
#include "host/json.h"
#include "host/registry.h"

namespace troupe::cli {

namespace {

namespace gp = google::protobuf;

constexpr std::size_t kInputBytesMax = 8 * 1024 * 1024;
constexpr int kDescribeDepthMax = 4;

int misused(const Terminal& terminal, std::string_view message) {
  complain(terminal, message);
  return 2;
}

Result<std::string> read_all(std::istream& in) {
  std::string text;
  std::array<char, 65536> piece;
  while (in.read(piece.data(), piece.size()), in.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kInputBytesMax) {
      return fail(Code::invalid_argument, "cli.input_too_long",
                  fmt::format("the request is longer than {} MiB", kInputBytesMax >> 20));
    }
  }
  return text;
}

std::string type_of(const gp::FieldDescriptor& field) {
  if (field.is_map()) {
    return fmt::format("map of {} to {}", type_of(*field.message_type()->map_key()),
                       type_of(*field.message_type()->map_value()));
  }
  std::string type = field.type_name();
  if (const auto* message = field.message_type()) {
    const bool any =
        message->full_name() == "google.protobuf.Struct" || message->full_name() == "google.protobuf.Value";
    type = any ? "any JSON" : message->name();
  }
  if (const auto* values = field.enum_type()) {
    std::vector<std::string> names;
    for (int i = 0; i < values->value_count(); ++i) names.push_back(values->value(i)->name());
    type = join(names, " or ");
  }
  return field.is_repeated() ? "list of " + type : type;
}

void describe_fields(const gp::Descriptor& message, const Terminal& terminal, int depth) {
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
    terminal.out << pad(indent + field.name(), 28) << ' ' << type_of(field) << '\n';
    const auto* inner = field.is_map() ? nullptr : field.message_type();
    const bool ours = inner != nullptr && inner->file()->package() == "troupe.v1";
    if (ours && depth < kDescribeDepthMax) describe_fields(*inner, terminal, depth + 1);
  }
}

void describe(const MethodInfo& method, const Terminal& terminal) {
  std::vector<std::string> roles;
  for (const int role : method.access.roles()) roles.push_back(role_name(static_cast<pb::Role>(role)));
  roles.emplace_back("admin");
  terminal.out << terminal.style(Ink::bold, method.name) << ": " << method.access.summary() << '\n'
               << "For " << join(roles, ", ") << (method.access.read_only() ? "; changes nothing" : "")
               << '\n';
  for (const auto* message : {method.request, method.reply}) {
    terminal.out << '\n' << terminal.style(Ink::dim, message == method.request ? "Request" : "Reply") << '\n';
    describe_fields(*message, terminal, 1);
  }
}

Json method_json(const MethodInfo& method) {
  Json roles = Json::array();
  for (const int role : method.access.roles()) roles.push_back(role_name(static_cast<pb::Role>(role)));
  return {{"method", method.name},
          {"summary", method.access.summary()},
          {"read_only", method.access.read_only()},
          {"roles", std::move(roles)}};
}

int list(const CallOptions& options, const Terminal& terminal) {
  if (const auto method = find_method(options.method)) {
    if (options.json) {
      terminal.out << compact(method_json(**method)) << '\n';
    } else {
      describe(**method, terminal);
    }
    return 0;
  }
  std::vector<std::string> known;
  for (const auto& service : all_services()) {
    known.push_back(service.name);
    if (!options.method.empty() && service.name != options.method) continue;
    if (!options.json)
      terminal.out << terminal.style(Ink::bold, service.name) << ": " << service.summary << '\n';
    for (const auto* method : service.methods) {
      if (options.json) {
        terminal.out << compact(method_json(*method)) << '\n';
      } else {
        terminal.out << "  " << pad(method->name, 28) << ' ' << method->access.summary() << '\n';
      }
    }
    if (!options.method.empty()) return 0;
  }
  if (options.method.empty()) return 0;
  if (options.method.find('.') != std::string::npos)
    return misused(terminal, find_method(options.method).error().message);
  return misused(terminal,
                 fmt::format("no service '{}'{}", options.method, did_you_mean(options.method, known)));
}

}  // namespace

int run_call(const CallOptions& options, const Terminal& terminal) {
  if (options.list) return list(options, terminal);
  const auto method = find_method(options.method);
  if (!method) {
    const auto& problem = method.error().message;
    const bool guessed = problem.find("did you mean") != std::string::npos;
    return misused(terminal, guessed ? problem : problem + "; `troupe call --list` shows them all");
  }
  std::string body = options.body;
  if (body == "-") {
    auto read = read_all(terminal.in);
    if (!read) return misused(terminal, read.error().message);
    body = *std::move(read);
  }
  if (trim(body).empty()) body = "{}";
  const auto request = new_message((*method)->request);
  if (const auto valid = from_json(body, *request); !valid) {
    return misused(terminal, fmt::format("{} does not take this request: {}; see `troupe call --list {}`",
                                         options.method, valid.error().message, options.method));
  }
  HttpClient client = connect(options.server);
  const auto sent =
      client.send(rpc_request(options.method, body, std::chrono::milliseconds(options.deadline_ms)));
  const auto reply = sent ? read_reply(client, *sent) : Result<Json>(std::unexpected(sent.error()));
  if (!reply) {
    // The server's reasons are part of its contract, for scripts to look up; our own are not.
    const auto& error = reply.error();
    const bool ours = error.reason.starts_with("cli.");
    complain(terminal, ours ? error.message : fmt::format("{} ({})", error.message, error.reason));
    return 1;
  }
  terminal.out << (options.json ? compact(*reply) : pretty(*reply)) << '\n';
  return 0;
}

}  // namespace troupe::cli

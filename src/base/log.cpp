#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace troupe::log {

namespace {

Format g_format = Format::text;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt("troupe");
    made->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
    return made;
  }();
  return *instance;
}

}  // namespace

void configure(Format format, Level level) {
  g_format = format;
  logger().set_level(to_spdlog(level));
  logger().set_pattern(format == Format::json ? "%v" : "%H:%M:%S.%e %^%-5l%$ %v");
}

void write(Level level, std::string_view room, std::string_view message) {
  if (!logger().should_log(to_spdlog(level))) return;
  if (g_format == Format::json) {
    static constexpr const char* kNames[] = {"debug", "info", "warn", "error", "off"};
    const nlohmann::ordered_json line = {
        {"level", kNames[static_cast<int>(level)]}, {"room", room}, {"message", message}};
    logger().log(to_spdlog(level),
                 line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    logger().log(to_spdlog(level), "{:<12} {}", room, message);
  }
}

}  // namespace troupe::log

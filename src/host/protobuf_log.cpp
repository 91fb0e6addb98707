#include "host/protobuf_log.h"

#include <google/protobuf/stubs/logging.h>

#include "base/log.h"

namespace troupe {

namespace {

void say(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  if (level == google::protobuf::LOGLEVEL_FATAL) {
    log::error("protobuf", "{}", message);
  } else {
    log::debug("protobuf", "{}", message);
  }
}

}  // namespace

void log_protobuf() { google::protobuf::SetLogHandler(say); }

}  // namespace troupe

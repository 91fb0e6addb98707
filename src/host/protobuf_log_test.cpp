#include "host/protobuf_log.h"

#include <gtest/gtest.h>

#include "troupe/v1/socket.pb.h"

namespace troupe {
namespace {

// Beside a log in JSON there is no other line on stderr.
TEST(ProtobufLog, WhatAClientSendsMakesItSayNothing) {
  log_protobuf();
  const std::string bytes = "\x0a\x03\x12\x01\xff";  // hello.player, not UTF-8
  testing::internal::CaptureStderr();
  v1::Frame frame;
  (void)frame.ParseFromString(bytes);
  frame.mutable_hello()->set_player("\xff");
  (void)frame.SerializeAsString();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace troupe

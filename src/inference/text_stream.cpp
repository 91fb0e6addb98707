#include "inference/text_stream.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace troupe::inference {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length that the first byte announces; 0 = cannot begin a character.
std::size_t announced(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase(stops_, std::string());
}

TextStream::TextStream(std::vector<std::string> stops, Markup markup) : TextStream(std::move(stops)) {
  markup_.emplace(std::move(markup));
}

// What the markup lets through. A thought that turns out to be one takes back what was taken for an answer.
void TextStream::take(std::string characters) {
  if (!markup_) {
    held_ += characters;
    return;
  }
  const int before = markup_->recalls();
  auto shown = markup_->push(characters);
  if (markup_->recalls() > before) {
    held_.clear();
    text_.clear();
  }
  held_ += shown;
}

std::string TextStream::push(std::string_view bytes) {
  if (stopped_) return {};
  std::string characters;
  bytes_ += bytes;
  std::size_t at = 0;
  while (at < bytes_.size()) {
    const auto length = announced(static_cast<unsigned char>(bytes_[at]));
    if (length == 0) {
      characters += kReplacement;
      ++at;
      continue;
    }
    // How far the continuation bytes go on; a character that breaks off becomes one replacement.
    std::size_t have = 1;
    while (have < length && at + have < bytes_.size() &&
           (static_cast<unsigned char>(bytes_[at + have]) & 0xC0) == 0x80) {
      ++have;
    }
    if (have < length && at + have == bytes_.size()) break;  // the rest may come
    const auto character = std::string_view(bytes_).substr(at, have);
    if (have == length && is_utf8(character)) {
      characters += character;
    } else {
      characters += kReplacement;
    }
    at += have;
  }
  bytes_.erase(0, at);
  take(std::move(characters));
  return release(false);
}

std::string TextStream::finish() {
  if (stopped_) return {};
  if (!bytes_.empty()) take(std::string(kReplacement));
  bytes_.clear();
  if (markup_) held_ += markup_->finish();
  return release(true);
}

std::string TextStream::release(bool all) {
  std::size_t end = held_.size();
  for (const auto& stop : stops_) {
    if (const auto found = held_.find(stop); found != std::string::npos) {
      end = std::min(end, found);
      stopped_ = true;
    }
  }
  if (!stopped_ && !all && !(markup_ && markup_->ended())) {
    // Hold back the longest tail that begins a stop string.
    for (const auto& stop : stops_) {
      for (auto length = std::min(stop.size() - 1, held_.size()); length > 0; --length) {
        if (held_.ends_with(std::string_view(stop).substr(0, length))) {
          end = std::min(end, held_.size() - length);
          break;
        }
      }
    }
  }
  auto out = held_.substr(0, end);
  held_.erase(0, stopped_ ? held_.size() : end);
  text_ += out;
  if (markup_ && markup_->ended()) stopped_ = true;
  return out;
}

}  // namespace troupe::inference

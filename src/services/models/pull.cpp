#include "services/models/pull.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "services/models/gguf_head.h"
#include "services/models/weight_hash.h"

namespace troupe::models {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBytesMax = std::int64_t{1} << 40;
constexpr long kConnectS = 10;
constexpr long kSilentS = 60;  // without a byte, then it is broken off
constexpr std::uintmax_t kSpareBytes = std::uintmax_t{1} << 30;
constexpr int kContextMax = 32'768;
constexpr long kAskS = 30;     // a publisher for a hash
constexpr int kAskedHops = 3;  // of it within one host: a repository that was renamed

std::unexpected<Error> bad(std::string what) {
  return fail(Code::invalid_argument, "models.bad_source", std::move(what));
}

bool from_here(std::string_view url) {
  const auto host = url.substr(std::min(url.size(), std::string_view("http://").size()));
  return host.starts_with("127.") || host.starts_with("localhost:") || host.starts_with("localhost/") ||
         host.starts_with("[::1]");
}

std::string name_in(const std::string& source) {
  auto path = is_address(source) ? source.substr(0, source.find_first_of("?#")) : source;
  auto stem = lower_ascii(fs::path(path).stem().string());
  std::string out;
  for (const char c : stem) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (out.size() < 64) out += fine ? c : '-';
  }
  return out;
}

Result<void> check_name(const std::string& name) {
  const bool fine =
      !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' &&
      std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
      });
  if (fine) return {};
  return bad(
      "a model's name has 1 to 64 of a-z, 0-9, '.', '-' and '_', and begins with a letter or digit; give one "
      "with --name");
}

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;

// With what is the same for every request.
Result<Curl> open_curl(const std::string& url, char* reason) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  Curl curl(ready ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (!curl) return fail(Code::internal, "models.curl", "libcurl does not start");
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "troupe");
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectS);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, reason);
  return curl;
}

// One transfer into a file, from where it was.
struct Transfer {
  std::ofstream out;
  const Tell& tell;
  const std::atomic<bool>& stop;
  std::int64_t had = 0;
  std::int64_t done = 0;
  std::int64_t total = 0;
  bool begins_again = false;
  fs::path file;
};

std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* data) {
  auto& transfer = *static_cast<Transfer*>(data);
  transfer.done += static_cast<std::int64_t>(size * count);
  transfer.out.write(bytes, static_cast<std::streamsize>(size * count));
  return transfer.out.good() && transfer.done < kBytesMax ? size * count : 0;
}

int on_progress(void* data, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(data);
  if (total > 0) transfer.tell("download", transfer.had + now, transfer.had + total);
  return transfer.stop.load() ? 1 : 0;
}

Result<void> download(const std::string& url, const fs::path& file, const Tell& tell,
                      const std::atomic<bool>& stop) {
  char reason[CURL_ERROR_SIZE] = "";
  TRY(const auto curl, open_curl(url, reason));
  std::error_code error;
  const auto size = fs::file_size(file, error);
  Transfer transfer{.out = {}, .tell = tell, .stop = stop, .file = file};
  transfer.had = error ? 0 : static_cast<std::int64_t>(size);
  transfer.done = transfer.had;
  transfer.out.open(file, std::ios::binary | std::ios::app);
  if (!transfer.out) return fail(Code::unavailable, "models.write", file.string() + " cannot be written");
  auto* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "https,http");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kSilentS);
  curl_easy_setopt(handle, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.had));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  const auto result = curl_easy_perform(handle);
  transfer.out.close();
  if (result == CURLE_OK) return {};
  if (stop.load())
    return fail(Code::cancelled, "models.stopped", "stopped; the same command goes on from here");
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  // All of it is there, or the server gives no parts: from the beginning, once.
  if (transfer.had > 0 && (status == 416 || result == CURLE_RANGE_ERROR)) {
    fs::remove(file, error);
    return download(url, file, tell, stop);
  }
  return fail(Code::unavailable, "models.download",
              fmt::format("{}: {}; the same command goes on from here", url.substr(0, url.find('?')),
                          reason[0] != '\0' ? reason : curl_easy_strerror(result)));
}

std::string origin_of(const std::string& url) { return url.substr(0, url.find('/', url.find("://") + 3)); }

std::size_t on_header(char* line, std::size_t size, std::size_t count, void* data) {
  take_header({line, size * count}, *static_cast<Said*>(data));
  return size * count;
}

// Asks without fetching, and before any redirect: where the file is stored is another host, and only the
// publisher's own counts.
Result<Said> ask_publisher(std::string url) {
  Said said;
  for (int hop = 0; hop < kAskedHops; ++hop) {
    char reason[CURL_ERROR_SIZE] = "";
    TRY(const auto curl, open_curl(url, reason));
    auto* handle = curl.get();
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, kAskS);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &said);
    const auto result = curl_easy_perform(handle);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status >= 400)
      return fail(Code::unavailable, "models.download",
                  fmt::format("{} was asked for the file's hash: {}", url.substr(0, url.find('?')),
                              result == CURLE_OK  ? fmt::format("it answers {}", status)
                              : reason[0] != '\0' ? reason
                                                  : curl_easy_strerror(result)));
    const char* next = nullptr;
    curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &next);
    if (!said.sha256.empty() || next == nullptr || origin_of(next) != origin_of(url)) break;
    url = next;
  }
  return said;
}

// What a listed model's file must be: as whoever pulls it says, else as its publisher does.
Result<Said> promised(const CatalogueEntry& entry, const PullOptions& options, const Tell& tell) {
  if (!options.sha256.empty()) return Said{.sha256 = lower_ascii(options.sha256)};
  if (entry.sources.empty()) return bad(entry.name + ": there is no address for it");
  const auto& url = entry.sources.front();
  TRY(auto said, ask_publisher(url));
  const auto host = origin_of(url);
  if (said.sha256.empty())
    return fail(Code::unavailable, "models.no_hash",
                fmt::format("{} does not say which SHA-256 {} has; if you know it: `troupe models pull {} "
                            "--sha256 HASH`",
                            host, entry.file, entry.name));
  tell(fmt::format("{} says SHA-256 {}", host, said.sha256), 0, said.size);
  return said;
}

Result<void> copy(const fs::path& from, const fs::path& to, const Tell& tell, const std::atomic<bool>& stop) {
  std::error_code error;
  const auto total = static_cast<std::int64_t>(fs::file_size(from, error));
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  std::vector<char> buffer(std::size_t{1} << 22);
  std::int64_t done = 0;
  while (in && out && !stop.load()) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    out.write(buffer.data(), in.gcount());
    done += in.gcount();
    tell("copy", done, total);
  }
  if (stop.load()) return fail(Code::cancelled, "models.stopped", "stopped");
  if (!in.eof())
    return fail(Code::unavailable, "models.unreadable", from.string() + " cannot be read to its end");
  if (!out.flush()) return fail(Code::unavailable, "models.write", to.string() + " cannot be written");
  return {};
}

Result<void> fetch(const std::vector<std::string>& sources, const fs::path& to, const Tell& tell,
                   const std::atomic<bool>& stop) {
  Result<void> last = bad("there is no address for it");
  for (const auto& source : sources) {
    last = is_address(source) ? download(source, to, tell, stop) : copy(source, to, tell, stop);
    if (last || last.error().code == Code::cancelled) break;
  }
  return last;
}

Result<void> check_source(const PullOptions& options) {
  if (options.source.starts_with("http://") && !from_here(options.source) && options.sha256.empty())
    return bad("plain http is taken only with --sha256: nobody else vouches for what comes");
  if (is_address(options.source)) return {};
  std::error_code error;
  if (fs::is_regular_file(options.source, error)) {
    // Before anything is copied.
    const auto head = read_gguf_head(options.source);
    if (head) return {};
    return fail(Code::invalid_argument, "models.refused", options.source + ": " + head.error().message);
  }
  return fail(Code::not_found, "models.unknown",
              "'" + options.source + "' is no model of the catalogue, no https address and no file");
}

void describe(CatalogueEntry& entry, const GgufHead& head, const PullOptions& options) {
  entry.licence = !options.licence.empty() ? options.licence
                  : !head.licence.empty()  ? head.licence
                                           : "not stated";
  entry.context_tokens = head.context_tokens > 0 ? std::min(head.context_tokens, kContextMax) : 2048;
  entry.tiers = options.tiers;
  if (!entry.tiers.empty()) return;
  if (head.chooses) {
    entry.tiers = {"choice"};
  } else if (head.embeds) {
    entry.tiers = {"embedding"};
  } else {
    entry.tiers = {"silver", "bronze"};
  }
}

}  // namespace

void take_header(std::string_view line, Said& said) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto name = lower_ascii(std::string(line.substr(0, colon)));
  auto value = trim(std::string(line.substr(colon + 1)));
  if (name == "x-linked-size") {
    std::int64_t size = 0;
    const auto* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, size);
    if (read.ec == std::errc() && read.ptr == end && size > 0 && size < kBytesMax) said.size = size;
  } else if (name == "x-linked-etag") {
    if (value.size() == 66 && value.front() == '"' && value.back() == '"') value = value.substr(1, 64);
    value = lower_ascii(value);
    const bool is_hash =
        value.size() == 64 && value.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_hash) said.sha256 = value;
  }
}

bool is_address(const std::string& source) {
  return source.starts_with("https://") || source.starts_with("http://");
}

Result<std::string> name_of(const PullOptions& options, const std::vector<CatalogueEntry>& catalogue) {
  const auto found = std::ranges::find(catalogue, options.source, &CatalogueEntry::name);
  if (found != catalogue.end() && !found->local) return found->name;
  TRY_VOID(check_source(options));
  auto name = options.name.empty() ? name_in(options.source) : options.name;
  TRY_VOID(check_name(name));
  const auto taken = std::ranges::find(catalogue, name, &CatalogueEntry::name);
  if (taken != catalogue.end() && !taken->local)
    return bad("'" + name + "' is a model of the catalogue; give this one another name with --name");
  return name;
}

Result<CatalogueEntry> pull(const PullOptions& options, const std::vector<CatalogueEntry>& catalogue,
                            const fs::path& models_dir, const Tell& tell, const std::atomic<bool>& stop) {
  const auto found = std::ranges::find(catalogue, options.source, &CatalogueEntry::name);
  const CatalogueEntry* known = found == catalogue.end() || found->local ? nullptr : &*found;
  TRY(const auto name, name_of(options, catalogue));
  CatalogueEntry entry = known != nullptr ? *known : CatalogueEntry{};
  if (known == nullptr) {
    entry.local = true;
    entry.name = name;
    entry.file = entry.name + ".gguf";
    entry.sha256 = lower_ascii(options.sha256);
    entry.source =
        options.source.substr(0, options.source.find_first_of("?#"));  // what follows may be a secret
    static const std::vector<std::string> kTiers = {"gold", "silver", "bronze", "embedding", "choice"};
    for (const auto& tier : options.tiers) {
      if (std::ranges::find(kTiers, tier) == kTiers.end())
        return bad("no tier '" + tier + "'" + did_you_mean(tier, kTiers) + " (" + join(kTiers, ", ") + ")");
    }
  } else if (find_verified(entry, models_dir).state == FileState::ready) {
    return entry;
  } else if (entry.listed) {
    TRY(const auto said, promised(entry, options, tell));
    entry.sha256 = said.sha256;
    entry.size = said.size;
  }
  const auto folder = models_dir / entry.name;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Code::unavailable, "models.write", folder.string() + ": " + error.message());
  const auto space = fs::space(folder, error);
  const auto needs = static_cast<std::uintmax_t>(std::max<std::int64_t>(0, entry.size)) + kSpareBytes;
  if (!error && space.available < needs)
    return fail(Code::exhausted, "models.no_space",
                fmt::format("{} MB of disk are free in {}, {} are needed", space.available >> 20,
                            folder.string(), needs >> 20));

  const auto partial = folder / (entry.file + ".partial");
  TRY_VOID(fetch(known != nullptr ? known->sources : std::vector<std::string>{options.source}, partial, tell,
                 stop));
  const auto size = static_cast<std::int64_t>(fs::file_size(partial, error));
  tell("verify", 0, size);
  const auto refuse = [&](const std::string& why) {
    fs::remove(partial, error);
    if (known == nullptr && !fs::exists(folder / "model.json", error)) fs::remove_all(folder, error);
    return fail(Code::invalid_argument, "models.refused", fmt::format("{}: {}", entry.name, why));
  };
  TRY(const auto own, hash_of(partial));
  if (!entry.sha256.empty() && own != entry.sha256)
    return refuse(fmt::format("its SHA-256 is {}..., {}... was promised", own.substr(0, 12),
                              entry.sha256.substr(0, 12)));
  const auto head = read_gguf_head(partial);
  if (!head) return refuse(head.error().message);
  if (known == nullptr) {
    entry.sha256 = own;
    entry.size = size;
    describe(entry, *head, options);
  }
  if (entry.listed) {
    // Before the file: one without its hash would be taken for damaged.
    entry.size = size;
    TRY_VOID(save_publisher(entry, models_dir));
  }
  fs::rename(partial, folder / entry.file, error);
  if (error) return fail(Code::unavailable, "models.write", folder.string() + ": " + error.message());
  if (known == nullptr) TRY_VOID(save_local(entry, models_dir));
  tell("done", size, size);
  return entry;
}

Result<std::int64_t> remove_files(const std::string& name, const fs::path& models_dir) {
  TRY_VOID(check_name(name));
  const auto folder = models_dir / name;
  std::error_code error;
  std::int64_t freed = 0;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    const auto size = file.file_size(error);
    if (!error) freed += static_cast<std::int64_t>(size);
  }
  if (!fs::exists(folder, error))
    return fail(Code::not_found, "models.missing", "'" + name + "' is not on this machine");
  fs::remove_all(folder, error);
  if (error) return fail(Code::unavailable, "models.remove", folder.string() + ": " + error.message());
  return freed;
}

}  // namespace troupe::models

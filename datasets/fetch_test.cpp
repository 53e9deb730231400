// SPDX-License-Identifier: MIT
#include "datasets/fetch.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <iterator>
#include <netinet/in.h>
#include <optional>
#include <sys/file.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <zlib.h>

#include <gtest/gtest.h>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct Query {
  std::string path;
  std::optional<std::size_t> from;  ///< of the header "Range: bytes=N-"
};

struct Answer {
  std::string bytes;  ///< status line, headers, body
  bool hang = false;  ///< keep the connection open until the client closes it
};

/// HTTP on a free port of 127.0.0.1, one connection at a time, in a thread of its own.
class Server {
 public:
  using Handler = std::function<Answer(const Query&)>;

  explicit Server(Handler handler) : handler_(std::move(handler)), socket_(listening()) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    ::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(socket_.number(), SHUT_RDWR);  // accept() returns
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/", port_); }
  [[nodiscard]] int queries() const { return queries_; }

 private:
  static int listening() {
    const int number = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(number, 8), 0);
    return number;
  }

  void serve() {
    while (true) {
      const Descriptor client(::accept(socket_.number(), nullptr, nullptr));
      if (!client.is_open()) return;
      const Answer answer = handler_(receive(client.number()));
      ++queries_;
      std::size_t sent = 0;
      while (sent < answer.bytes.size()) {
        const ssize_t now = ::send(client.number(), answer.bytes.data() + sent,
                                   answer.bytes.size() - sent, MSG_NOSIGNAL);
        if (now <= 0) break;
        sent += static_cast<std::size_t>(now);
      }
      char end = 0;
      if (answer.hang) {
        EXPECT_LE(::recv(client.number(), &end, 1, 0), 0);
      }
    }
  }

  static Query receive(int client) {
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(client, &c, 1, 0) == 1) head += c;
    const std::size_t start = head.find(' ') + 1;
    Query query{.path = head.substr(start, head.find(' ', start) - start)};
    const std::string_view range = "Range: bytes=";
    const std::size_t at = head.find(range);
    if (at != std::string::npos) query.from = std::stoul(head.substr(at + range.size()));
    return query;
  }

  Handler handler_;
  Descriptor socket_;
  std::uint16_t port_ = 0;
  std::atomic<int> queries_ = 0;
  std::jthread thread_;
};

std::string with_length(const std::string& status, std::size_t length, const std::string& body,
                        const std::string& headers = "") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}", status,
                     length, headers, body);
}

Answer ok(const std::string& body) { return {with_length("200 OK", body.size(), body)}; }
Answer not_found() { return {with_length("404 Not Found", 4, "lost")}; }

/// A server as it should be, one that understands ranges.
Answer ranged(const Query& query, const std::string& body) {
  if (!query.from) return ok(body);
  if (*query.from >= body.size()) return {with_length("416 Range Not Satisfiable", 0, "")};
  const std::string rest = body.substr(*query.from);
  return {with_length(
      "206 Partial Content", rest.size(), rest,
      fmt::format("Content-Range: bytes {}-{}/{}\r\n", *query.from, body.size() - 1, body.size()))};
}

std::string content() {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += fmt::format("{}\n", i);
  return text;
}

std::string raw(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void put(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class Fetch : public testing::Test {
 protected:
  Fetch() {
    ::unsetenv("GIBBON_MIRROR");
    ::setenv("no_proxy", "127.0.0.1", 1);
  }
  ~Fetch() override {
    ::unsetenv("GIBBON_MIRROR");
    interrupted = false;
  }
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  [[nodiscard]] RemoteFile file(std::vector<std::string> mirrors) const {
    return {.set = "set",
            .name = "data.bin",
            .mirrors = std::move(mirrors),
            .sha256 = sha256_hex(content_)};
  }
  [[nodiscard]] fs::path target() const { return folder_.path() / "set/data.bin"; }
  [[nodiscard]] fs::path part() const { return folder_.path() / "set/data.bin.part"; }
  void fetch(const RemoteFile& file) const { fetch_file(file, folder_.path(), {}); }

  const std::string content_ = content();
  const TemporaryFolder folder_;
};

TEST_F(Fetch, DownloadsAndReportsProgress) {
  const Server server([&](const Query& query) {
    EXPECT_EQ(query.path, "/data.bin");
    return ok(content_);
  });
  std::uint64_t last = 0;
  fetch_file(file({server.url()}), folder_.path(),
             [&](std::string_view name, std::uint64_t done, std::uint64_t total) {
               EXPECT_EQ(name, "data.bin");
               EXPECT_EQ(total, content_.size());
               EXPECT_GE(done, last);
               last = done;
             });
  EXPECT_EQ(last, content_.size());
  EXPECT_EQ(raw(target()), content_);
  EXPECT_FALSE(fs::exists(part()));
}

TEST_F(Fetch, DoesNothingWhenTheFileIsThere) {
  put(target(), content_);
  fetch(file({}));  // no server at all
  EXPECT_EQ(raw(target()), content_);
}

TEST_F(Fetch, ReplacesADamagedFile) {
  put(target(), content_.substr(1));
  const Server server([&](const Query&) { return ok(content_); });
  fetch(file({server.url()}));
  EXPECT_EQ(raw(target()), content_);
}

TEST_F(Fetch, TriesMirrorsInOrder) {
  const Server lost([](const Query&) { return not_found(); });
  const Server wrong([](const Query&) { return ok("something else"); });
  const Server right([&](const Query&) { return ok(content_); });
  const Server never([&](const Query&) { return ok(content_); });
  fetch(file({lost.url(), wrong.url(), right.url(), never.url()}));
  EXPECT_EQ(raw(target()), content_);
  EXPECT_EQ(lost.queries(), 1);
  EXPECT_EQ(wrong.queries(), 1);
  EXPECT_EQ(never.queries(), 0);
}

TEST_F(Fetch, AsksTheOwnMirrorFirst) {
  const Server own([&](const Query& query) {
    EXPECT_EQ(query.path, "/base/set/data.bin");
    return ok(content_);
  });
  const Server other([](const Query&) { return not_found(); });
  ::setenv("GIBBON_MIRROR", (own.url() + "base").c_str(), 1);
  fetch(file({other.url()}));
  EXPECT_EQ(raw(target()), content_);
  EXPECT_EQ(other.queries(), 0);
}

TEST_F(Fetch, GivesTheReasonOfEveryMirror) {
  std::string closed;
  {
    const Server gone([](const Query&) { return not_found(); });
    closed = gone.url();
  }
  const Server lost([](const Query&) { return not_found(); });
  const Server wrong([](const Query&) { return ok("something else"); });
  const Server moved([](const Query&) { return Answer{with_length("204 No Content", 0, "")}; });
  EXPECT_THAT(
      [&] {
        fetch(file({closed, lost.url(), wrong.url(), moved.url(), "ftp://host/"}));
      },
      ThrowsMessage<Error>(AllOf(
          HasSubstr("set/data.bin: cannot be downloaded ("),
          HasSubstr("(" + closed + "data.bin: Failed to connect"),
          HasSubstr("; " + lost.url() + "data.bin: HTTP status 404"),
          HasSubstr("; " + wrong.url() + "data.bin: wrong content, SHA-256 " +
                    sha256_hex("something else") + " instead of " + sha256_hex(content_)),
          HasSubstr("; " + moved.url() + "data.bin: unexpected answer, HTTP status 204"),
          HasSubstr("; ftp://host/data.bin: Protocol \"ftp\""), HasSubstr("$GIBBON_MIRROR"))));
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(Fetch, RemovesWrongContent) {
  const Server wrong([](const Query&) { return ok("something else"); });
  EXPECT_THROW(fetch(file({wrong.url()})), Error);
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(wrong.queries(), 1);
}

TEST_F(Fetch, KeepsATruncatedBody) {
  const std::string half = content_.substr(0, content_.size() / 2);
  const Server server(
      [&](const Query&) { return Answer{with_length("200 OK", content_.size(), half)}; });
  EXPECT_THAT([&] { fetch(file({server.url()})); },
              ThrowsMessage<Error>(HasSubstr(
                  fmt::format("with {} bytes remaining to read", content_.size() - half.size()))));
  EXPECT_EQ(raw(part()), half);
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(Fetch, ContinuesOnTheNextMirror) {
  const std::string half = content_.substr(0, content_.size() / 2);
  const Server first(
      [&](const Query&) { return Answer{with_length("200 OK", content_.size(), half)}; });
  const Server second([&](const Query& query) {
    EXPECT_EQ(query.from, half.size());
    return ranged(query, content_);
  });
  std::uint64_t last = 0;
  fetch_file(file({first.url(), second.url()}), folder_.path(),
             [&](std::string_view, std::uint64_t done, std::uint64_t total) {
               last = done;
               EXPECT_EQ(total, content_.size());
             });
  EXPECT_EQ(raw(target()), content_);
  EXPECT_EQ(last, content_.size());
}

TEST_F(Fetch, StartsAnewWhenTheServerIgnoresRanges) {
  put(part(), content_.substr(0, 1000));
  const Server server([&](const Query& query) {
    EXPECT_EQ(query.from, 1000U);
    return ok(content_);
  });
  fetch(file({server.url()}));
  EXPECT_EQ(raw(target()), content_);
  EXPECT_EQ(server.queries(), 1);
}

TEST_F(Fetch, RefusesAnotherRangeThanItAskedFor) {
  put(part(), content_.substr(0, 1000));
  const Server server([&](const Query&) { return ranged({.path = "", .from = 500}, content_); });
  EXPECT_THAT([&] { fetch(file({server.url()})); },
              ThrowsMessage<Error>(HasSubstr("unexpected answer, HTTP status 206")));
  EXPECT_EQ(raw(part()), content_.substr(0, 1000));
}

TEST_F(Fetch, RecoversFromAWrongPart) {
  put(part(), std::string(1000, 'x'));
  const Server server([&](const Query& query) { return ranged(query, content_); });
  fetch(file({server.url()}));
  EXPECT_EQ(raw(target()), content_);
  EXPECT_EQ(server.queries(), 2);
}

TEST_F(Fetch, TakesAPartThatIsComplete) {
  put(part(), content_);
  const Server server([&](const Query& query) { return ranged(query, content_); });
  fetch(file({server.url()}));
  EXPECT_EQ(raw(target()), content_);
  EXPECT_EQ(server.queries(), 1);
}

TEST_F(Fetch, RecoversFromAPartThatIsTooLong) {
  put(part(), content_ + "more");
  const Server server([&](const Query& query) { return ranged(query, content_); });
  fetch(file({server.url()}));
  EXPECT_EQ(raw(target()), content_);
}

TEST_F(Fetch, StopsWhenInterruptedAndGoesOnLater) {
  const std::string half = content_.substr(0, content_.size() / 2);
  std::atomic<bool> slow = true;
  const Server server([&](const Query& query) {
    if (slow) return Answer{.bytes = with_length("200 OK", content_.size(), half), .hang = true};
    EXPECT_EQ(query.from, half.size());
    return ranged(query, content_);
  });
  const auto stop = [&](std::string_view, std::uint64_t done, std::uint64_t) {
    if (done == half.size()) interrupted = true;
  };
  EXPECT_THAT(
      [&] { fetch_file(file({server.url()}), folder_.path(), stop); },
      ThrowsMessage<Error>(AllOf(HasSubstr("interrupted; the part already downloaded is in"),
                                 HasSubstr("data.bin.part; repeat the command"))));
  EXPECT_EQ(raw(part()), half);
  interrupted = false;
  slow = false;
  fetch(file({server.url()}));
  EXPECT_EQ(raw(target()), content_);
}

TEST_F(Fetch, HandsOnWhatProgressThrows) {
  const Server server([&](const Query&) { return ok(content_); });
  const auto fail = [](std::string_view, std::uint64_t, std::uint64_t) {
    throw std::runtime_error("terminal closed");
  };
  EXPECT_THAT([&] { fetch_file(file({server.url()}), folder_.path(), fail); },
              ThrowsMessage<std::runtime_error>("terminal closed"));
}

TEST_F(Fetch, LeavesAnotherProcessAlone) {
  put(part(), "theirs");
  std::FILE* theirs = std::fopen(part().c_str(), "r");
  ASSERT_EQ(::flock(::fileno(theirs), LOCK_EX), 0);
  EXPECT_THAT([&] { fetch(file({"http://127.0.0.1:1/"})); },
              ThrowsMessage<Error>(HasSubstr("another process is downloading this file")));
  std::fclose(theirs);
  EXPECT_EQ(raw(part()), "theirs");
}

TEST_F(Fetch, HashesContentOrFile) {
  const fs::path gz = folder_.path() / "x.gz";
  gzFile stream = gzopen(gz.c_str(), "wb");
  ASSERT_GT(gzwrite(stream, content_.data(), static_cast<unsigned>(content_.size())), 0);
  ASSERT_EQ(gzclose(stream), Z_OK);
  const std::string packed = raw(gz);
  const Server server([&](const Query&) { return ok(packed); });
  RemoteFile remote = file({server.url()});
  remote.name = "content.gz";
  fetch(remote);
  EXPECT_EQ(raw(folder_.path() / "set/content.gz"), packed);
  remote.name = "file.gz";
  remote.hash_of = HashOf::kFile;
  EXPECT_THAT([&] { fetch(remote); }, ThrowsMessage<Error>(HasSubstr(sha256_hex(packed))));
  remote.sha256 = sha256_hex(packed);
  fetch(remote);
  EXPECT_EQ(raw(folder_.path() / "set/file.gz"), packed);
}

TEST_F(Fetch, NoticesAStreamThatEndsEarly) {
  const Server server(
      [&](const Query&) { return ok("\x1F\x8B\x08 and so on and so on and so on"); });
  RemoteFile remote = file({server.url()});
  remote.name = "x.gz";
  EXPECT_THAT([&] { fetch(remote); }, ThrowsMessage<Error>(HasSubstr("the gzip stream")));
  EXPECT_FALSE(fs::exists(folder_.path() / "set/x.gz.part"));
}

}  // namespace
}  // namespace gibbon::datasets

// SPDX-License-Identifier: MIT
#include "datasets/fetch.hpp"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <sys/file.h>
#include <unistd.h>
#include <utility>
#include <zlib.h>

#include <gtest/gtest.h>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/http_server.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

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

// SPDX-License-Identifier: MIT
#include "models/published_network.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/http_server.hpp"
#include "models/onnx/handmade.hpp"

namespace gibbon::models {
namespace {

using datasets::Query;
using datasets::Server;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Published : public testing::Test {
 protected:
  Published() {
    ::unsetenv("GIBBON_MIRROR");
    ::setenv("no_proxy", "127.0.0.1", 1);
  }
  ~Published() override { interrupted = false; }
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  [[nodiscard]] PublishedNetwork network(std::vector<std::string> mirrors) const {
    return {.name = "small",
            .source = "by hand",
            .licence = "MIT",
            .file = {.set = "models",
                     .name = "small-7.onnx",
                     .mirrors = std::move(mirrors),
                     .sha256 = sha256_hex(bytes_),
                     .hash_of = datasets::HashOf::kFile},
            .scaling = {.mean = {1, 2, 3, 4}, .deviation = {2, 2, 2, 2}}};
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return folder_.path() / name;
  }
  void fetch(const PublishedNetwork& network, bool replaced = false) const {
    fetch_network(network, path("cache"), path("small.onnx"), replaced, {});
  }
  void expect_fetched() const {
    const ModelFile file = read_model(path("small.onnx"));
    EXPECT_THAT(file.network.normalisation.shift, testing::ElementsAre(1, 2, 3, 4));
    const auto& metadata = file.network.metadata;
    EXPECT_EQ(metadata.at("gibbon.input.mean"), "1,2,3,4");
    EXPECT_EQ(metadata.at("gibbon.source"), "by hand");
    EXPECT_EQ(metadata.at("gibbon.source.sha256"), sha256_hex(bytes_));
    EXPECT_EQ(read_file(path("cache/models/small-7.onnx")), bytes_);
    EXPECT_FALSE(is_there(path("cache/models/small-7.onnx.part")));
  }

  const std::string bytes_ = onnx::usual().bytes();
  const TemporaryFolder folder_;
};

TEST_F(Published, IsFetchedWithItsScalingInside) {
  const Server server([&](const Query& query) {
    EXPECT_EQ(query.path, "/zoo/small-7.onnx");
    return datasets::ok(bytes_);
  });
  fetch(network({server.url() + "zoo/"}));
  expect_fetched();
  // The published file is kept: nobody is asked again.
  remove_file(path("small.onnx"));
  fetch(network({}));
  expect_fetched();
}

TEST_F(Published, ComesFromTheNextMirrorAndGoesOn) {
  const std::string half = bytes_.substr(0, bytes_.size() / 2);
  const Server dead([](const Query&) { return datasets::not_found(); });
  const Server breaks([&](const Query&) {
    return datasets::Answer{datasets::with_length("200 OK", bytes_.size(), half)};
  });
  const Server right([&](const Query& query) {
    EXPECT_EQ(query.from, half.size());
    return datasets::ranged(query, bytes_);
  });
  fetch(network({dead.url(), breaks.url(), right.url()}));
  expect_fetched();
}

TEST_F(Published, IsNotWrittenWhenItIsAnother) {
  const Server wrong([](const Query&) { return datasets::ok("something else"); });
  EXPECT_THAT([&] { fetch(network({wrong.url()})); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr("cannot be downloaded ("),
                        HasSubstr("wrong content, SHA-256 " + sha256_hex("something else")))));
  EXPECT_FALSE(is_there(path("small.onnx")));
  EXPECT_FALSE(is_there(path("cache/models/small-7.onnx")));
  // The right hash of what is not a network.
  PublishedNetwork text = network({wrong.url()});
  text.file.sha256 = sha256_hex("something else");
  EXPECT_THAT([&] { fetch(text); }, ThrowsMessage<Error>(HasSubstr("not an ONNX model")));
  EXPECT_FALSE(is_there(path("small.onnx")));
}

TEST_F(Published, StopsInTheMiddleAndGoesOnLater) {
  {
    const Server stops([&](const Query&) {
      interrupted = true;
      return datasets::Answer{datasets::with_length("200 OK", bytes_.size(), bytes_.substr(0, 40)),
                              true};
    });
    EXPECT_THAT([&] { fetch(network({stops.url()})); },
                ThrowsMessage<Error>(HasSubstr("repeat the command to continue")));
  }
  EXPECT_FALSE(is_there(path("small.onnx")));
  interrupted = false;
  const Server server([&](const Query& query) { return datasets::ranged(query, bytes_); });
  fetch(network({server.url()}));
  expect_fetched();
}

TEST_F(Published, ReplacesNoOtherFileUnlessToldTo) {
  const Server server([&](const Query&) { return datasets::ok(bytes_); });
  write_atomically(path("small.onnx"), "mine");
  EXPECT_THAT([&] { fetch(network({server.url()})); },
              ThrowsMessage<Error>(HasSubstr("another file is already there")));
  EXPECT_EQ(read_file(path("small.onnx")), "mine");
  fetch(network({server.url()}), true);
  expect_fetched();
  fetch(network({}));  // the same file
}

TEST_F(Published, EveryEntrySaysWhatItTakes) {
  std::set<std::string> hashes;
  for (const PublishedNetwork& entry : published_networks()) {
    EXPECT_TRUE(hashes.insert(entry.file.sha256).second) << entry.name;
    EXPECT_EQ(entry.file.sha256.size(), 64U) << entry.name;
    EXPECT_EQ(entry.file.sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_GE(entry.file.mirrors.size(), 2U) << entry.name;
    for (const std::string& mirror : entry.file.mirrors) {
      EXPECT_TRUE(mirror.starts_with("https://") && mirror.ends_with("/")) << mirror;
    }
    EXPECT_EQ(entry.scaling.mean.size(), 3U) << entry.name;
    EXPECT_EQ(entry.scaling.deviation.size(), 3U) << entry.name;
    EXPECT_FALSE(entry.licence.empty()) << entry.name;
  }
  EXPECT_EQ(published_networks().size(), 3U);
}

}  // namespace
}  // namespace gibbon::models

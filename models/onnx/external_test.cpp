// SPDX-License-Identifier: MIT
// Weights in files beside the model: read, and only from its own folder.
#include <fstream>
#include <sys/stat.h>

#include "base/limits.hpp"
#include "base/temporary_folder.hpp"
#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

using Entries = std::vector<std::pair<std::string, std::string>>;

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string raw(const Floats& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// usual() in a folder of its own; W1 lies where `entries` say.
class External {
 public:
  External() {
    std::filesystem::create_directories(folder() / "weights");
    write(folder() / "weights" / "w.bin", "head" + raw(kW1));
    write(temporary_.path() / "outside.bin", raw(kW1));
  }

  [[nodiscard]] std::filesystem::path folder() const { return temporary_.path() / "model"; }

  [[nodiscard]] ModelFile read(const Entries& entries) const {
    Handmade m = usual();
    ::onnx::TensorProto& tensor = *m.graph().mutable_initializer(0);
    tensor.clear_float_data();
    tensor.set_data_location(::onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : entries) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    write(folder() / "m.onnx", m.bytes());
    return read_model(folder() / "m.onnx");
  }

  void refuses(const Entries& entries, const std::string& why) const {
    EXPECT_THAT([&] { static_cast<void>(read(entries)); },
                ThrowsMessage<Error>((folder() / "m.onnx").string() + ": tensor 'W1': " + why));
  }

 private:
  TemporaryFolder temporary_;
};

TEST(ExternalData, AreReadFromTheModelsFolder) {
  const External external;
  const Entries whole{{"location", "weights/w.bin"}, {"offset", "4"}, {"length", "48"}};
  const ModelFile file = external.read(whole);
  expect_same(file.network, expected());
  EXPECT_EQ(file.sha256.size(), 64U);
  expect_same(
      external.read({{"location", "weights/w.bin"}, {"offset", "4"}, {"checksum", "x"}}).network,
      expected());
  std::filesystem::create_symlink("weights/w.bin", external.folder() / "link.bin");
  expect_same(external.read({{"location", "link.bin"}, {"offset", "4"}}).network, expected());
  // Other weights are another model, though the file itself is the same.
  Floats others = kW1;
  others[5] = 1.0F;
  write(external.folder() / "weights" / "w.bin", "head" + raw(others));
  EXPECT_NE(external.read(whole).sha256, file.sha256);
}

TEST(ExternalData, OutsideTheFolderAreRefused) {
  const External external;
  const auto outside = [&](const std::string& location) {
    external.refuses({{"location", location}},
                     "its data lie in '" + location +
                         "', outside the folder of the model; allowed are files in that folder; "
                         "move it there, or export the model as one file");
  };
  outside((external.folder().parent_path() / "outside.bin").string());
  outside("../outside.bin");
  outside("weights/../../outside.bin");
  outside("weights/../weights/w.bin");
  std::filesystem::create_symlink("../outside.bin", external.folder() / "link.bin");
  outside("link.bin");
  std::filesystem::create_directory_symlink("..", external.folder() / "up");
  outside("up/outside.bin");
  // A folder whose name begins as the model's does.
  std::filesystem::create_directories(external.folder().string() + "2");
  write(external.folder().string() + "2/w.bin", raw(kW1));
  std::filesystem::create_symlink("../model2/w.bin", external.folder() / "twin.bin");
  outside("twin.bin");
}

TEST(ExternalData, ThatAreDamagedAreRefused) {
  const External external;
  const std::string where = "weights/w.bin";
  external.refuses({}, "its data lie in a file without a name");
  external.refuses(
      {{"location", "none.bin"}},
      "its data lie in 'none.bin', which cannot be read: No such file or directory; put "
      "it beside the model");
  external.refuses({{"location", "weights"}}, "its data lie in 'weights', which is no file");
  ASSERT_EQ(mkfifo((external.folder() / "pipe").c_str(), 0600), 0);
  external.refuses({{"location", "pipe"}}, "its data lie in 'pipe', which is no file");
  external.refuses({{"location", where}},
                   "13 values, but its shape asks for 12; the file is damaged");
  external.refuses({{"location", where}, {"length", "53"}},
                   "its data are 53 bytes from 0 on of 'weights/w.bin', which has 52; the file is "
                   "damaged");
  external.refuses(
      {{"location", where}, {"offset", "18446744073709551615"}, {"length", "48"}},
      "its data are 48 bytes from 18446744073709551615 on of 'weights/w.bin', which has "
      "52; the file is damaged");
  external.refuses({{"location", where}, {"offset", "-4"}},
                   "its offset '-4' is not a whole number");
  external.refuses({{"location", where}, {"location", where}}, "its location occurs twice");
  external.refuses(
      {{"location", where}, {"basepath", "/"}},
      "'basepath' of its data is not supported; known are location, offset, length and "
      "checksum");
}

TEST(ExternalData, CountAgainstTheLimit) {
  const External external;
  write(external.folder() / "large.bin", std::string(1 << 20, '\0'));
  const std::size_t before = file_limit.exchange(1 << 20);
  EXPECT_THAT(
      [&] {
        static_cast<void>(external.read({{"location", "large.bin"}}));
      },
      ThrowsMessage<Error>(HasSubstr("allow more with --file-limit")));
  file_limit = before;
}

TEST(ExternalData, NeedAFolder) {
  Handmade m = usual();
  m.graph().mutable_initializer(0)->set_data_location(::onnx::TensorProto::EXTERNAL);
  m.expect_refused("tensor 'W1': its data lie in another file; export the model as one file");
}

}  // namespace
}  // namespace gibbon::models::onnx

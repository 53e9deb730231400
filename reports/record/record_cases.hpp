// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "reports/record/record.hpp"

// The small run and gallery that the tests of this folder share, and what compares with golden
// files.
namespace gibbon::reports::record::cases {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline CurvePoint point(std::string attack, std::string_view kind, double epsilon,
                        std::uint64_t correct) {
  const bool fooled = correct < 180;
  return {.attack = std::move(attack),
          .norm = "linf",
          .kind = row_kind_named(kind).value(),
          .epsilon = epsilon,
          .n = 200,
          .clean_correct = 180,
          .correct = correct,
          .correct_rounded = correct + (fooled ? 1U : 0U),
          .has_rounded = true,
          .target_reached = 0,
          .targeted_n = 0,
          .carried = fooled ? 2U : 0U,
          .mean_wrong_confidence = fooled ? 0.75 : kNan,
          .median_wrong_confidence = fooled ? 0.8125 : kNan,
          .mean_distance =
              fooled ? PerNorm{{600.0, 50.5, 2.25, epsilon}} : PerNorm{{kNan, kNan, kNan, kNan}},
          .class_n = {100, 60, 40},
          .class_correct = {correct / 2, correct / 4, correct - correct / 2 - correct / 4}};
}

/// Three classes, 200 images; one attack, one control, the worst case; one ε is 8/255. Names hold
/// what CSV, Markdown, gnuplot and HTML act on.
inline Run run() {
  Run run;
  run.provenance = {
      {"schema", 1},
      {"model", {{"name", "mlp <script>alert('x')</script>"}, {"units", {784, 32, 3}}}},
      {"data",
       {{"name", "three digits"},
        {"split", "test"},
        {"units", "[0, 1]"},
        {"classes", {"zero", "one|1", "<two>"}}}},
      {"seed", 7},
      {"command", "gibbon run \"a & b.toml\" -o out/"}};
  const double step = 8.0 / 255.0;
  run.curve = {point("fgsm:loss=ce,\"x\"", "attack", 0.0, 180),
               point("fgsm:loss=ce,\"x\"", "attack", step, 120),
               point("fgsm:loss=ce,\"x\"", "attack", 0.1, 20),
               point("noise-sign", "control", step, 179),
               point("noise-sign", "control", 0.1, 170),
               point("worst-case", "worst-case", 0.0, 180),
               point("worst-case", "worst-case", step, 118),
               point("worst-case", "worst-case", 0.1, 0)};
  run.samples = {{.curve_row = 0,
                  .id = 3,
                  .label = 1,
                  .clean_label = 1,
                  .found_label = 1,
                  .rounded_label = 1,
                  .inside_ball = 1,
                  .inside_box = 1,
                  .confidence = 0.5F},
                 {.curve_row = 2,
                  .id = 1ULL << 40U,
                  .label = 2,
                  .target = 0,
                  .clean_label = 2,
                  .found_label = 0,
                  .rounded_label = 0,
                  .inside_ball = 1,
                  .inside_box = 1,
                  .fooled = 1,
                  .broken = 1,
                  .confidence = 0.875F,
                  .distances = {{780, 50.25, 2.5, 0.1}}}};
  run.diagnosis = {"fgsm: <b>no</b> zero gradients & nothing masked."};
  return run;
}

/// A 4 × 4 ramp; the perturbation is +ε in column 0, -ε in column 1, 0 elsewhere.
inline GalleryItem item(std::uint64_t id, double epsilon, std::uint32_t channels = 1) {
  GalleryItem item{.id = id,
                   .attack = "fgsm",
                   .norm = "linf",
                   .epsilon = epsilon,
                   .label = 1,
                   .clean_label = 1,
                   .found_label = epsilon > 0.05 ? 2 : 1,
                   .clean_confidence = 0.998,
                   .found_confidence = 0.971,
                   .still_adversarial = epsilon > 0.05,
                   .distances = {{8.0, 8 * epsilon, std::sqrt(8.0) * epsilon, epsilon}},
                   .forwards = 3,
                   .backwards = 2,
                   .file = "images/one.png",
                   .sha256 = "5a"};
  item.clean = {.height = 4, .width = 4, .channels = channels, .values = {}};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::uint32_t c = 0; c < channels; ++c) {
      item.clean.values.push_back(static_cast<std::uint8_t>(16 * i));
      const double sign = i % 4 == 0 ? 1.0 : i % 4 == 1 ? -1.0 : 0.0;
      item.perturbation.push_back(static_cast<float>(sign * epsilon));
    }
  item.adversarial = item.clean;
  return item;
}

inline Gallery gallery() {
  return {.class_names = {"zero", "one", "<two>"},
          .items = {item(42, 0.1), item(42, 0.02), item(7, 0.1)}};
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A folder of this process alone, gone when it ends: CTest runs the tests of one program side by
/// side.
class ScratchFolder {
 public:
  ScratchFolder() : path_(testing::TempDir() + "gibbon_reports_" + std::to_string(getpid())) {
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline const ScratchFolder& scratch() {
  static const ScratchFolder folder;
  return folder;
}

/// Writes `bytes` where the test may, and returns the path.
inline std::string scratch_file(const std::string& name, const std::string& bytes) {
  std::string path = scratch().file(name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// Byte for byte against reports/record/golden/<name>. GIBBON_WRITE_GOLDEN=1 in the environment
/// renews the file.
inline void expect_golden(const std::string& name, const std::string& actual) {
  const auto path =
      std::filesystem::path(GIBBON_SOURCE_DIR) / "reports" / "record" / "golden" / name;
  if (std::getenv("GIBBON_WRITE_GOLDEN") != nullptr)
    std::ofstream(path, std::ios::binary) << actual;
  EXPECT_EQ(read_file(path), actual) << path;
}

/// Runs a line of Python with the given file as argument; what it printed.
inline std::string python(const std::string& code, const std::string& path) {
  const std::string output = scratch().file("python.txt");
  const std::string command =
      "/usr/bin/python3 -c '" + code + "' '" + path + "' > '" + output + "' 2>&1";
  const int status = std::system(command.c_str());
  return (status == 0 ? "" : "failed: ") + read_file(output);
}

/// "" when the text is well-formed XML, else the parser's words.
inline std::string xml_problem(const std::string& name, const std::string& xml) {
  return python("import sys, xml.dom.minidom as m; m.parse(sys.argv[1])", scratch_file(name, xml));
}

/// What `call` throws as text; "" when nothing.
template <class Exception, class Call>
std::string message_of(Call call) {
  try {
    static_cast<void>(call());
  } catch (const Exception& problem) {
    return problem.what();
  }
  return "";
}

}  // namespace gibbon::reports::record::cases

// SPDX-License-Identifier: MIT
// Names come out of files and from strangers; none of them may act on the terminal they are shown
// on.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/printable.hpp"
#include "datasets/image_io.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

constexpr const char* kHostile =
    "a\x1b]0;title\x07\x1b[2J\nforged: 100 %\xC2\x9B"
    "31m";

void make_pictures(const std::filesystem::path& folder) {
  for (const char* split : {"train", "test"}) {
    std::uint8_t level = 40;
    for (const char* name : {kHostile, "plain"}) {
      std::filesystem::create_directories(folder / split / name);
      for (int k = 0; k < 8; ++k) {
        datasets::write_png(folder / split / name / fmt::format("{}.png", k),
                            {.height = 4,
                             .width = 4,
                             .channels = 1,
                             .pixels = std::vector<std::uint8_t>(16, ++level)});
      }
      level = 200;
    }
  }
}

/// Every line of a command's output, as a terminal has to take it.
void expect_harmless(const Shell::Result& result, const std::string& line) {
  for (const std::string& text : {result.out, result.err}) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find('\n'));
      EXPECT_EQ(printable(one), one) << line;
      EXPECT_FALSE(one.starts_with("forged")) << line << "\n" << text;
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
  }
}

TEST(Escape, NamesOfClassesAndFilesDoNotActOnTheTerminal) {
  const Shell shell;
  make_pictures(shell.path("pics"));
  const std::string model = std::string("$'m\\e[2J\\nforged.onnx'");
  for (const std::string& line : {
           "gibbon train --data pics --arch 16-8-2 --epochs 40 --batch 4 -o " + model,
           std::string("gibbon data show pics"),
           "gibbon sweep --data pics --attack fgsm --epsilons 0,0.3 --save adv.npz -o r --model " +
               model,
           "gibbon explain --data pics --sample 0 --model " + model,
           "gibbon certify --data pics --epsilons 0.1 -o r --model " + model,
           "gibbon transfer --from adv.npz --model " + model,
           std::string("gibbon report r"),
           std::string("gibbon gallery r --class plain"),
           std::string("gibbon baseline r -o b.json && gibbon check r --baseline b.json"),
           std::string("gibbon gallery r --class $'x\\e[31m'; test $? = 2"),
           std::string("gibbon sweep --model $'no\\e[31m.onnx'; test $? = 3"),
           std::string("gibbon $'\\e[31m'; test $? = 2"),
       }) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, 0) << line << "\n" << result.out << result.err;
    expect_harmless(result, line);
  }
}

}  // namespace
}  // namespace gibbon::eval::cli

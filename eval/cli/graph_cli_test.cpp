// SPDX-License-Identifier: MIT
// Convolutional networks on the command line: what takes them, and what refuses them by name.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class GraphCli : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
      GTEST_SKIP() << "set GIBBON_ORACLES to the folder with conv/ and panda/, GIBBON_DATA to that "
                      "with mnist/";
    }
    oracles_ = environment("GIBBON_ORACLES");
  }

  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell_.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }

  Shell shell_;
  std::string oracles_;
};

TEST_F(GraphCli, IsSweptAndNotYetProved) {
  const std::string model = " --model " + oracles_ + "/conv/wong_conv_0.1.onnx --data mnist";
  const auto swept = expect(
      0, "gibbon sweep" + model + " --samples 0:40 --attack fgsm --epsilons 0,0.3 -o run --quiet");
  EXPECT_THAT(swept.out, HasSubstr("28×28×1-conv16-conv32-100-10"));
  EXPECT_THAT(shell_.text("run/report.html"), HasSubstr("conv16-conv32"));
  const std::string reason =
      "it takes multilayer perceptrons alone so far, and node 't1' (Conv) is "
      "a conv 16: 4×4, stride 2, pad 1";
  EXPECT_THAT(expect(2, "gibbon certify" + model).err, HasSubstr("certify: " + reason));
}

TEST_F(GraphCli, IsExplainedPixelByPixel) {
  const auto lesson =
      expect(0, "gibbon explain --data mnist --sample 0 --model " + oracles_ + "/conv/lenet5.onnx");
  // The pixel and the window, the weights and the sums: to be checked with a pencil.
  EXPECT_THAT(
      lesson.out,
      AllOf(HasSubstr("pixel v1[25,13,16], the largest: Σ_ijc W1[16,i,j,c] · x[i,j,c] over its "
                      "window + b1[16] = +1.70265 + +0.0466083 = +1.74926"),
            HasSubstr("is v2[25,13,16] = +1.74926"), HasSubstr("over all 32 channels"),
            HasSubstr("∂C/∂W1[12,1,2,1] = Σ over 784 places of the window, ∂C/∂v1[·,·,12] · the x "
                      "under it: 31 products not 0, sum +3.63726e-05 = +3.63726e-05"),
            HasSubstr("sum -1.15563e-05 = -1.15563e-05"), HasSubstr("CERTIFICATE: none.")));
}

#ifdef GIBBON_WITH_TORCH
TEST_F(GraphCli, AgreesWithLibTorch) {
  const std::string model =
      " --model " + oracles_ + "/conv/wong_conv_0.1.onnx --data mnist --samples 0:8";
  EXPECT_THAT(expect(0, "gibbon crosscheck" + model).out,
              AllOf(HasSubstr("1 conv 16: 4×4, stride 2, pad 1: ∂J/∂θ"), HasSubstr("lines agree")));
  expect(0, "gibbon sweep" + model + " --attack pgd:steps=3 --epsilons 0.1 --crosscheck -o x");
}
#endif

TEST_F(GraphCli, ThePandaIsPictured) {
  const auto made =
      expect(0, "gibbon gallery --image " + oracles_ + "/panda/photos/panda.jpg --model " +
                    oracles_ + "/panda/squeezenet.onnx --epsilons 0.007 --attack fgsm -o p");
  EXPECT_THAT(made.err, HasSubstr("scaled to 227 x 227; the model predicts 388"));
  EXPECT_THAT(made.out, HasSubstr("1 images, 1 of them adversarial as 8-bit PNG"));
}

TEST_F(GraphCli, OtherPicturesAreRefused) {
  EXPECT_THAT(expect(2, "gibbon sweep --model " + oracles_ +
                            "/panda/squeezenet.onnx --data mnist --samples 0:4 -o x")
                  .err,
              HasSubstr("takes images of 227×227×3 (rows × columns × channels), but mnist has "
                        "28×28×1"));
}

}  // namespace
}  // namespace gibbon::eval::cli

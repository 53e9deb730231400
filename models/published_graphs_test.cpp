// SPDX-License-Identifier: MIT
// Convolutional networks that others trained, with numbers that another program worked out in
// float64. $GIBBON_ORACLES names their folder, $GIBBON_DATA that of the data sets.
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/environment.hpp"
#include "datasets/dataset.hpp"
#include "datasets/image_io.hpp"
#include "models/model_file.hpp"
#include "models/target.hpp"

namespace gibbon::models {
namespace {

namespace fs = std::filesystem;

class PublishedGraphs : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
      GTEST_SKIP() << "set GIBBON_ORACLES to the folder with conv/ and panda/, GIBBON_DATA to that "
                      "with mnist/";
    }
    folder_ = environment("GIBBON_ORACLES");
  }

  fs::path folder_;
};

std::vector<double> logits(const ClassifierOf<double>& model, Row x) {
  const std::vector<double> wide(x.begin(), x.end());
  TapeOf<double> tape = model.make_tape(1);
  const auto z = model.forward({wide.data(), 1, wide.size()}, tape).row(0);
  return {z.begin(), z.end()};
}

TEST_F(PublishedGraphs, LogitsOfTheFirstDigit) {
  const auto expected = nlohmann::json::parse(std::ifstream(folder_ / "conv" / "expected.json"));
  const datasets::Dataset digits = datasets::load("mnist", {.split = "test"});
  for (const auto& [name, entry] : expected.items()) {
    if (!entry.is_object()) continue;
    const Target target(read_model(folder_ / "conv" / (name + ".onnx")));
    require_fit(target, digits);
    const std::vector<double> z = logits(*target.exact, digits.images.row(0));
    Tape tape = target.fast->make_tape(1);
    const Rows single = target.fast->forward(digits.images.view().slice(0, 1), tape);
    const nlohmann::json& want = entry.at("logits0");
    ASSERT_EQ(z.size(), want.size()) << name;
    for (std::size_t k = 0; k < z.size(); ++k) {
      EXPECT_NEAR(z[k], want[k].get<double>(), 1e-6) << name;  // six places are given
      EXPECT_NEAR(static_cast<double>(single.row(0)[k]), want[k].get<double>(), 1e-4) << name;
    }
  }
}

// The slide on which the course ends: x, then clip(x + .007 sign(∇ₓJ)).
TEST_F(PublishedGraphs, ThePandaBecomesAnotherAnimal) {
  const auto expected = nlohmann::json::parse(std::ifstream(folder_ / "panda" / "expected.json"));
  const Target target(read_model(folder_ / "panda" / "squeezenet.onnx"));
  ASSERT_EQ(target.shape, (FeatureShape{227, 227, 3}));
  const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
  Tape tape = target.fast->make_tape(1);
  std::size_t photographs = 0;
  for (const auto& [name, entry] : expected.items()) {
    if (!entry.is_object()) continue;
    ++photographs;
    const datasets::Picture picture =
        datasets::read_picture(folder_ / "panda" / "images" / (name + ".png"), 3);
    Tensor x(1, picture.pixels.size());
    std::ranges::transform(picture.pixels, x.flat().begin(),
                           [](std::uint8_t level) { return static_cast<float>(level) / 255.0F; });
    const auto expect = [&](const char* which) {
      const std::vector<double> z = logits(*target.exact, x.row(0));
      const auto top = static_cast<std::size_t>(std::ranges::max_element(z) - z.begin());
      EXPECT_EQ(top, entry.at(which)[0].get<std::size_t>()) << name << ' ' << which;
      EXPECT_NEAR(confidence(Output::kSoftmax, std::span<const double>(z), top),
                  entry.at(which)[1].get<double>(), 0.002)
          << name << ' ' << which;
    };
    expect("clean");
    const Rows z = target.fast->forward(std::as_const(x).view(), tape);
    Tensor dlogits(1, z.cols);
    static_cast<void>(
        loss.evaluate(z.row(0), entry.at("label").get<std::size_t>(), dlogits.row(0)));
    Tensor dx(1, x.cols());
    target.fast->backward(tape, std::as_const(dlogits).view(), dx.view());
    for (std::size_t d = 0; d < x.cols(); ++d) {
      const float g = dx.flat()[d];
      const float sign = g > 0.0F ? 1.0F : (g < 0.0F ? -1.0F : 0.0F);
      x.flat()[d] = std::clamp(x.flat()[d] + 0.007F * sign, 0.0F, 1.0F);
    }
    expect("fgsm_linf_0.007");
  }
  EXPECT_EQ(photographs, 13U);
}

}  // namespace
}  // namespace gibbon::models

// SPDX-License-Identifier: MIT
// Convolutional networks on the command line: what takes them, and what refuses them by name.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/environment.hpp"
#include "datasets/image_io.hpp"
#include "eval/cli/shell.hpp"
#include "eval/runs/class_names.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::json;
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

  /// The network and what its classes are called.
  [[nodiscard]] std::string panda() const {
    return " --model " + oracles_ + "/panda/squeezenet.onnx --classes " + oracles_ +
           "/panda/classes.txt ";
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

// The figure in docs/usage.md.
TEST_F(GraphCli, TheEspressoOfTheDocumentsIsASoupBowl) {
  expect(0, "gibbon gallery --image " GIBBON_SOURCE_DIR "/docs/figures/espresso.webp" + panda() +
                "--epsilons 0.007 --attack fgsm -o e");
  const json item = json::parse(shell_.text("e/gallery.json"))[0];
  EXPECT_EQ(item["label_name"], "espresso");
  EXPECT_NEAR(item["clean_confidence"].get<double>(), 0.922, 0.002);
  EXPECT_EQ(item["unrounded"]["name"], "soup bowl");
  EXPECT_NEAR(item["unrounded"]["confidence"].get<double>(), 0.375, 0.02);
}

// The numbers of another program, on the whole way from the file of the photograph to gallery.json.
// A third of them: PublishedGraphs.* looks at the numbers of all.
TEST_F(GraphCli, PhotographsHaveNamesAndConfidences) {
  const json expected = json::parse(read_file(oracles_ + "/panda/expected.json"));
  const std::vector<std::string> names =
      runs::parse_class_names(read_file(oracles_ + "/panda/classes.txt"), "classes.txt");
  std::size_t photographs = 0;
  std::size_t attacked_by_label = 0;
  for (const auto& [name, entry] : expected.items()) {
    if (!entry.is_object()) continue;
    if (photographs++ % 3 != 0) continue;
    const auto name_of = [&](const json& label) { return names.at(label.get<std::size_t>()); };
    const std::string clean_name = name_of(entry["clean"][0]);
    const auto made =
        expect(0, "gibbon gallery --image " + oracles_ + "/panda/images/" + name + ".png" +
                      panda() + "--epsilons 0.007 --attack fgsm --force -o " + name);
    EXPECT_THAT(made.err, HasSubstr("the model predicts " + clean_name));
    EXPECT_THAT(made.out, HasSubstr(" % " + clean_name));
    const json item = json::parse(shell_.text(name + "/gallery.json"))[0];
    EXPECT_EQ(item["clean_label"], entry["clean"][0]) << name;
    EXPECT_EQ(item["label_name"], clean_name);
    EXPECT_NEAR(item["clean_confidence"], entry["clean"][1].get<double>(), 0.002) << name;
    EXPECT_EQ(item["top5"]["clean"].size(), 5U);
    EXPECT_EQ(item["top5"]["clean"][0]["name"], clean_name);
    // The gallery attacks what the model says, which is the label of the others alone.
    if (entry["clean"][0] != entry["label"]) continue;
    ++attacked_by_label;
    const json& attacked = entry["fgsm_linf_0.007"];
    EXPECT_EQ(item["unrounded"]["label"], attacked[0]) << name;
    EXPECT_EQ(item["unrounded"]["name"], name_of(attacked[0]));
    EXPECT_NEAR(item["unrounded"]["confidence"], attacked[1].get<double>(), 0.002) << name;
    EXPECT_THAT(made.out, HasSubstr(" % " + name_of(attacked[0])));
  }
  EXPECT_EQ(photographs, 13U);
  EXPECT_GE(attacked_by_label, 2U);
}

TEST_F(GraphCli, ThePandaBecomesAGibbon) {
  const std::string image = "--image " + oracles_ + "/panda/images/panda.png";
  // One image is shown at its surest: full=1 by itself.
  for (const std::string options : {"", ",steps=20,step=0.125"}) {
    const auto made =
        expect(0, "gibbon gallery " + image + panda() + "--label 'giant panda' --epsilons 0.007 " +
                      "--attack pgd:target=gibbon" + options + " --force -o p");
    EXPECT_THAT(made.out, AllOf(HasSubstr("label changed, target gibbon reached"),
                                testing::ContainsRegex("(> 99.9|100.0) % gibbon"),
                                HasSubstr("target reached in 1 of 1 as 8-bit PNG")));
    const json item = json::parse(shell_.text("p/gallery.json"))[0];
    EXPECT_EQ(item["target"], 368);
    EXPECT_EQ(item["unrounded"]["name"], "gibbon");
    EXPECT_GT(item["unrounded"]["confidence"].get<double>(), 0.999);
    EXPECT_EQ(item["found_name"], "gibbon") << "in steps of 1/255, too";
    EXPECT_GT(item["found_confidence"].get<double>(), 0.9);
  }
  // 227 × 227 pixels, three times, each 2 × 2 pixels of the PNG.
  const datasets::Picture slide =
      datasets::read_picture(shell_.path("p/gallery/sample_00000.png"), 3);
  EXPECT_GT(slide.width, 3U * 454U);
  EXPECT_LT(slide.width, 5U * 454U);
  EXPECT_GT(slide.height, 454U);
  for (const auto& [target, reason] :
       {std::pair{"gibon", "did you mean 'gibbon'"}, {"crane", "it may be #134 (crane), #517"}}) {
    EXPECT_THAT(
        expect(2, "gibbon gallery " + image + panda() + "--attack pgd:target=" + target + " -o x")
            .err,
        HasSubstr(reason));
  }
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

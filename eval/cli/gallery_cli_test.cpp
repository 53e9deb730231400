// SPDX-License-Identifier: MIT
// Galleries of runs, of models and of single pictures, and what other programs read of them.
#include <array>
#include <cstdlib>
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/sha256.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Two classes of 8 × 8 colour pictures, one with a name that HTML, shells and file systems act on.
constexpr const char* kPictures =
    "/usr/bin/python3 - <<'P'\n"
    "import zlib, struct, random, os\n"
    "def png(path, w, h, v):\n"
    "    r = random.Random(path)\n"
    "    def level(): return max(0, min(255, v + r.randint(-40, 40)))\n"
    "    raw = b''.join(b'\\0' + bytes(level() for c in range(3 * w)) for y in range(h))\n"
    "    def chunk(t, d): return struct.pack('>I', len(d)) + t + d + struct.pack('>I', "
    "zlib.crc32(t + d))\n"
    "    open(path, 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', "
    "w, "
    "h, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))\n"
    "for s in ('train', 'test'):\n"
    "    for name, v in (('<b>&\"dark\"', 70), ('bright', 185)):\n"
    "        os.makedirs(f'pics/{s}/{name}')\n"
    "        for k in range(12): png(f'pics/{s}/{name}/{k}.png', 8, 8, v)\n"
    "png('photo.png', 30, 20, 70)\n"
    "png('wide.png', 400, 2, 185)\n"
    "P\n";

class GalleryCli : public testing::Test {
 protected:
  GalleryCli() {
    expect(0,
           std::string(kPictures) +
               "gibbon train --data pics --arch 192-8-2 --epochs 30 --batch 8 --quiet -o m.onnx");
  }
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  /// A run of two attacks and a control at five budgets.
  void sweep() {
    expect(0,
           "gibbon sweep --model m.onnx --data pics --attack fgsm --attack 'worst-case(pgd,fmn)' "
           "--attack noise-sign --epsilons 0:0.4:0.1 --save adv.npz --quiet -o r");
  }
  [[nodiscard]] json manifest(const std::string& folder) const {
    return json::parse(shell.text(folder + "/gallery.json"));
  }
  Shell shell;
};

TEST_F(GalleryCli, ARunIsPicturedAgainWithTheSameBits) {
  sweep();
  const std::string before = shell.text("r/gallery.json");
  const std::string page = shell.text("r/report.html");
  EXPECT_THAT(expect(0, "gibbon gallery r --quiet").out,
              AllOf(HasSubstr("32 images, "), HasSubstr("gallery r/gallery")));
  EXPECT_EQ(shell.text("r/gallery.json"), before) << "hashes of all pictures among it";
  EXPECT_EQ(shell.text("r/report.html"), page);
  EXPECT_FALSE(shell.has("r/gallery.part"));

  expect(0, "gibbon gallery r --gallery 1 --quiet");
  const json all = manifest("r");
  ASSERT_EQ(all.size(), 16U) << "2 classes × 2 attacks × 4 budgets";
  EXPECT_TRUE(shell.has("r/gallery/by_attack_linf.png"));
  EXPECT_EQ(json::parse(shell.text("r/run.json"))["gallery"]["images"], 16);
  const std::string redrawn = shell.text("r/report.html");
  expect(0, "gibbon report r");
  EXPECT_EQ(shell.text("r/report.html"), redrawn) << "the page shows the new gallery";
  EXPECT_EQ(shell.text("r/report.html").find("<b>&"), std::string::npos);
}

TEST_F(GalleryCli, TheManifestSaysWhatWasSaved) {
  sweep();
  expect(
      0,
      "gibbon gallery r --attack 'worst-case(pgd,fmn)' --class bright --order fragile --gallery 3 "
      "--quiet -o g");
  const json items = manifest("g");
  ASSERT_EQ(items.size(), 12U);
  double last = 0.0;
  for (const json& item : items) {
    EXPECT_EQ(item["label_name"], "bright");
    EXPECT_EQ(sha256_hex(shell.text("g/" + item["file"].get<std::string>())), item["sha256"]);
    EXPECT_LE(item["distances"]["linf"], item["epsilon"].get<double>() + 1e-7);
    EXPECT_GT(item["forwards"], 0);
    EXPECT_EQ(item["confidences"].size(), 2U);
    EXPECT_EQ(item["still_adversarial"], item["found_label"] != item["label"]);
    EXPECT_GE(item["nearest"], last);
    last = item["nearest"];
  }
  const std::string victim = items[0]["file"];
  expect(0,
         "cp g/" + items[1]["file"].get<std::string>() + " g/" + victim + "; cp -r g/gallery* r");
  EXPECT_THAT(expect(3, "gibbon report r").err,
              AllOf(HasSubstr(victim), HasSubstr("not the image that was saved and judged")));
  expect(0, "sed -i 's|\"gallery/clean|\"../gallery/clean|' r/gallery.json");
  EXPECT_THAT(expect(3, "gibbon report r").err, HasSubstr("allowed are files in gallery/"));
}

TEST_F(GalleryCli, WalksPlayFromCleanToTheLargestBudget) {
  sweep();
  expect(0, "ls r/gallery/walk_*.webp > walks; test $(wc -l < walks) -eq 2");
  const auto info = expect(0, "webpinfo $(head -n 1 walks)");
  EXPECT_THAT(info.out, AllOf(HasSubstr("Loop count      : 0"), HasSubstr("Duration: 1500")));
  EXPECT_EQ(expect(0, "webpinfo $(head -n 1 walks) | grep -c Duration").out, "5\n");
}

TEST_F(GalleryCli, WhatDoesNotBelongToTheRunIsRefused) {
  sweep();
  const auto error = [&](int status, const std::string& rest) {
    return expect(status, "gibbon gallery r --quiet " + rest).err;
  };
  EXPECT_THAT(error(2, "--epsilons 0.1"), HasSubstr("--epsilons: not allowed with RUN"));
  EXPECT_THAT(error(2, "--attack pgd"), HasSubstr("known are fgsm, worst-case(pgd,fmn)"));
  EXPECT_THAT(error(2, "--class brigth"), HasSubstr("did you mean 'bright'?"));
  EXPECT_THAT(error(2, "--order fragil"), HasSubstr("did you mean 'fragile'?"));
  EXPECT_THAT(error(2, "--label 1"), HasSubstr("--image"));
  expect(0, "mv m.onnx away.onnx");
  EXPECT_THAT(error(3, ""), HasSubstr("the model m.onnx of the run no longer exists"));
  expect(0, "gibbon train --data pics --arch 192-4-2 --epochs 2 --quiet -o other.onnx");
  EXPECT_THAT(error(3, "--model other.onnx"), HasSubstr("is not the model of the run"));
  const std::string before = shell.text("r/gallery.json");
  expect(0, "gibbon gallery r --model away.onnx --quiet");
  EXPECT_EQ(shell.text("r/gallery.json"), before);
  expect(0, "cp pics/test/bright/1.png pics/test/bright/0.png");
  EXPECT_THAT(error(3, "--model away.onnx"), HasSubstr("the data differ from those of the run"));
  EXPECT_THAT(expect(3, "gibbon gallery nothing").err,
              HasSubstr("no run.json, so this is not a finished run"));
}

TEST_F(GalleryCli, OnePictureOfTheUsersOwn) {
  const auto run = expect(0,
                          "gibbon gallery --image photo.png --model m.onnx --data pics --attack "
                          "fgsm --attack pgd --epsilons 0.1,0.3 -o g");
  EXPECT_THAT(run.err, HasSubstr("photo.png: 30 x 20 colour pixels, the middle 20 x 20 of them, "
                                 "scaled to 8 x 8; the model predicts <b>&\"dark\""));
  const json items = manifest("g");
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[0]["label_name"], "<b>&\"dark\"");
  for (const char* file :
       {"by_attack_linf.png", "sample_00000_linf_pgd.png", "walk_00000_linf_fgsm.webp"}) {
    EXPECT_TRUE(shell.has(std::string("g/gallery/") + file)) << file;
  }
  EXPECT_THAT(
      expect(0, "gibbon gallery --image photo.png --invert --model m.onnx --epsilons 0.1 -o i").err,
      HasSubstr("inverted; the model predicts 1"))
      << "the other class, by its number";
  expect(0, "gibbon gallery --image wide.png --model m.onnx --epsilons 0.1 --quiet -o w");
}

/// Test digits of MNIST as photographs: dark ink somewhere on lit paper, in colour, as JPEG.
constexpr const char* kPhotographs =
    "/usr/bin/python3 - <<'P'\n"
    "import gzip, os, numpy as np\n"
    "from PIL import Image\n"
    "root = os.environ['GIBBON_DATA'] + '/mnist/t10k-'\n"
    "x = np.frombuffer(gzip.open(root + 'images-idx3-ubyte.gz').read(), np.uint8, "
    "offset=16).reshape(-1, 28, 28)\n"
    "r = np.random.default_rng(0)\n"
    "for k in range(10):\n"
    "    ink = np.zeros((480, 640))\n"
    "    top, left = r.integers(20, 250), r.integers(20, 400)\n"
    "    big = Image.fromarray(x[k]).resize((196, 196), Image.BICUBIC)\n"
    "    ink[top:top + 196, left:left + 196] = np.asarray(big) / 255\n"
    "    light = 140 + 90 * np.linspace(0, 1, 640)[None, :] * np.ones((480, 1))\n"
    "    grey = light * (1 - 0.7 * ink) + r.normal(0, 4, ink.shape)\n"
    "    rgb = np.stack([grey, grey * .97, grey * .9], -1).clip(0, 255).astype(np.uint8)\n"
    "    Image.fromarray(rgb).save(f'p{k}.jpg', quality=85)\n"
    "P\n";

TEST(DigitCli, APhotographOfADigitBecomesOneOfMnist) {
  const char* oracles = std::getenv("GIBBON_ORACLES");
  if (oracles == nullptr || std::getenv("GIBBON_DATA") == nullptr) GTEST_SKIP();
  const Shell shell;
  const std::string model = std::string(" --model ") + oracles + "/conv/lenet5.onnx ";
  ASSERT_EQ(shell.run(kPhotographs).status, 0);
  constexpr std::array kLabels{7, 2, 1, 0, 4, 1, 4, 9, 5, 9};
  std::size_t right = 0;
  for (std::size_t k = 0; k < kLabels.size(); ++k) {
    const auto run = shell.run("gibbon gallery --image p" + std::to_string(k) + ".jpg" + model +
                               "--epsilons 0.1 --force -o g");
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr("prepared as a digit of MNIST"));
    right += run.err.find("predicts " + std::to_string(kLabels[k])) != std::string::npos ? 1U : 0U;
  }
  EXPECT_GE(right, 9U);
  EXPECT_TRUE(shell.has("g/preparation.png"));
  EXPECT_EQ(json::parse(shell.text("g/gallery.json"))[0]["label_is_answer"], true);
  // As it is, a dark digit on a light page is no digit of MNIST.
  const auto fit = shell.run("gibbon gallery --image p0.jpg --prepare fit --label 7" + model +
                             "--epsilons 0.1 -o h");
  EXPECT_EQ(fit.status, 2);
  EXPECT_THAT(fit.err, HasSubstr("--label 7: the model predicts"));
  EXPECT_EQ(
      shell.run("gibbon gallery --image p0.jpg --label 7" + model + "--epsilons 0.1 -o h").status,
      0);
  EXPECT_THAT(
      shell.run("gibbon gallery --image p0.jpg --prepare digit --invert" + model + "-o i").err,
      HasSubstr("--invert: not allowed with --prepare digit"));
  EXPECT_THAT(shell.run("gibbon gallery --image p0.jpg --prepare photo" + model + "-o i").err,
              HasSubstr("allowed are auto, fit and digit"));
}

TEST_F(GalleryCli, PicturesThatCannotBeUsedAreNamed) {
  const auto error = [&](int status, const std::string& rest) {
    return expect(status, "gibbon gallery --model m.onnx -o g --image " + rest).err;
  };
  expect(0, "echo no > text.png; : > empty.png; head -c 200 photo.png > cut.png");
  EXPECT_THAT(error(3, "none.png"), HasSubstr("none.png"));
  EXPECT_THAT(error(3, "text.png"),
              HasSubstr("text.png: is not an image; PNG, JPEG, WebP, BMP, TIFF and PNM are read"));
  EXPECT_THAT(error(3, "empty.png"), HasSubstr("empty.png: is not an image"));
  EXPECT_THAT(error(3, "cut.png"), HasSubstr("cut.png"));
  EXPECT_THAT(error(2, "photo.png --label 7"), HasSubstr("--label 7: outside [0, 1]"));
  EXPECT_THAT(error(2, "photo.png --label 1"), HasSubstr("the model predicts 0 without attack"));
  EXPECT_THAT(error(2, "photo.png --samples 3"), HasSubstr("--samples: not allowed"));
  expect(0, "gibbon train --data moons --arch 2-4-2 --epochs 2 --quiet -o moons.onnx");
  EXPECT_THAT(expect(2, "gibbon gallery --model moons.onnx --image photo.png -o g").err,
              HasSubstr("the model takes 2 inputs, which do not form a square image"));
  EXPECT_FALSE(shell.has("g/gallery.json"));
}

TEST_F(GalleryCli, PandasReadsRecordsAndExamples) {
  sweep();
  EXPECT_THAT(
      expect(0,
             "/usr/bin/python3 - <<'P'\n"
             "import numpy, pandas\n"
             "s = pandas.DataFrame(numpy.load('r/samples.npy'))\n"
             "curve = pandas.read_csv('r/curve.csv')\n"
             "curve = curve[curve.attack != 'worst-case']\n"
             "out = (s.fooled == 1) | (s.clean_label != s.label)\n"
             "stand = (~out).groupby(s.curve_row).sum()\n"
             "assert (stand.values == curve.correct.values).all(), (stand, curve)\n"
             "assert (s.groupby('curve_row').size() == curve.n.values).all()\n"
             "f = numpy.load('adv.npz')\n"
             "a = pandas.DataFrame({k: f[k] for k in f.files if f[k].shape == (24,)})\n"
             "assert len(a) == 24 and ((a.broken == 1) == (a.predictions != a.labels)).all()\n"
             "g = pandas.read_json('r/gallery.json')\n"
             "assert (g.found_label != g.label).equals(g.still_adversarial)\n"
             "print('agree on', len(s), 'records')\n"
             "P")
          .out,
      HasSubstr("agree on 360 records"));
}

}  // namespace
}  // namespace gibbon::eval::cli

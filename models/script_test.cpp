// SPDX-License-Identifier: MIT
// TorchScript modules against the same networks read from ONNX, and everything that is wrong with
// some of them.
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/rng.hpp"
#include "models/open_target.hpp"

namespace gibbon::models {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

/// The files of gibbon_script_files, and a perceptron written as ONNX and as TorchScript.
class Scripts : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("gibbon_scripts_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    Rng rng(3, 0, "script-test");
    Network network;
    for (const auto& [in, out] : {std::pair<std::size_t, std::size_t>{784, 24}, {24, 10}}) {
      Dense layer{.weight = Tensor(out, in), .bias = std::vector<float>(out)};
      for (float& value : layer.weight.flat()) value = rng.uniform(-0.2F, 0.2F);
      for (float& value : layer.bias) value = rng.uniform(-0.2F, 0.2F);
      layer.activation = make_activation(in == 784 ? "relu" : "identity");
      network.layers.push_back(std::move(layer));
    }
    write_model(folder_ / "mlp.onnx", network);
    std::string line = GIBBON_BINARY_DIR "/gibbon_script_files '" + folder_.string() + "' '" +
                       (folder_ / "mlp.onnx").string() + "'";
    if (const std::string oracles = environment("GIBBON_ORACLES"); !oracles.empty())
      line += " '" + oracles + "/conv/lenet5.onnx'";
    ASSERT_EQ(std::system(line.c_str()), 0);
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static constexpr datasets::Shape kDigits{.height = 28, .width = 28, .channels = 1, .image = true};

  static Target open(const std::string& name, std::string_view input_shape = {}) {
    return open_target(read_model(folder_ / (name + ".pt")), input_shape, kDigits);
  }

  /// What is said about a file that cannot be used.
  static std::string fault(const std::string& name, std::string_view input_shape = {}) {
    try {
      static_cast<void>(open(name, input_shape));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      const std::string text = error.what();
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      EXPECT_THAT(text, HasSubstr(name + ".pt: "));
      return text;
    }
    return "no fault";
  }

  static Tensor noise(std::size_t rows) {
    Tensor x(rows, 784);
    Rng rng(5, 0, "script-test");
    for (float& value : x.flat()) value = rng.uniform(0.0F, 1.0F);
    return x;
  }

  /// Logits and vector-Jacobian product, `batch` rows at a time.
  struct Passes {
    Tensor logits;
    Tensor dx;
    TensorOf<double> exact;
    bool operator==(const Passes& other) const {
      return std::ranges::equal(logits.flat(), other.logits.flat()) &&
             std::ranges::equal(dx.flat(), other.dx.flat()) &&
             std::ranges::equal(exact.flat(), other.exact.flat());
    }
  };
  static Passes passes(const Target& target, const Tensor& x, std::size_t batch) {
    const std::size_t classes = target.num_classes();
    Passes out{Tensor(x.rows(), classes), Tensor(x.rows(), x.cols()),
               TensorOf<double>(x.rows(), classes)};
    Tape tape = target.fast->make_tape(batch);
    TapeOf<double> wide = target.exact->make_tape(batch);
    Tensor seeds(x.rows(), classes);
    TensorOf<double> same(x.rows(), x.cols());
    std::ranges::copy(x.flat(), same.flat().begin());
    for (std::size_t k = 0; k < seeds.flat().size(); ++k)
      seeds.flat()[k] = static_cast<float>(k % 7) - 3.0F;
    for (std::size_t first = 0; first < x.rows(); first += batch) {
      const std::size_t count = std::min(batch, x.rows() - first);
      const Rows z = target.fast->forward(x.view().slice(first, count), tape);
      std::ranges::copy(z.flat(), out.logits.row(first).data());
      target.fast->backward(tape, std::as_const(seeds).view().slice(first, count),
                            out.dx.view().slice(first, count));
      const auto exact =
          target.exact->forward(std::as_const(same).view().slice(first, count), wide);
      std::ranges::copy(exact.flat(), out.exact.row(first).data());
    }
    return out;
  }

  static void expect_near(const Passes& theirs, const Passes& ours) {
    for (std::size_t k = 0; k < ours.logits.flat().size(); ++k) {
      ASSERT_NEAR(theirs.logits.flat()[k], ours.logits.flat()[k], 1e-4) << k;
      ASSERT_NEAR(theirs.exact.flat()[k], ours.exact.flat()[k], 1e-10) << k;
    }
    for (std::size_t k = 0; k < ours.dx.flat().size(); ++k)
      ASSERT_NEAR(theirs.dx.flat()[k], ours.dx.flat()[k], 1e-4) << k;
  }

  static inline fs::path folder_;
};

TEST_F(Scripts, AreTheNetworkThatTheyWereMadeOf) {
  for (const std::string name : {"mlp", "mlp_frozen"}) {
    const Target script = open(name);
    EXPECT_EQ(script.architecture, "TorchScript " + name + ".pt");
    // As many rows as give the same bits each for itself: that depends on BLAS and machine.
    EXPECT_THAT(script.engine.at("input"), testing::AnyOf("16 × 784", "1 × 784"));
    EXPECT_EQ(script.engine.at("judge"), "float64");
    EXPECT_EQ(script.parameters, name == "mlp" ? 785U * 24U + 250U : 0U);
    expect_near(passes(script, noise(37), 37),
                passes(Target(read_model(folder_ / "mlp.onnx")), noise(37), 37));
  }
}

TEST_F(Scripts, ConvolveLikeTheFile) {
  const std::string oracles = environment("GIBBON_ORACLES");
  if (oracles.empty() || environment("GIBBON_DATA").empty())
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with conv/, GIBBON_DATA to that with mnist/";
  const datasets::Dataset data =
      datasets::select(datasets::load("mnist", {.split = "test", .data_dir = {}}), "0:500");
  const Target ours(read_model(oracles + "/conv/lenet5.onnx"));
  std::array<std::size_t, 2> correct{};
  const std::array targets{ours, open("lenet5")};
  EXPECT_THAT(targets[1].engine.at("input"), testing::AnyOf("16 × 1 × 28 × 28", "1 × 1 × 28 × 28"));
  EXPECT_EQ(targets[1].parameters, ours.parameters);
  // Not digits: on their black ground all windows of a pool are ties, which the rounding of BLAS
  // decides, on every machine otherwise.
  expect_near(passes(targets[1], noise(40), 40), passes(ours, noise(40), 40));
  for (std::size_t t = 0; t < 2; ++t) {
    const Target& target = targets[t];
    // FGSM linf, ε = 0.1, judged in double.
    Tape tape = target.fast->make_tape(data.size());
    const Rows z = target.fast->forward(data.images.view(), tape);
    Tensor seeds(z.rows, z.cols);
    const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
    for (std::size_t n = 0; n < z.rows; ++n)
      loss.evaluate(z.row(n), static_cast<std::size_t>(data.labels[n]), seeds.row(n));
    Tensor dx(z.rows, 784);
    target.fast->backward(tape, std::as_const(seeds).view(), dx.view());
    TensorOf<double> moved(z.rows, 784);
    for (std::size_t k = 0; k < dx.flat().size(); ++k) {
      const float sign = dx.flat()[k] > 0.0F ? 1.0F : dx.flat()[k] < 0.0F ? -1.0F : 0.0F;
      moved.flat()[k] = std::clamp(data.images.flat()[k] + 0.1F * sign, 0.0F, 1.0F);
    }
    TapeOf<double> wide = target.exact->make_tape(data.size());
    const auto judged = target.exact->forward(std::as_const(moved).view(), wide);
    for (std::size_t n = 0; n < z.rows; ++n) {
      const auto row = judged.row(n);
      correct[t] += std::ranges::max_element(row) - row.begin() == data.labels[n] ? 1U : 0U;
    }
  }
  EXPECT_NEAR(static_cast<double>(correct[0]), static_cast<double>(correct[1]), 2.0);
  EXPECT_GT(correct[0], 300U);
}

TEST_F(Scripts, HaveTheSameBitsForAnyBatchPlaceAndThread) {
  std::vector<std::string> names{"mlp", "batch_of_one"};
  if (!environment("GIBBON_ORACLES").empty()) names.emplace_back("lenet5");
  const Tensor x = noise(50);
  for (const std::string& name : names) {
    const Target target = open(name);
    const Passes once = passes(target, x, 50);
    for (const std::size_t batch : {1U, 7U, 16U}) EXPECT_EQ(passes(target, x, batch), once) << name;
    Passes first;
    Passes second;
    {
      const std::jthread one([&] { first = passes(target, x, 9); });
      const std::jthread other([&] { second = passes(target, x, 32); });
    }
    EXPECT_EQ(first, once) << name;
    EXPECT_EQ(second, once) << name;
  }
  EXPECT_EQ(open("batch_of_one").engine.at("input"), "1 × 1 × 28 × 28");
}

TEST_F(Scripts, ScoresAreFoundAmongSeveralOutputs) {
  const Tensor x = noise(5);
  EXPECT_EQ(passes(open("tuple"), x, 5), passes(open("four"), x, 5));
  for (const std::string name : {"one_logit", "one_number"}) {
    const Target target = open(name);
    EXPECT_EQ(target.num_classes(), 2U);
    const Passes found = passes(target, x, 5);
    for (std::size_t n = 0; n < 5; ++n) {
      EXPECT_EQ(found.logits.row(n)[0], 0.0F);
      EXPECT_NEAR(found.logits.row(n)[1], 3.0F * std::tanh(x.row(n)[0]) - 1.0F, 1e-6);
    }
  }
}

TEST_F(Scripts, GetColoursInLibTorchsOrder) {
  const ModelFile file = read_model(folder_ / "four.pt");
  const datasets::Shape colour{.height = 2, .width = 2, .channels = 3, .image = true};
  Tensor x(3, 12);
  for (std::size_t k = 0; k < 36; ++k) x.flat()[k] = static_cast<float>(k) / 36.0F;
  const Passes pictures = passes(open_target(file, "3,2,2", std::nullopt), x, 3);
  EXPECT_EQ(passes(open_target(file, "", colour), x, 3), pictures);
  EXPECT_EQ(passes(open_target(file, "12", colour), x, 3), pictures);  // rows: the same order
  // The first plane is that of red.
  for (std::size_t pixel = 0; pixel < 4; ++pixel)
    EXPECT_NEAR(pictures.logits.row(1)[pixel], 3.0F * std::tanh(x.row(1)[3 * pixel]), 1e-6);
}

TEST_F(Scripts, AreJudgedInFloat32WhereTheyForceIt) {
  const Target target = open("single");
  EXPECT_EQ(target.engine.at("judge"), "float32");
  ASSERT_EQ(target.notes.size(), 2U);
  EXPECT_THAT(target.notes[1], HasSubstr("cannot be judged in float64 (it returns Float"));
  const Passes found = passes(target, noise(3), 3);
  for (std::size_t k = 0; k < found.exact.flat().size(); ++k)
    EXPECT_EQ(found.exact.flat()[k], static_cast<double>(found.logits.flat()[k]));
}

TEST_F(Scripts, ThatMoveAreRefused) {
  EXPECT_THAT(fault("training"), AllOf(HasSubstr("it is in training mode"), HasSubstr("eval()")));
  EXPECT_THAT(fault("part_training"), HasSubstr("its part 'norm' is in training mode"));
  EXPECT_THAT(fault("dropout"), HasSubstr("two calls with the same input give different scores"));
  EXPECT_THAT(fault("mixed"), HasSubstr("depends on the others of its batch"));
}

TEST_F(Scripts, WithoutScoresAreRefused) {
  EXPECT_THAT(fault("nan"), HasSubstr("its scores are NaN"));
  EXPECT_THAT(fault("throws"), HasSubstr("no such input"));
  EXPECT_THAT(fault("label"), HasSubstr("it returns 16 (Long), but no scores"));
  EXPECT_THAT(fault("rank_four"), HasSubstr("it returns 16 × 4 × 1 × 1 (Float), but no scores"));
  EXPECT_THAT(fault("dictionary"), HasSubstr("it returns GenericDict, but no scores"));
  EXPECT_THAT(fault("classes"), HasSubstr("1568 classes; allowed are at most 1024"));
  EXPECT_THAT(fault("mlp", "1,28,28"), AllOf(HasSubstr("it was called with 16 × 1 × 28 × 28: "),
                                             HasSubstr("--input-shape")));
  EXPECT_THAT(fault("mlp", "10"), HasSubstr("it was called with 16 × 10: "));
}

TEST_F(Scripts, ThatThrowLaterSaySo) {
  const Target target = open("throws_sometimes");
  Tensor x = noise(20);
  Tape tape = target.fast->make_tape(20);
  static_cast<void>(target.fast->forward(std::as_const(x).view(), tape));
  x.row(17)[5] = 0.625F;
  try {
    static_cast<void>(target.fast->forward(std::as_const(x).view(), tape));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("throws_sometimes.pt: "), HasSubstr("a value is 0.625")));
  }
}

TEST_F(Scripts, DamagedFilesAreRefused) {
  const std::string whole = read_file(folder_ / "mlp.pt");
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{3}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    write_atomically(folder_ / "cut.pt", whole.substr(0, length));
    EXPECT_THAT(fault("cut"), HasSubstr("not a TorchScript archive, or a damaged one")) << length;
  }
  write_atomically(folder_ / "text.pt", "PK\3\4 and nothing else");
  EXPECT_THAT(fault("text"), HasSubstr("not a TorchScript archive"));
}

TEST_F(Scripts, TellWhatNeedsLayers) {
  const ModelFile file = read_model(folder_ / "mlp.pt");
  EXPECT_EQ(file.sha256.size(), 64U);
  try {
    static_cast<void>(perceptron_of(file, "certify"));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("certify: it needs the layers"),
                                    HasSubstr("mlp.pt is a TorchScript module")));
  }
  EXPECT_THROW(static_cast<void>(Target(file)), std::logic_error);
}

TEST(InputShape, IsOneOrThreeNumbers) {
  EXPECT_FALSE(parse_input_shape(""));
  EXPECT_EQ(parse_input_shape("784")->shape, (FeatureShape{.channels = 784}));
  EXPECT_EQ(parse_input_shape("3,32,48")->shape, (FeatureShape{32, 48, 3}));
  for (const char* text : {"0", "1,28", "1,28,28,1", "1,,28", "1,28,", ",1", "1x28", "-1", "a",
                           "99999999999999999999", "4096,4096,4096", " 1"}) {
    EXPECT_THROW(static_cast<void>(parse_input_shape(text)), Error) << text;
  }
}

}  // namespace
}  // namespace gibbon::models

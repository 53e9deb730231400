// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <numbers>
#include <utility>

#include <gtest/gtest.h>

#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::models {
namespace {

using testing::ThrowsMessage;

constexpr std::size_t kSamples = 5;
constexpr double kStep = 1e-5;
// Central differences in double: truncation h² f''' / 6 and rounding 2^-53 f / h, each below 1e-9
// for values, weights and derivatives of order 10.
constexpr double kSlack = 1e-7;

double sigma(const Activation& activation, double z) {
  const std::string_view name = activation.info->name;
  if (name == "identity") return z;
  if (name == "relu") return std::fmax(z, 0.0);
  if (name == "leaky-relu") return std::fmax(z, 0.0) + activation.alpha * std::fmin(z, 0.0);
  if (name == "sigmoid") return 1.0 / (1.0 + std::exp(-z));
  if (name == "tanh") return std::tanh(z);
  if (name == "softplus") return std::log1p(std::exp(z));
  if (name == "gelu") return 0.5 * z * (1.0 + std::erf(z / std::numbers::sqrt2));
  if (name == "elu") return z > 0.0 ? z : activation.alpha * (std::exp(z) - 1.0);
  if (name == "erf") return std::erf(z);
  if (name == "silu") return z / (1.0 + std::exp(-activation.alpha * z));
  if (name == "step") return z > 0.0 ? 1.0 : 0.0;
  throw std::logic_error("write this activation into gradient_test.cpp");
}

/// The network once more, sample by sample in loops; shares no arithmetic with Mlp. `parameters` in
/// the order W^1, b^1, W^2, …
std::vector<double> plain_logits(const Network& network, std::span<const double> parameters,
                                 std::vector<double> x) {
  const Normalisation& normal = network.normalisation;
  for (std::size_t d = 0; d < normal.shift.size(); ++d) {
    x[d] = (x[d] - double{normal.shift[d]}) / double{normal.scale[d]};
  }
  std::size_t next = 0;
  for (const Dense& layer : network.layers) {
    std::vector<double> z(layer.weight.rows());
    for (double& sum : z) {
      for (const double value : x) sum += parameters[next++] * value;
    }
    for (double& sum : z) sum = sigma(layer.activation, sum + parameters[next++]);
    x = std::move(z);
  }
  return x;
}

template <class Float>
TensorOf<Float> random(std::size_t rows, std::size_t cols, std::uint64_t key) {
  TensorOf<Float> out(rows, cols);
  Rng rng(key, 0, "gradient-test");
  for (Float& value : out.flat()) value = static_cast<Float>(rng.uniform(-1.0F, 1.0F));
  return out;
}

class Gradient : public testing::TestWithParam<ModelCase> {
 protected:
  Gradient() {
    for (const Dense& layer : network_.layers) {
      parameters_.insert(parameters_.end(), layer.weight.flat().begin(), layer.weight.flat().end());
      parameters_.insert(parameters_.end(), layer.bias.begin(), layer.bias.end());
    }
  }

  /// Logit c of sample n, feature d moved by `move`.
  double logit(std::size_t n, std::size_t c, std::size_t d = 0, double move = 0.0) const {
    std::vector<double> x(x_.row(n).begin(), x_.row(n).end());
    x[d] += move;
    return plain_logits(network_, parameters_, x)[c];
  }

  /// Mean of the slopes to the left and to the right, unless they differ: then there is a kink
  /// between, which is counted. Smooth functions differ by the order of the step.
  void expect_slope(double got, double below, double here, double above, const char* what,
                    std::size_t index) {
    const double left = (here - below) / kStep;
    const double right = (above - here) / kStep;
    ++slopes_;
    if (std::abs(left - right) > 1e-3) {
      ++kinks_;
    } else {
      EXPECT_NEAR(got, (left + right) / 2.0, kSlack) << what << ' ' << index;
    }
  }
  void expect_few_kinks() const {
    EXPECT_LE(kinks_ * 100, slopes_) << "too few differences are left to compare";
  }

  void check_jacobian(const ClassifierOf<double>& model) {
    TapeOf<double> tape = model.make_tape(kSamples);
    TensorOf<double> dlogits(kSamples, 3);
    auto dx = random<double>(kSamples, 12, 9);   // to be overwritten
    model.forward(x_.view().slice(0, 2), tape);  // traces of other samples must not matter
    const RowsOf<const double> logits = model.forward(x_.view(), tape);
    for (std::size_t pass = 0; pass < 6; ++pass) {  // one class after the other, twice
      const std::size_t c = pass % 3;
      std::ranges::fill(dlogits.flat(), 0.0);
      for (std::size_t n = 0; n < kSamples; ++n) dlogits.row(n)[c] = 1.0;
      model.backward(tape, std::as_const(dlogits).view(), dx.view());
      for (std::size_t n = 0; n < kSamples; ++n) {
        const double here = logit(n, c);
        EXPECT_NEAR(logits.row(n)[c], here, 1e-13);
        for (std::size_t d = 0; d < 12; ++d) {
          expect_slope(dx.row(n)[d], logit(n, c, d, -kStep), here, logit(n, c, d, kStep), "feature",
                       d);
        }
      }
    }
    expect_few_kinks();
  }

  Network network_ = make_case(GetParam());
  std::vector<double> parameters_;
  TensorOf<double> x_ = random<double>(kSamples, 12, 1);
  std::size_t slopes_ = 0;
  std::size_t kinks_ = 0;
};

TEST_P(Gradient, WholeJacobianMatchesCentralDifferences) {
  check_jacobian(MlpOf<double>(network_));
}
TEST_P(Gradient, WholeJacobianOfATrainingModelDoes) {
  check_jacobian(TrainableMlpOf<double>(network_));
}

// J = Σ_n <s_n, logits_n> for a random s: its parameter gradient sums over the samples.
TEST_P(Gradient, ParameterGradientMatchesCentralDifferences) {
  const TrainableMlpOf<double> model(network_);
  TapeOf<double> tape = model.make_tape(kSamples);
  const auto seed = random<double>(kSamples, 3, 2);
  const auto other_seed = random<double>(kSamples, 3, 3);
  std::vector<double> gradient(parameters_.size(), 9.0);  // to be overwritten
  model.forward(x_.view(), tape);
  model.backward_parameters(tape, other_seed.view(), gradient);
  model.backward_parameters(tape, seed.view(), gradient);

  const auto objective = [&](std::size_t k, double move) {
    std::vector<double> moved = parameters_;
    moved[k] += move;
    double sum = 0.0;
    for (std::size_t n = 0; n < kSamples; ++n) {
      const auto z = plain_logits(network_, moved, {x_.row(n).begin(), x_.row(n).end()});
      for (std::size_t c = 0; c < 3; ++c) sum += seed.row(n)[c] * z[c];
    }
    return sum;
  };
  ASSERT_EQ(model.parameters().size(), parameters_.size());
  for (std::size_t k = 0; k < parameters_.size(); ++k) {
    ASSERT_EQ(model.parameters()[k], parameters_[k]) << "parameters() is W^1, b^1, W^2, …";
    expect_slope(gradient[k], objective(k, -kStep), objective(k, 0.0), objective(k, kStep),
                 "parameter", k);
  }
  expect_few_kinks();
}

// At most 17 terms a layer, four layers of products and one activation with a slope below 2: about
// 100 roundings of 2^-24 on numbers of order 10.
TEST_P(Gradient, FloatAgreesWithDouble) {
  const auto x = random<float>(kSamples, 12, 1);
  const auto seed = random<float>(kSamples, 3, 2);
  const auto seed64 = random<double>(kSamples, 3, 2);
  const TrainableMlpOf<double> exact(network_);
  TapeOf<double> tape64 = exact.make_tape(kSamples);
  const auto logits64 = exact.forward(x_.view(), tape64);
  TensorOf<double> dx64(kSamples, 12);
  exact.backward(tape64, seed64.view(), dx64.view());
  std::vector<double> gradient64(parameters_.size());
  exact.backward_parameters(tape64, seed64.view(), gradient64);
  const Mlp frozen(network_);
  const TrainableMlp trained(network_);
  for (const MlpLayersOf<float>* one : {static_cast<const MlpLayersOf<float>*>(&frozen),
                                        static_cast<const MlpLayersOf<float>*>(&trained)}) {
    const MlpLayersOf<float>& model = *one;
    Tape tape = model.make_tape(kSamples);
    const Rows logits = model.forward(x.view(), tape);
    Tensor dx(kSamples, 12);
    model.backward(tape, seed.view(), dx.view());
    std::vector<float> gradient(parameters_.size());
    model.backward_parameters(tape, seed.view(), gradient);
    const auto expect_near = [](double got, double want) {
      EXPECT_NEAR(got, want, 5e-6 * (1.0 + std::abs(want)));
    };
    for (std::size_t k = 0; k < kSamples * 3; ++k) {
      expect_near(double{logits.flat()[k]}, logits64.flat()[k]);
    }
    for (std::size_t k = 0; k < kSamples * 12; ++k)
      expect_near(double{dx.flat()[k]}, dx64.flat()[k]);
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      expect_near(double{gradient[k]}, gradient64[k]);
    }
  }
}

TEST_P(Gradient, WrongShapesAreRefused) {
  const Mlp model(network_);
  Tape tape = model.make_tape(2);
  const Tensor x(2, 12);
  const Tensor wide(1, 13);
  const Tensor tall(3, 12);
  EXPECT_THAT([&] { model.forward(wide.view(), tape); },
              ThrowsMessage<std::logic_error>("Mlp::forward: columns of x is 13, expected 12"));
  EXPECT_THROW(model.forward(tall.view(), tape), std::out_of_range);
  model.forward(x.view(), tape);
  Tensor dlogits(2, 3);
  Tensor dx(2, 12);
  EXPECT_THAT([&] { model.backward(tape, std::as_const(dlogits).view().slice(0, 1), dx.view()); },
              ThrowsMessage<std::logic_error>("Mlp::backward: rows of dlogits is 1, expected 2"));
  EXPECT_THAT([&] { model.backward(tape, dlogits.view(), dx.view().slice(0, 1)); },
              ThrowsMessage<std::logic_error>("Mlp::backward: rows of dx is 1, expected 2"));
  EXPECT_THROW(model.backward(tape, dlogits.view(), dlogits.view()), std::logic_error);
  std::vector<float> gradient(3);
  EXPECT_THAT([&] { model.backward_parameters(tape, dlogits.view(), gradient); },
              ThrowsMessage<std::logic_error>("Mlp::backward_parameters: length of gradient is 3, "
                                              "expected " +
                                              std::to_string(parameters_.size())));
}

INSTANTIATE_TEST_SUITE_P(Every, Gradient, testing::ValuesIn(model_cases()),
                         testing::PrintToStringParamName());

/// Logits and input gradients of the rows of x, `batch` rows at a time.
std::pair<Tensor, Tensor> in_batches(const Mlp& model, const Tensor& x, std::size_t batch) {
  const std::size_t classes = model.num_classes();
  const auto seed = random<float>(x.rows(), classes, 7);
  std::pair<Tensor, Tensor> out{{x.rows(), classes}, {x.rows(), x.cols()}};
  Tape tape = model.make_tape(batch);
  for (std::size_t begin = 0; begin < x.rows(); begin += batch) {
    const std::size_t rows = std::min(batch, x.rows() - begin);
    const Rows logits = model.forward(x.view().slice(begin, rows), tape);
    std::ranges::copy(logits.flat(), out.first.view().slice(begin, rows).data);
    model.backward(tape, seed.view().slice(begin, rows), out.second.view().slice(begin, rows));
  }
  return out;
}

TEST(MlpBatching, GivesTheSameBitsForEveryBatchSize) {
  std::vector<Network> networks;
  for (const ModelCase& c : model_cases()) networks.push_back(make_case(c));
  // Long sums in the forward pass, and in the backward pass: short ones may agree by luck.
  for (const std::vector<std::size_t>& widths :
       {std::vector<std::size_t>{784, 16, 16, 10}, std::vector<std::size_t>{40, 784, 10}}) {
    networks.push_back(train::make_network(widths, make_activation("relu"), Output::kSoftmax,
                                           train::find_initialiser("xavier"), 1));
  }
  for (const Network& network : networks) {
    const Mlp model(network);
    const auto x = random<float>(150, model.input_dim(), 3);
    const auto [logits, dx] = in_batches(model, x, 150);
    for (const std::size_t batch : {1U, 2U, 31U, 63U, 64U, 65U}) {
      const auto [some_logits, some_dx] = in_batches(model, x, batch);
      EXPECT_TRUE(std::ranges::equal(some_logits.flat(), logits.flat()))
          << network.architecture() << " in batches of " << batch;
      EXPECT_TRUE(std::ranges::equal(some_dx.flat(), dx.flat()))
          << network.architecture() << " in batches of " << batch;
    }
  }
}

TEST(MlpParameters, AreStoredAfterTraining) {
  Network network = make_case(model_cases().front());
  TrainableMlp model(network);
  const std::span<float> parameters = model.trainable_parameters();
  ASSERT_EQ(parameters.size(), 39U);  // 3 × 12 weights, then 3 biases
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k] = static_cast<float>(k);
  EXPECT_EQ(model.weight(model.parameters(), 0).row(2)[11], 35.0F);
  EXPECT_EQ(model.bias(model.parameters(), 0)[0], 36.0F);
  model.store(network);
  EXPECT_EQ(network.layers[0].weight.row(1)[0], 12.0F);
  EXPECT_THAT(network.layers[0].bias, testing::ElementsAre(36.0F, 37.0F, 38.0F));
}

}  // namespace
}  // namespace gibbon::models

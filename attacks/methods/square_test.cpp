// SPDX-License-Identifier: MIT
// What the contract cannot see of Square: pictures, the bill of the first layer, and trained
// networks ($GIBBON_ORACLES, $GIBBON_DATA).
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "base/rng.hpp"
#include "datasets/dataset.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::size_t kBlock = 64;

/// Counts multiplications and additions of the matrix products; may hide the front.
class Counting final : public models::Classifier, private models::Front {
 public:
  enum class Has { kFront, kNoFront };
  explicit Counting(const models::Network& network, Has has = Has::kFront)
      : model_(network), has_(has) {
    for (const models::Dense& layer : network.layers) {
      const double product = 2.0 * static_cast<double>(layer.weight.flat().size());
      (whole_ == 0.0 ? first_ : rest_) += product;
      whole_ += product;
    }
  }
  std::size_t input_dim() const override { return model_.input_dim(); }
  std::size_t num_classes() const override { return model_.num_classes(); }
  models::Tape make_tape(std::size_t rows) const override { return model_.make_tape(rows); }
  Rows forward(Rows x, models::Tape& tape) const override {
    flops_ += static_cast<double>(x.rows) * whole_;
    return model_.forward(x, tape);
  }
  void backward(models::Tape& tape, Rows dlogits, MutableRows dx) const override {
    model_.backward(tape, dlogits, dx);
  }
  const models::Front* front() const override { return has_ == Has::kFront ? this : nullptr; }

  /// Operations of dense passes for the same queries, over those made.
  [[nodiscard]] double saving() const { return static_cast<double>(queries_) * whole_ / flops_; }

 private:
  std::size_t width() const override { return model_.front()->width(); }
  void start(Rows x, models::Tape& tape, MutableRows z) const override {
    flops_ += static_cast<double>(x.rows) * first_;
    model_.front()->start(x, tape, z);
  }
  void add(std::span<const models::Change> changes, MutableRow z) const override {
    flops_ += 2.0 * static_cast<double>(changes.size() * z.size());
    model_.front()->add(changes, z);
  }
  Rows finish(Rows z, models::Tape& tape) const override {
    flops_ += static_cast<double>(z.rows) * rest_;
    queries_ += z.rows;
    return model_.front()->finish(z, tape);
  }

  models::Mlp model_;
  Has has_;
  double first_ = 0.0;
  double rest_ = 0.0;
  double whole_ = 0.0;
  mutable double flops_ = 0.0;
  mutable std::size_t queries_ = 0;
};

struct Block {
  Rows x;
  Labels labels;
  std::span<const std::uint64_t> ids;
  datasets::Shape shape;
};

/// Runs Square; returns the bill.
std::vector<std::uint64_t> square(const models::Classifier& model, const Block& block, Norm norm,
                                  double epsilon, int queries, MutableRows out) {
  const auto attack = find("square").make();
  set_field(find("square"), *attack, "queries", std::to_string(queries));
  const std::vector<double> budgets(block.x.rows, epsilon);
  Oracle oracle(model, Access::kScores, block.x.rows);
  Workspace work;
  attack->run(oracle,
              {.x = block.x,
               .labels = block.labels,
               .ids = block.ids,
               .epsilons = budgets,
               .norm = norm,
               .shape = block.shape},
              work, out);
  return {oracle.forwards().begin(), oracle.forwards().end()};
}

/// Coloured noise, 8 × 6 × 3, and a network that knows nothing.
class SquareOnPictures : public testing::Test {
 protected:
  SquareOnPictures() {
    Rng rng(1, 0, "square-test");
    for (float& value : x_.flat()) value = rng.uniform(0.3F, 0.7F);
    models::Tape tape = model_.make_tape(kBlock);
    const Rows logits = model_.forward(x_.view(), tape);
    for (std::size_t n = 0; n < kBlock; ++n) {
      labels_.push_back(predicted_class(logits.row(n)));
      ids_.push_back(n);
    }
  }

  datasets::Shape shape_{8, 6, 3, true};
  models::Network network_ = models::train::make_network(
      std::array<std::size_t, 3>{144, 20, 10}, models::make_activation("tanh"),
      models::Output::kSoftmax, models::train::find_initialiser("xavier"), 1);
  models::Mlp model_{network_};
  Tensor x_{kBlock, 144};
  std::vector<int> labels_;
  std::vector<std::uint64_t> ids_;
  Tensor out_{kBlock, 144};
};

TEST_F(SquareOnPictures, StripesComeFirst) {
  constexpr double kEpsilon = 1.0 / 64.0;
  square(model_, {x_.view(), labels_, ids_, shape_}, Norm::kLinf, kEpsilon, 1, out_.view());
  std::set<bool> signs;
  for (std::size_t n = 0; n < kBlock; ++n) {
    for (std::size_t d = 0; d < 144; ++d) {
      const float moved = out_.row(n)[d] - x_.row(n)[d];
      EXPECT_NEAR(std::abs(moved), kEpsilon, 1e-6);
      EXPECT_EQ(moved > 0.0F, out_.row(n)[d % 18] > x_.row(n)[d % 18]) << "column and channel";
      signs.insert(moved > 0.0F);
    }
  }
  EXPECT_EQ(signs.size(), 2U);
}

TEST_F(SquareOnPictures, EveryFeatureStaysOnTheBoundaryInLinf) {
  constexpr double kEpsilon = 1.0 / 64.0;
  square(model_, {x_.view(), labels_, ids_, shape_}, Norm::kLinf, kEpsilon, 300, out_.view());
  for (std::size_t n = 0; n < kBlock; ++n) {
    for (std::size_t d = 0; d < 144; ++d) {
      EXPECT_NEAR(std::abs(out_.row(n)[d] - x_.row(n)[d]), kEpsilon, 1e-6);
    }
  }
}

TEST_F(SquareOnPictures, TheWholeBudgetIsSpentInL2) {
  for (const double epsilon : {1e-4, 0.1, 0.3}) {
    square(model_, {x_.view(), labels_, ids_, shape_}, Norm::kL2, epsilon, 300, out_.view());
    for (std::size_t n = 0; n < kBlock; ++n) {
      const double moved = distance(Norm::kL2, x_.row(n), std::as_const(out_).row(n));
      EXPECT_GE(moved, epsilon * (1.0 - 1e-3)) << n;  // at 1e-4 a pixel has 12 bits left
      EXPECT_LE(moved, epsilon * (1.0 + 1e-6)) << n;
    }
  }
}

TEST_F(SquareOnPictures, MoreQueriesLowerMoreMargins) {
  for (const Norm norm : {Norm::kLinf, Norm::kL2, Norm::kL1}) {
    const double epsilon = norm == Norm::kLinf ? 0.01 : 0.1;
    models::Tape tape = model_.make_tape(kBlock);
    double before = 1e30;
    for (const int queries : {1, 10, 100, 1000}) {
      square(model_, {x_.view(), labels_, ids_, shape_}, norm, epsilon, queries, out_.view());
      const Rows logits = model_.forward(out_.view(), tape);
      double total = 0.0;
      for (std::size_t n = 0; n < kBlock; ++n) {
        total += std::max(0.0, double{margin(logits.row(n), labels_[n])});
      }
      EXPECT_LT(total, 0.99 * before) << to_string(norm) << queries;
      before = total;
    }
  }
}

// Without a front the points are whole in every pass: same moves, other last bits.
TEST_F(SquareOnPictures, TheDensePathComesToTheSame) {
  const Counting dense(network_, Counting::Has::kNoFront);
  Tensor other(kBlock, 144);
  const Block block{x_.view(), labels_, ids_, shape_};
  square(model_, block, Norm::kLinf, 0.01, 200, out_.view());
  square(dense, block, Norm::kLinf, 0.01, 200, other.view());
  std::size_t same = 0;
  for (std::size_t n = 0; n < kBlock; ++n) {
    same += std::ranges::equal(out_.row(n), other.row(n)) ? 1U : 0U;
  }
  EXPECT_GE(same, kBlock - 2) << "a proposal within rounding of the best may go either way";
}

class SquareOnMnist : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("GIBBON_ORACLES") == nullptr || std::getenv("GIBBON_DATA") == nullptr) {
      GTEST_SKIP() << "set GIBBON_ORACLES and GIBBON_DATA to the folders with mlp/ and mnist/";
    }
    digits_ = datasets::load("mnist", {.split = "test"});
  }

  struct Result {
    std::size_t correct = 0;  // as the judge would say
    double saving = 0.0;
    std::size_t disputed = 0;  // that stopped early and are none
  };
  Result attack(const std::string& name, Norm norm, double epsilon, std::size_t count,
                int queries) const {
    const auto file = std::filesystem::path(std::getenv("GIBBON_ORACLES")) / "mlp" / name;
    const models::Network network = models::read_model(file).network;
    const Counting model(network);
    const models::MlpOf<double> judge(network);
    auto tape = judge.make_tape(kBlock);
    Tensor out(kBlock, 784);
    Result result;
    for (std::size_t first = 0; first < count; first += kBlock) {
      const std::size_t rows = std::min(kBlock, count - first);
      const Block block{digits_.images.view().slice(first, rows),
                        Labels(digits_.labels).subspan(first, rows),
                        std::span(digits_.ids).subspan(first, rows), digits_.shape};
      const MutableRows found = out.view().slice(0, rows);
      const auto bill = square(model, block, norm, epsilon, queries, found);
      TensorOf<double> points(rows, 784);
      std::ranges::copy(found.flat(), points.flat().begin());
      const auto logits = judge.forward(std::as_const(points).view(), tape);
      for (std::size_t n = 0; n < rows; ++n) {
        if (predicted_class(logits.row(n)) != block.labels[n]) continue;
        ++result.correct;
        if (bill[n] < static_cast<std::uint64_t>(queries)) ++result.disputed;
      }
    }
    result.saving = model.saving();
    return result;
  }

  datasets::Dataset digits_;
};

// The bounds are what was measured, 178, 813, 175 and 59, and one point on top. White-box FAB-T
// leaves 179 of the first and 164 of the third.
TEST_F(SquareOnMnist, LinfOnTheLargeNetwork) {
  const Result result = attack("mlp256_adv.onnx", Norm::kLinf, 0.1, 200, 5000);
  EXPECT_LE(result.correct, 180U);
  EXPECT_EQ(result.disputed, 0U);
  EXPECT_GE(result.saving, 3.0);
}

TEST_F(SquareOnMnist, LinfOnTheSmallNetwork) {
  const Result result = attack("seed_relu.onnx", Norm::kLinf, 0.02, 1000, 1000);
  EXPECT_LE(result.correct, 823U);
  EXPECT_EQ(result.disputed, 0U);
  EXPECT_GE(result.saving, 10.0);
}

TEST_F(SquareOnMnist, L2) {
  const Result small = attack("seed_relu.onnx", Norm::kL2, 0.3, 200, 5000);
  EXPECT_LE(small.correct, 177U);
  EXPECT_EQ(small.disputed, 0U);
  EXPECT_GE(small.saving, 10.0);
  const Result large = attack("mlp256_adv.onnx", Norm::kL2, 1.0, 64, 5000);
  EXPECT_LE(large.correct, 60U);
  EXPECT_EQ(large.disputed, 0U);
  EXPECT_GE(large.saving, 3.0);
}

}  // namespace
}  // namespace gibbon::attacks

// SPDX-License-Identifier: MIT
#include "attacks/search/apgd.hpp"

#include <cmath>
#include <fstream>
#include <gmock/gmock.h>
#include <numeric>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/environment.hpp"
#include "base/parallel.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"
#include "models/model_file.hpp"

namespace gibbon::attacks::search {
namespace {

using testing::ElementsAre;

std::vector<int> checkpoints(int steps) {
  std::vector<int> out;
  for (Checkpoint c = Checkpoint().next(steps); c.step < steps; c = c.next(steps)) {
    out.push_back(c.step);
  }
  return out;
}

TEST(Checkpoint, AreThoseOfThePaper) {
  EXPECT_THAT(checkpoints(100), ElementsAre(22, 41, 57, 70, 80, 87, 93, 99));
  // 220, each interval 30 shorter, none below 60.
  EXPECT_THAT(checkpoints(1000), ElementsAre(220, 410, 570, 700, 800, 870, 930, 990));
  EXPECT_THAT(checkpoints(3), ElementsAre(1, 2)) << "an interval is at least one step";
}

/// A block of random inputs of a small model and everything Problem refers to.
struct Block {
  models::Mlp model;
  Tensor x;
  std::vector<int> labels;
  std::vector<std::uint64_t> ids;
  std::vector<double> budgets;

  Block(const models::Network& network, std::size_t count, double epsilon)
      : model(network), x(count, network.input_dim()), ids(count), budgets(count, epsilon) {
    Rng rng(1, 0, "apgd-test");
    for (float& value : x.flat()) value = rng.uniform(0.2F, 0.8F);
    std::iota(ids.begin(), ids.end(), 0U);
    auto tape = model.make_tape(count);
    const Rows logits = model.forward(std::as_const(x).view(), tape);
    for (std::size_t n = 0; n < count; ++n) labels.push_back(predicted_class(logits.row(n)));
  }

  Problem problem(Norm norm) {
    return {.x = std::as_const(x).view(),
            .labels = labels,
            .ids = ids,
            .epsilons = budgets,
            .norm = norm,
            .seed = 5};
  }

  Tensor attacked(std::string_view name, const Problem& problem,
                  std::initializer_list<std::pair<const char*, const char*>> knobs) {
    const AttackInfo& info = find(name);
    const auto attack = info.make();
    for (const auto& [knob, value] : knobs) set_field(info, *attack, knob, value);
    Oracle oracle(model, info.access, x.rows());
    Workspace work;
    Tensor candidate(x.rows(), x.cols());
    attack->run(oracle, problem, work, candidate.view());
    return candidate;
  }
};

/// A network whose gradients are worth averaging: 12 inputs, 3 classes.
models::Network bumpy() {
  return models::make_case({"bumpy", {12, 17, 9, 3}, "relu", models::Output::kSoftmax, false});
}

TEST(Apgd, AveragingAModelThatDoesNotChangeChangesNoBit) {
  Block block(bumpy(), 20, 0.02);
  for (const Norm norm : {Norm::kLinf, Norm::kL2, Norm::kL1}) {
    for (const char* name : {"apgd-ce", "apgd-dlr", "apgd-t"}) {
      const Tensor once = block.attacked(name, block.problem(norm), {{"steps", "30"}});
      const Tensor thrice =
          block.attacked(name, block.problem(norm), {{"steps", "30"}, {"eot", "3"}});
      EXPECT_TRUE(std::ranges::equal(once.flat(), thrice.flat())) << name << to_string(norm);
    }
  }
}

/// The definition of sections 3 and, for l1, of arXiv:2103.01208, written a second time: one
/// sample, in double, all values kept, sorting where the attack selects.
struct SlowApgd {
  using Point = std::vector<double>;

  const models::MlpOf<double>& model;
  Norm norm;
  Point origin;
  int label;
  double epsilon;  // of the phase
  Point best{};

  double value(const Point& x, Point& gradient) const {
    auto tape = model.make_tape(1);
    TensorOf<double> point(1, x.size());
    std::ranges::copy(x, point.flat().begin());
    const auto z = model.forward(std::as_const(point).view(), tape);
    TensorOf<double> seed(1, z.cols);
    scale_free_seed<double>(z.row(0), label, seed.flat());
    TensorOf<double> dx(1, x.size());
    model.backward(tape, std::as_const(seed).view(), dx.view());
    gradient.assign(dx.flat().begin(), dx.flat().end());
    double others = 0.0;
    for (std::size_t j = 0; j < z.cols; ++j) {
      others += j == static_cast<std::size_t>(label) ? 0.0 : std::exp(z.row(0)[j]);
    }
    return std::log(others) - z.row(0)[static_cast<std::size_t>(label)];
  }

  [[nodiscard]] Point inside(Point x) const {
    const auto total = [&](const auto& term) {
      double sum = 0.0;
      for (std::size_t d = 0; d < x.size(); ++d) sum += term(d);
      return sum;
    };
    if (norm == Norm::kL1) {
      const auto moved = [&](std::size_t d, double lambda) {
        const double room = x[d] > origin[d] ? 1.0 - origin[d] : origin[d];
        return std::min(std::max(std::abs(x[d] - origin[d]) - lambda, 0.0), room);
      };
      double low = 0.0;
      double high = 10.0;
      for (int k = 0; k < 100; ++k) {
        const double middle = 0.5 * (low + high);
        (total([&](auto d) { return moved(d, middle); }) > epsilon ? low : high) = middle;
      }
      if (total([&](auto d) { return moved(d, 0.0); }) <= epsilon) high = 0.0;
      for (std::size_t d = 0; d < x.size(); ++d) {
        x[d] = origin[d] + std::copysign(moved(d, high), x[d] - origin[d]);
      }
      return x;
    }
    const double length =
        std::sqrt(total([&](auto d) { return (x[d] - origin[d]) * (x[d] - origin[d]); }));
    for (std::size_t d = 0; d < x.size(); ++d) {
      if (norm == Norm::kLinf) x[d] = std::clamp(x[d], origin[d] - epsilon, origin[d] + epsilon);
      if (norm == Norm::kL2 && length > epsilon) {
        x[d] = origin[d] + (x[d] - origin[d]) * epsilon / length;
      }
      x[d] = std::clamp(x[d], 0.0, 1.0);
    }
    return x;
  }

  [[nodiscard]] Point stepped(Point x, const Point& gradient, double eta, double keep) const {
    Point sizes;
    double squares = 0.0;
    for (const double g : gradient) {
      sizes.push_back(std::abs(g));
      squares += g * g;
    }
    std::ranges::sort(sizes, std::greater());
    const double count = std::max(1.0, std::ceil(keep));
    const double least = sizes[static_cast<std::size_t>(count) - 1];
    for (std::size_t d = 0; d < x.size(); ++d) {
      const double sign = gradient[d] > 0.0 ? 1.0 : -1.0;
      if (norm == Norm::kLinf) x[d] += eta * sign;
      if (norm == Norm::kL2) x[d] += eta * gradient[d] / std::sqrt(squares);
      if (norm == Norm::kL1 && std::abs(gradient[d]) >= least) x[d] += eta * sign / count;
    }
    return inside(x);
  }

  [[nodiscard]] double changed(const Point& x) const {
    double count = 0.0;
    for (std::size_t d = 0; d < x.size(); ++d) count += x[d] != origin[d] ? 1.0 : 0.0;
    return count;
  }

  void run(Point x, int steps, const std::vector<int>& checks) {
    const bool sparse = norm == Norm::kL1;
    x = inside(x);
    Point gradient;
    std::vector<double> values{value(x, gradient)};
    double best_value = values[0];
    Point best_gradient = gradient;
    Point previous = x;
    best = x;
    double eta = sparse ? epsilon : 2.0 * epsilon;
    double sparsity = changed(x);
    double keep = sparsity / 1.5;
    double checked_value = best_value;
    bool halved = true;
    int last_check = 0;
    for (int t = 1; t <= steps; ++t) {
      Point next = stepped(x, gradient, eta, keep);
      if (!sparse) {
        const double pull = t == 1 ? 1.0 : 0.75;
        for (std::size_t d = 0; d < x.size(); ++d) {
          next[d] = x[d] + pull * (next[d] - x[d]) + (1.0 - pull) * (x[d] - previous[d]);
        }
        next = inside(next);
      }
      previous = x;
      x = next;
      values.push_back(value(x, gradient));
      if (values.back() > best_value) {
        best_value = values.back();
        best = x;
        best_gradient = gradient;
      }
      if (std::ranges::count(checks, t) == 0) continue;
      bool back = false;
      if (sparse) {
        back = changed(best) < 0.95 * sparsity;
        eta = back ? epsilon : std::max(eta / 1.5, epsilon / 10.0);
        sparsity = changed(best);
        keep = sparsity / 1.5;
      } else {
        int rises = 0;
        for (int i = last_check + 1; i <= t; ++i) {
          const auto at = static_cast<std::size_t>(i);
          rises += values[at] > values[at - 1] ? 1 : 0;
        }
        back = rises <= 0.75 * (t - last_check) || (!halved && best_value == checked_value);
        if (back) eta /= 2.0;
      }
      halved = back;
      checked_value = best_value;
      last_check = t;
      if (!back) continue;
      x = best;
      gradient = best_gradient;
    }
  }
};

/// Smooth, so that float32 and double do not part at a kink; full of hills, so that steps fail; and
/// so sure of class 0 that no point fools it and ends the run.
models::Network hills() {
  models::Network network =
      models::make_case({"hills", {12, 17, 9, 3}, "tanh", models::Output::kSoftmax, false});
  for (float& w : network.layers[0].weight.flat()) w *= 3.0F;
  network.layers[2].bias[0] += 60.0F;
  return network;
}

class ApgdReference : public testing::TestWithParam<const char*> {};

TEST_P(ApgdReference, FollowsAnIndependentRunInDouble) {
  constexpr std::size_t kCount = 60;
  const Norm norm = find_norm(GetParam());
  const double epsilon = norm == Norm::kLinf ? 0.3 : norm == Norm::kL2 ? 0.8 : 1.5;
  Block block(hills(), kCount, epsilon);
  const models::MlpOf<double> slow_model(hills());
  // From a point that both know.
  Tensor starts = block.x;
  Rng rng(2, 0, "apgd-test");
  for (float& value : starts.flat()) value += rng.uniform(-0.2F, 0.2F);
  Problem problem = block.problem(norm);
  problem.starts = std::as_const(starts).view();
  Workspace work;
  Oracle oracle(block.model, Access::kGradients, kCount);
  oracle.begin(kCount, 0);
  Tensor candidate(kCount, block.x.cols());
  Campaign campaign(problem, work, candidate.view());
  const ApgdOptions options{.steps = 40};
  Apgd apgd(oracle, problem, work, campaign, options, cross_entropy_loss());
  std::vector<std::uint32_t> samples(kCount);
  std::iota(samples.begin(), samples.end(), 0U);
  apgd.run(Campaign::kKnown, samples, {});
  std::size_t same = 0;
  for (std::size_t n = 0; n < kCount; ++n) {
    const Row x = block.x.row(n);
    SlowApgd slow{slow_model, norm, {x.begin(), x.end()}, block.labels[n], epsilon};
    const Row start = starts.row(n);
    if (norm == Norm::kL1) {
      slow.best.assign(start.begin(), start.end());
      std::vector<int> every(40);
      std::iota(every.begin(), every.end(), 1);
      for (const auto& [factor, steps] : {std::pair{3.0, 12}, {2.0, 12}, {1.0, 16}}) {
        slow.epsilon = factor * epsilon;
        slow.run(slow.best, steps, every);
      }
    } else {
      slow.run({start.begin(), start.end()}, 40, checkpoints(40));
    }
    double apart = 0.0;
    for (std::size_t d = 0; d < x.size(); ++d) {
      apart = std::max(apart, std::abs(double{candidate.row(n)[d]} - slow.best[d]));
    }
    same += apart < 1e-3 ? 1U : 0U;
  }
  // A gradient entry or a rise near 0 may round to the other side and send a run elsewhere.
  EXPECT_GE(same, kCount * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(Every, ApgdReference, testing::Values("linf", "l2", "l1"),
                         [](const auto& c) { return std::string(c.param); });

TEST(Apgd, SaysWhatItDoesWithFewClasses) {
  for (const char* name : {"apgd-dlr", "apgd-t"}) {
    EXPECT_THAT(find(name).make()->remark(2), testing::HasSubstr("with two it climbs")) << name;
    EXPECT_EQ(find(name).make()->remark(4), "") << name;
  }
  EXPECT_THAT(find("apgd-t").make()->remark(3), testing::HasSubstr("divides by z_1 - z_3."));
  EXPECT_EQ(find("apgd-dlr").make()->remark(3), "");
  EXPECT_EQ(find("apgd-ce").make()->remark(2), "");
  // 201 passes per target, and one to rank them.
  EXPECT_EQ(find("apgd-t").make()->passes(10), 1.0 + 9.0 * 201.0);
  EXPECT_EQ(find("apgd-t").make()->passes(3), 1.0 + 2.0 * 201.0);
}

TEST(Apgd, CountsWhatItSaw) {
  Block block(bumpy(), 40, 0.05);
  Problem problem = block.problem(Norm::kLinf);
  Observations seen;
  problem.seen = &seen;
  const Tensor out = block.attacked("apgd-ce", problem, {{"restarts", "3"}});
  auto tape = block.model.make_tape(40);
  const Rows logits = block.model.forward(std::as_const(out).view(), tape);
  std::uint64_t fooled = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    fooled += predicted_class(logits.row(n)) != block.labels[n] ? 1U : 0U;
  }
  EXPECT_EQ(seen.first_run + seen.restarts, fooled);
  EXPECT_EQ(seen.exhausted, 40 - fooled);
  EXPECT_LE(seen.unconverged, seen.exhausted);
  EXPECT_GT(seen.first_run, 0U);
  EXPECT_GT(seen.exhausted, 0U);
}

TEST(Apgd, FurtherRunsChangeNothingInTheFirst) {
  Block block(bumpy(), 40, 0.05);
  const Problem problem = block.problem(Norm::kL2);
  const Tensor once = block.attacked("apgd-ce", problem, {{"steps", "20"}});
  const Tensor more = block.attacked("apgd-ce", problem, {{"steps", "20"}, {"restarts", "4"}});
  auto tape = block.model.make_tape(40);
  const Rows logits = block.model.forward(std::as_const(once).view(), tape);
  for (std::size_t n = 0; n < 40; ++n) {
    if (!succeeded(logits.row(n), block.labels[n], false)) continue;
    EXPECT_TRUE(std::ranges::equal(once.row(n), more.row(n))) << n;
  }
}

/// AutoAttack's published rates: with the same attacks, never more than a little above them.
class AutoAttackRates : public testing::TestWithParam<const char*> {
 protected:
  static constexpr std::size_t kBlock = 64;

  void attack(const char* name, const models::Mlp& model, const datasets::Dataset& digits,
              double epsilon, std::vector<std::uint8_t>& robust) {
    std::vector<std::size_t> left;
    for (std::size_t n = 0; n < robust.size(); ++n) {
      if (robust[n] != 0) left.push_back(n);
    }
    const AttackInfo& info = find(name);
    const auto attack = info.make();
    const std::vector<double> budgets(kBlock, epsilon);
    for_each_block((left.size() + kBlock - 1) / kBlock, hardware_threads(), [&](auto, auto block) {
      const std::size_t first = block * kBlock;
      const std::size_t count = std::min(kBlock, left.size() - first);
      Tensor x(count, digits.images.cols());
      std::vector<int> labels(count);
      std::vector<std::uint64_t> ids(count);
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t n = left[first + k];
        std::ranges::copy(digits.images.row(n), x.row(k).begin());
        labels[k] = digits.labels[n];
        ids[k] = digits.ids[n];
      }
      Oracle oracle(model, info.access, count);
      Workspace work;
      Tensor candidate(count, x.cols());
      attack->run(oracle,
                  {.x = std::as_const(x).view(),
                   .labels = labels,
                   .ids = ids,
                   .epsilons = std::span(budgets).first(count)},
                  work, candidate.view());
      auto tape = model.make_tape(count);
      const Rows logits = model.forward(std::as_const(candidate).view(), tape);
      for (std::size_t k = 0; k < count; ++k) {
        robust[left[first + k]] = predicted_class(logits.row(k)) == labels[k] ? 1 : 0;
      }
    });
  }

  static double rate(const std::vector<std::uint8_t>& robust) {
    return static_cast<double>(std::ranges::count(robust, 1)) / static_cast<double>(robust.size());
  }
};

TEST_P(AutoAttackRates, AreReached) {
  const std::string oracles = environment("GIBBON_ORACLES");
  if (oracles.empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES and GIBBON_DATA to the folders with mlp/ and mnist/";
  }
  const std::filesystem::path folder = std::filesystem::path(oracles) / "mlp";
  const auto expected = nlohmann::json::parse(std::ifstream(folder / "expected.json"));
  const auto& entry = expected.at("models").at(GetParam());
  const auto& rates = entry.at("autoattack_standard_linf");
  const models::Mlp model(models::read_model(folder / entry.at("file").get<std::string>()).network);
  const datasets::Dataset digits = datasets::load("mnist", {});
  std::vector<std::uint8_t> robust(rates.at("first_n").get<std::size_t>(), 1);
  const double epsilon = rates.at("epsilon");
  attack("apgd-ce", model, digits, epsilon, robust);
  EXPECT_LE(rate(robust), rates.at("after_apgd_ce").get<double>() + 0.006);
  EXPECT_GE(rate(robust), rates.at("robust_accuracy").get<double>() - 0.006);
  RecordProperty("after_apgd_ce", std::to_string(rate(robust)));
  attack("apgd-t", model, digits, epsilon, robust);
  EXPECT_LE(rate(robust), rates.at("after_apgd_t").get<double>() + 0.001 + 1e-9);
  EXPECT_GE(rate(robust), rates.at("robust_accuracy").get<double>() - 0.006);
  RecordProperty("after_apgd_t", std::to_string(rate(robust)));
}

INSTANTIATE_TEST_SUITE_P(Every, AutoAttackRates,
                         testing::Values("seed_relu", "mlp256", "mlp256_adv"),
                         [](const auto& c) { return std::string(c.param); });

}  // namespace
}  // namespace gibbon::attacks::search

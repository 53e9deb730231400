// SPDX-License-Identifier: MIT
// One suite, every attack: the catalogue is the parameter list, so a new file in attacks/methods/
// is tested the moment it compiles.

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <functional>
#include <gmock/gmock.h>
#include <limits>
#include <new>
#include <numeric>
#include <ostream>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "base/error.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

// Counts allocations. Not inlined, or GCC takes malloc() and delete for a mismatch.
static std::atomic<std::size_t> allocations = 0;
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// stable_sort asks this one.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gibbon::attacks {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::size_t kSamples = 8;
constexpr std::size_t kDim = 12;

struct Case {
  const AttackInfo* info;
  Norm norm;
  std::string_view knob;  // a switch that is turned on; empty: none

  // Without it GoogleTest prints the bytes, pointers included: test names change with every build.
  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    std::string name(c.info->name);
    std::ranges::replace(name, '-', '_');
    out << name << '_' << to_string(c.norm);
    return c.knob.empty() ? out : out << '_' << c.knob;
  }
};

bool is_switch(const Field& field) {
  return std::holds_alternative<int*>(field.value) && field.low == 0.0 && field.high == 1.0;
}

/// Every attack in each of its norms as it comes, and with each of its switches on.
std::vector<Case> every_case() {
  std::vector<Case> out;
  for (const AttackInfo& info : catalog()) {
    for (const Norm norm : info.norms) {
      out.push_back({&info, norm, {}});
      const auto attack = info.make();
      for (const Field& field : attack->fields()) {
        if (is_switch(field)) out.push_back({&info, norm, field.name});
      }
    }
  }
  return out;
}

/// Mixed signs and sizes on purpose: with equal weights the sign step and the gradient step point
/// the same way, and an attack that confuses the two would pass.
float weight(std::size_t d) {
  return static_cast<float>(d + 1) / kDim * (d % 3 == 0 ? -1.0F : 1.0F);
}

/// Class 0 wins while w · (x - 0.5) > 0. `confidence` scales the logits, not the boundary.
models::Network two_class(float confidence) {
  models::Network network;
  network.layers.push_back({.weight = {2, kDim},
                            .bias = {0.0F, 0.0F},
                            .activation = models::make_activation("identity")});
  for (std::size_t d = 0; d < kDim; ++d) {
    network.layers[0].weight.row(0)[d] = confidence * weight(d);
    network.layers[0].bias[0] -= confidence * weight(d) * 0.5F;
  }
  return network;
}

/// Keeps runs short: whatever counts steps or queries is at most `most`.
void shorten(Attack& attack, int most) {
  for (const Field& field : attack.fields()) {
    int* const* value = std::get_if<int*>(&field.value);
    if (value == nullptr || !(field.name == "steps" || field.name == "queries")) continue;
    **value = std::min(**value, std::max(most, static_cast<int>(field.low)));
  }
}

/// Leaves to chance only as much as a promise allows.
void tame(const AttackInfo& info, Attack& attack) {
  if (info.name == "r-fgsm") set_field(info, attack, "alpha", "0.1");
}

/// How near to the closed-form optimum an attack has to come.
double tolerance(const AttackInfo& info) {
  // From the worst random start, 40 steps of ε / 30 do not cross the ball.
  if (info.name == "pgd") return 1.25;
  // With 1/10 of the budget spent on coin tosses (tame()), losing all of them costs 2/10.
  if (info.name == "r-fgsm") return 1.3;
  if (info.kind != Kind::kMinimalDistance) return 1.05;
  constexpr std::array<std::string_view, 5> kGood{"cw-l2", "ddn", "fab", "fab-t", "fmn"};
  return std::ranges::count(kGood, info.name) > 0 ? 1.02 : 1.25;
}

class AttackContract : public testing::TestWithParam<Case> {
 protected:
  AttackContract() {
    std::iota(ids_.begin(), ids_.end(), 100U);
    for (std::size_t n = 0; n < kSamples; ++n) {
      Rng rng(7, n, "contract-test");
      for (std::size_t d = 0; d < kDim; ++d) {
        x_.row(n)[d] = 0.5F + std::copysign(rng.uniform(0.05F, 0.1F), weight(d));
      }
    }
  }

  static const AttackInfo& info() { return *GetParam().info; }
  static bool is_control() { return info().kind == Kind::kControl; }
  static bool is_minimal() { return info().kind == Kind::kMinimalDistance; }

  static std::unique_ptr<Attack> make(int most_steps = std::numeric_limits<int>::max()) {
    auto attack = info().make();
    shorten(*attack, most_steps);
    tame(info(), *attack);
    if (!GetParam().knob.empty()) set_field(info(), *attack, GetParam().knob, "1");
    return attack;
  }

  /// Samples first … first + count - 1.
  Problem problem(double epsilon, std::size_t first = 0, std::size_t count = kSamples) const {
    // For l0 a budget is a number of features.
    if (GetParam().norm == Norm::kL0) epsilon = std::ceil(epsilon);
    budgets_.emplace_back(count, epsilon);
    return {.x = x_.view().slice(first, count),
            .labels = std::span(labels_).subspan(first, count),
            .ids = std::span(ids_).subspan(first, count),
            .epsilons = budgets_.back(),
            .norm = GetParam().norm,
            .seed = 1};
  }

  /// Runs the attack with everything it might read before writing set to `garbage`.
  static Tensor attack(const models::Classifier& model, const Problem& p, float garbage = 0.0F,
                       int most_steps = std::numeric_limits<int>::max()) {
    Oracle oracle(model, info().access, p.size());
    Workspace work;
    Tensor candidate(p.size(), kDim);
    std::ranges::fill(candidate.flat(), garbage);
    for (int k = 0; k < 32; ++k) std::ranges::fill(work.rows(p.size(), kDim).flat(), garbage);
    const auto attack = make(most_steps);
    fit(*attack, oracle, p);
    attack->run(oracle, p, work, candidate.view());
    return candidate;
  }

  /// attack() of an adversary with limits; `p` as the model sees it.
  static Tensor attack_within(const Limits& limits, const models::Classifier& model,
                              const Problem& p, int most_steps = std::numeric_limits<int>::max()) {
    const View view(limits, {.width = kDim}, p.domain);
    Oracle oracle(model, info().access, p.size(), &view);
    oracle.look_from(p.x, p.norm, p.epsilons);
    Tensor x(p.size(), view.size());
    for (std::size_t n = 0; n < p.size(); ++n) view.narrow(p.x.row(n), x.row(n));
    Problem seen = p;
    seen.x = std::as_const(x).view();
    seen.domain = view.domain();
    Workspace work;
    Tensor found(p.size(), view.size());
    const auto attack = make(most_steps);
    fit(*attack, oracle, seen);
    attack->run(oracle, seen, work, found.view());
    Tensor candidate(p.size(), kDim);
    for (std::size_t n = 0; n < p.size(); ++n)
      view.widen(p.threat(n), p.x.row(n), found.row(n), candidate.row(n));
    return candidate;
  }

  /// Nothing may happen to the first four features, half as much to every other of the rest.
  static Limits some_limits() {
    Limits limits;
    for (std::size_t d = 0; d < kDim; ++d)
      limits.scale.push_back(d < 4 ? 0.0F : (d % 2 == 0 ? 0.5F : 1.0F));
    return limits;
  }

  /// Fits an attack that wants it to the very samples.
  static void fit(Attack& attack, Oracle& oracle, const Problem& p) {
    if (!info().fitted) return;
    Workspace work;
    attack.fit(oracle, p, p.epsilons, work);
  }

  /// What the judge says: labels in double.
  static std::vector<int> judged(const models::Network& network, Rows x) {
    const models::MlpOf<double> model(network);
    auto tape = model.make_tape(x.rows);
    TensorOf<double> points(x.rows, x.cols);
    std::ranges::copy(x.flat(), points.flat().begin());
    const auto logits = model.forward(std::as_const(points).view(), tape);
    std::vector<int> out;
    for (std::size_t n = 0; n < x.rows; ++n) out.push_back(predicted_class(logits.row(n)));
    return out;
  }

  /// Smallest distance at which sample n of two_class() changes class: |margin| / dual norm of w;
  /// for l0 as many of the most useful features as it takes.
  double optimum(std::size_t n, const Limits& limits = {}) const {
    double margin = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    double largest = 0.0;
    std::vector<double> useful;
    for (std::size_t d = 0; d < kDim; ++d) {
      const double w{weight(d)};
      const double x{x_.row(n)[d]};
      margin += w * (x - 0.5);
      // A move counts divided by the scale: as if the weight were so much larger.
      const double moved = w * (limits.scale.empty() ? 1.0 : double{limits.scale[d]});
      sum += std::abs(moved);
      squares += moved * moved;
      largest = std::max(largest, std::abs(moved));
      if (moved != 0.0) useful.push_back(w > 0.0 ? w * x : -w * (1.0 - x));
    }
    switch (GetParam().norm) {
      case Norm::kLinf: return margin / sum;
      case Norm::kL2: return margin / std::sqrt(squares);
      case Norm::kL1: return margin / largest;
      case Norm::kL0: break;
    }
    std::ranges::sort(useful, std::greater());
    std::size_t k = 0;
    for (double won = 0.0; won <= margin; ++k) won += useful[k];
    return static_cast<double>(k);
  }

  /// The budget `factor` times the optimum of sample n. Features are whole: below the optimum is
  /// one less, above it one more, since some attacks change pairs.
  double budget(std::size_t n, double factor) const {
    if (GetParam().norm != Norm::kL0) return factor * optimum(n);
    return factor < 1.0 ? optimum(n) - 1.0 : optimum(n) + 1.0;
  }

  /// How many samples change class when each is given `factor` times its own optimum.
  std::size_t fooled(float confidence, double factor, bool targeted = false) const {
    const models::Network network = two_class(confidence);
    const models::Mlp model(network);
    const std::array target{1};
    std::size_t found = 0;
    for (std::size_t n = 0; n < kSamples; ++n) {
      Problem p = problem(budget(n, factor), n, 1);
      p.targeted = targeted;
      if (targeted) p.labels = target;
      if (judged(network, attack(model, p).view())[0] == 1) ++found;
    }
    return found;
  }

  mutable std::deque<std::vector<double>> budgets_;  // what problem() handed out
  Tensor x_{kSamples, kDim};
  std::vector<int> labels_ = std::vector<int>(kSamples, 0);
  std::vector<std::uint64_t> ids_ = std::vector<std::uint64_t>(kSamples);
};

TEST_P(AttackContract, StaysInsideBallAndBox) {
  for (const auto& c : models::model_cases()) {
    const models::Mlp model(models::make_case(c));
    for (const double epsilon : {0.01, 0.3, 5.0}) {
      const Problem p = problem(epsilon);
      const Tensor out = attack(model, p, 0.0F, 30);
      for (std::size_t n = 0; n < kSamples; ++n) {
        EXPECT_LE(distance(p.norm, p.x.row(n), out.row(n)), p.threat(n).reach()) << c;
      }
      for (const float value : out.flat()) EXPECT_TRUE(p.domain.contains(value)) << c;
    }
  }
}

TEST_P(AttackContract, ZeroBudgetReturnsTheInputWithoutAskingTheModel) {
  const models::Mlp model(two_class(1.0F));
  Oracle oracle(model, info().access, kSamples);
  Workspace work;
  Tensor candidate(kSamples, kDim);
  const auto attack = make();
  fit(*attack, oracle, problem(0.0));
  attack->run(oracle, problem(0.0), work, candidate.view());
  EXPECT_TRUE(std::ranges::equal(candidate.flat(), x_.flat()));
  EXPECT_THAT(oracle.forwards(), Each(0));
  EXPECT_THAT(oracle.backwards(), Each(0));
}

TEST_P(AttackContract, SucceedsJustAboveTheOptimum) {
  if (is_control()) return;
  EXPECT_EQ(fooled(1.0F, tolerance(info())), kSamples);
}

TEST_P(AttackContract, NeverSucceedsBelowTheOptimum) { EXPECT_EQ(fooled(1.0F, 0.99), 0U); }

TEST_P(AttackContract, KeepsToMaskScaleAndLattice) {
  constexpr double kStep = 1.0 / 255.0;
  for (float& value : x_.flat()) value = std::round(value * 255.0F) / 255.0F;
  for (const Limits& limits :
       {some_limits(), Limits{.scale = some_limits().scale, .lattice = kStep}}) {
    for (const auto& c : models::model_cases()) {
      const models::Mlp model(models::make_case(c));
      for (const double epsilon : {0.01, 0.3}) {
        const Problem p = problem(epsilon);
        const Tensor out = attack_within(limits, model, p, 30);
        for (std::size_t n = 0; n < kSamples; ++n) {
          std::vector<double> move;
          double changed = 0.0;
          for (std::size_t d = 0; d < kDim; ++d) {
            const float from = p.x.row(n)[d];
            const float to = out.row(n)[d];
            const float scale = limits.scale.empty() ? 1.0F : limits.scale[d];
            if (scale == 0.0F) {
              EXPECT_EQ(from, to) << c << " feature " << d;
              continue;
            }
            move.push_back((double{to} - double{from}) / double{scale});
            changed += from == to ? 0.0 : 1.0;
            if (limits.lattice > 0.0) {
              EXPECT_EQ(to, std::round(to * 255.0F) / 255.0F) << c;
            }
          }
          const NormInfo& norm = info_of(p.norm);
          EXPECT_LE(norm.counts ? changed : norm.length(move), p.threat(n).reach()) << c;
        }
        for (const float value : out.flat()) EXPECT_TRUE(p.domain.contains(value)) << c;
      }
    }
  }
}

// The optimum of the part of the model that is free, in closed form.
TEST_P(AttackContract, FindsTheOptimumOfAMaskedLinearModel) {
  const models::Network network = two_class(1.0F);
  const models::Mlp model(network);
  const Limits limits = some_limits();
  const bool counts = GetParam().norm == Norm::kL0;
  for (std::size_t n = 0; n < kSamples; ++n) {
    const double best = optimum(n, limits);
    const Problem below = problem(counts ? best - 1.0 : 0.99 * best, n, 1);
    EXPECT_EQ(judged(network, attack_within(limits, model, below).view())[0], 0) << n;
    if (is_control()) continue;
    // In l1 APGD shares its steps between features, which are more unlike here than above.
    const bool shares = GetParam().norm == Norm::kL1 && info().name.starts_with("apgd");
    const double factor = shares ? 1.35 : tolerance(info());
    const Problem above = problem(counts ? best + 1.0 : factor * best, n, 1);
    EXPECT_EQ(judged(network, attack_within(limits, model, above).view())[0], 1) << n;
  }
}

TEST_P(AttackContract, EverySampleHasItsOwnBudget) {
  if (is_control()) return;
  const models::Network network = two_class(1.0F);
  const models::Mlp model(network);
  std::vector<double> budgets;
  for (std::size_t n = 0; n < kSamples; ++n) {
    budgets.push_back(budget(n, n % 2 == 0 ? 0.99 : tolerance(info())));
  }
  Problem p = problem(1.0);
  p.epsilons = budgets;
  const Tensor out = attack(model, p);
  const std::vector<int> found = judged(network, out.view());
  for (std::size_t n = 0; n < kSamples; ++n) {
    EXPECT_LE(distance(p.norm, p.x.row(n), out.row(n)), p.threat(n).reach());
    EXPECT_EQ(found[n], n % 2) << n;
  }
}

TEST_P(AttackContract, MinimalDistancesAreNearTheOptimum) {
  if (!is_minimal()) return;
  const models::Network network = two_class(1.0F);
  const models::Mlp model(network);
  Problem p = problem(1.0);
  const std::vector<double> unlimited(kSamples, std::numeric_limits<double>::infinity());
  p.epsilons = unlimited;
  const Tensor out = attack(model, p);
  EXPECT_THAT(judged(network, out.view()), Each(1));
  for (std::size_t n = 0; n < kSamples; ++n) {
    const double found = distance(p.norm, x_.row(n), out.row(n));
    EXPECT_LE(found, budget(n, tolerance(info()))) << n;
    EXPECT_GE(found, optimum(n) * (1.0 - 1e-5)) << n;
  }
}

TEST_P(AttackContract, AimsAtTheTargetIfItSaysSo) {
  if (!info().targeted) return;
  EXPECT_EQ(fooled(1.0F, tolerance(info()), true), kSamples);
  // Aiming at the class it is already in must not drive it out.
  const models::Network network = two_class(1.0F);
  Problem p = problem(1.0);
  p.targeted = true;
  EXPECT_EQ(judged(network, attack(models::Mlp(network), p).view()), labels_);
}

TEST_P(AttackContract, TargetsOfManyClassesAreReached) {
  if (!info().targeted || info().kind == Kind::kSingleStep) return;
  // Ten linear classes; each sample is sent to a class that is known to be near.
  models::Network network;
  network.layers.push_back({.weight = {10, kDim},
                            .bias = std::vector<float>(10, 0.0F),
                            .activation = models::make_activation("identity")});
  Rng rng(3, 0, "contract-test");
  for (float& w : network.layers[0].weight.flat()) w = rng.uniform(-1.0F, 1.0F);
  const std::vector<int> clean = judged(network, x_.view());
  std::vector<int> targets = clean;
  for (bool all = false; !all;) {
    Tensor near = x_;
    for (float& value : near.flat()) value += rng.below(2) == 0 ? 0.3F : -0.3F;
    const std::vector<int> there = judged(network, near.view());
    all = true;
    for (std::size_t n = 0; n < kSamples; ++n) {
      if (targets[n] == clean[n]) targets[n] = there[n];
      all = all && targets[n] != clean[n];
    }
  }
  Problem p = problem(GetParam().norm == Norm::kLinf ? 0.33 : 4.0);
  if (GetParam().norm == Norm::kL0) p = problem(kDim);
  p.labels = targets;
  p.targeted = true;
  EXPECT_EQ(judged(network, attack(models::Mlp(network), p).view()), targets);
}

TEST_P(AttackContract, ConfidenceIsNoDefence) {
  if (is_control()) return;
  EXPECT_EQ(fooled(4096.0F, tolerance(info())), kSamples);
}

TEST_P(AttackContract, LowersTheMarginsOfEveryModelThatHasGradients) {
  if (is_control() || is_minimal() || GetParam().norm == Norm::kL0) return;
  // Its loss is a ratio, which of three classes may rise with the margin.
  if (info().name == "apgd-dlr") return;
  for (const auto& c : models::model_cases()) {
    if (!models::find_activation(c.activation).trainable) continue;
    const models::Network network = models::make_case(c);
    const models::Mlp model(network);
    auto tape = model.make_tape(kSamples);
    // What the model gets wrong already is no work for an attack: it may hand that over unmoved.
    const std::vector<int> clean = judged(network, x_.view());
    const auto total = [&](Rows x) {
      float sum = 0.0F;
      const Rows logits = model.forward(x, tape);
      for (std::size_t n = 0; n < kSamples; ++n) sum += margin(logits.row(n), clean[n]);
      return sum;
    };
    Problem p = problem(0.1);
    p.labels = clean;
    const float before = total(x_.view());
    EXPECT_LT(total(attack(model, p).view()), before - 0.01F) << c;
  }
}

TEST_P(AttackContract, IsNotBeatenByALadderOfSingleSteps) {
  if (!is_minimal() || info().access != Access::kGradients || GetParam().norm == Norm::kL0) return;
  const AttackInfo& fgsm = find("fgsm");
  for (const auto& c : models::model_cases()) {
    if (!models::find_activation(c.activation).trainable) continue;
    const models::Network network = models::make_case(c);
    const models::Mlp model(network);
    const std::vector<int> clean = judged(network, x_.view());
    const std::vector<double> unlimited(kSamples, std::numeric_limits<double>::infinity());
    Problem p = problem(1.0);
    p.labels = clean;
    p.epsilons = unlimited;
    const Tensor out = attack(model, p);
    const std::vector<int> found = judged(network, out.view());
    for (double epsilon = 0.02; epsilon < 1.0; epsilon += 0.02) {
      Problem step = problem(epsilon);
      step.labels = clean;
      Oracle oracle(model, fgsm.access, kSamples);
      Workspace work;
      Tensor moved(kSamples, kDim);
      fgsm.make()->run(oracle, step, work, moved.view());
      const std::vector<int> stepped = judged(network, moved.view());
      for (std::size_t n = 0; n < kSamples; ++n) {
        if (stepped[n] == clean[n]) continue;
        EXPECT_NE(found[n], clean[n]) << c << " sample " << n << " falls to FGSM at " << epsilon;
        EXPECT_LE(distance(p.norm, x_.row(n), out.row(n)), 1.3 * epsilon) << c << " sample " << n;
      }
    }
  }
}

TEST_P(AttackContract, SameBitsForAnyBatchingAndAnyScratch) {
  if (info().fitted) return;  // what it learns depends on the samples
  for (const auto& c : models::model_cases()) {
    const models::Mlp model(models::make_case(c));
    const Tensor together = attack(model, problem(0.05), 0.0F, 30);
    for (std::size_t n = 0; n < kSamples; ++n) {
      const Tensor alone = attack(model, problem(0.05, n, 1), 1e30F, 30);
      EXPECT_TRUE(std::ranges::equal(alone.row(0), together.row(n))) << c;
    }
    const Tensor half = attack(model, problem(0.05, 3, 4), -1.0F, 30);
    EXPECT_TRUE(std::ranges::equal(half.flat(), together.view().slice(3, 4).flat())) << c;
  }
}

TEST_P(AttackContract, AKnownPointChangesNoPromise) {
  // From a start that fools the model already and from one that does not.
  const models::Network network = two_class(1.0F);
  const models::Mlp model(network);
  Tensor starts(kSamples, kDim);
  for (std::size_t n = 0; n < kSamples; ++n) {
    for (std::size_t d = 0; d < kDim; ++d) {
      const float away = weight(d) > 0.0F ? -0.3F : 0.3F;
      starts.row(n)[d] = x_.row(n)[d] + (n % 2 == 0 ? away : 0.0F);
    }
  }
  for (const double factor : {0.99, std::max(1.3, tolerance(info()))}) {
    std::vector<double> budgets;
    for (std::size_t n = 0; n < kSamples; ++n) budgets.push_back(budget(n, factor));
    Problem p = problem(1.0);
    p.epsilons = budgets;
    p.starts = starts.view();
    const Tensor out = attack(model, p);
    for (std::size_t n = 0; n < kSamples; ++n) {
      EXPECT_LE(distance(p.norm, p.x.row(n), out.row(n)), p.threat(n).reach());
    }
    if (is_control()) continue;
    EXPECT_THAT(judged(network, out.view()), Each(factor > 1.0 ? 1 : 0));
  }
}

TEST_P(AttackContract, StopsWithinItsQueryBudget) {
  for (const auto& c : models::model_cases()) {
    const models::Mlp model(models::make_case(c));
    for (const std::uint64_t most : {1U, 2U, 3U, 10U, 47U}) {
      Problem p = problem(0.2);
      p.max_queries = most;
      Oracle oracle(model, info().access, kSamples);
      Workspace work;
      Tensor out(kSamples, kDim);
      const auto attack = make(200);
      fit(*attack, oracle, p);
      attack->run(oracle, p, work, out.view());
      for (std::size_t n = 0; n < kSamples; ++n) {
        EXPECT_LE(oracle.forwards()[n] + oracle.backwards()[n], most);
        EXPECT_LE(distance(p.norm, p.x.row(n), out.row(n)), p.threat(n).reach());
      }
    }
  }
}

TEST_P(AttackContract, AllocatesOnlyInTheFirstBlock) {
  const models::Mlp model(models::make_case(models::model_cases().back()));
  const auto attack = make(30);
  Oracle oracle(model, info().access, kSamples);
  Workspace work;
  Tensor candidate(kSamples, kDim);
  const Problem first = problem(0.1);
  fit(*attack, oracle, first);
  attack->run(oracle, first, work, candidate.view());
  const std::size_t before = allocations;
  attack->run(oracle, first, work, candidate.view());
  EXPECT_EQ(allocations - before, 0U);
}

TEST_P(AttackContract, NeedsTheAccessItDeclaresAndNoMore) {
  const models::Mlp model(two_class(1.0F));
  Workspace work;
  Tensor candidate(kSamples, kDim);
  const auto attack = make(30);
  const auto run = [&](Oracle& oracle) {
    Oracle fitter(model, Access::kGradients, kSamples);
    fit(*attack, fitter, problem(0.1));
    attack->run(oracle, problem(0.1), work, candidate.view());
  };
  Oracle enough(model, info().access, kSamples);
  EXPECT_NO_THROW(run(enough));
  if (info().fitted) return;  // it has seen the model before
  EXPECT_EQ(std::ranges::count(enough.forwards(), 0U) == 0, info().access != Access::kNone);
  EXPECT_EQ(std::ranges::count(enough.backwards(), 0U) == 0, info().access == Access::kGradients);
  EXPECT_EQ(attack->passes(2) > 0.0, info().access != Access::kNone);
  if (info().access == Access::kNone) return;
  const auto less = static_cast<Access>(static_cast<int>(info().access) - 1);
  Oracle too_little(model, less, kSamples);
  EXPECT_THAT([&] { run(too_little); },
              ThrowsMessage<std::logic_error>("attack asked for more than its declared access"))
      << "it works with access to " << to_string(less);
}

TEST_P(AttackContract, RefusesRowsThatDoNotBelongTogether) {
  const models::Mlp model(two_class(1.0F));
  Oracle oracle(model, info().access, kSamples);
  Workspace work;
  Tensor candidate(kSamples, kDim);
  Problem p = problem(0.1);
  p.labels = p.labels.first(3);
  EXPECT_THAT([&] { make()->run(oracle, p, work, candidate.view()); },
              ThrowsMessage<std::logic_error>("Attack::run: number of labels is 3, expected 8"));
  p = problem(0.1);
  p.ids = p.ids.first(7);
  EXPECT_THAT([&] { make()->run(oracle, p, work, candidate.view()); },
              ThrowsMessage<std::logic_error>("Attack::run: number of ids is 7, expected 8"));
  EXPECT_THAT([&] { make()->run(oracle, problem(0.1), work, candidate.view().slice(0, 2)); },
              ThrowsMessage<std::logic_error>("Attack::run: rows of candidate is 2, expected 8"));
}

TEST_P(AttackContract, IsDocumented) {
  const auto attack = info().make();
  for (const Field& field : attack->fields()) {
    const double value = std::visit([](auto* v) { return static_cast<double>(*v); }, field.value);
    EXPECT_TRUE(field.low <= value && value <= field.high && !field.help.empty()) << field.name;
  }
  EXPECT_FALSE(info().source.empty() || info().formula.empty() || info().norms.empty());
  if (!is_control()) {
    EXPECT_THAT(std::string(info().source), HasSubstr("arXiv:"));
  }
  EXPECT_EQ(info().summary.back(), '.');
  EXPECT_EQ(info().name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
            info().name.npos);
  for (const Norm norm : kNorms) {
    EXPECT_EQ(info().supports(norm), std::ranges::count(info().norms, norm) == 1);
  }
}

TEST_P(AttackContract, KnobsTakeTheirRangeAndNothingElse) {
  const auto attack = info().make();
  for (const Field& field : attack->fields()) {
    const auto set = [&](const std::string& text) { set_field(info(), *attack, field.name, text); };
    const auto value = [&] {
      return std::visit([](auto* v) { return static_cast<double>(*v); }, field.value);
    };
    set(fmt::format("{}", field.high));
    EXPECT_EQ(value(), field.high);
    set(fmt::format("{}", field.low));
    EXPECT_EQ(value(), field.low);
    const std::string whole = std::holds_alternative<int*>(field.value) ? ", whole numbers" : "";
    for (const std::string& wrong :
         {fmt::format("{}", field.low - 1.0), fmt::format("{}", field.high + 1.0), std::string("x"),
          std::string(""), std::string("nan"), std::string("1e999"), std::string("1x")}) {
      EXPECT_THAT([&] { set(wrong); },
                  ThrowsMessage<Error>(fmt::format("attack {}: {} = {} is outside [{}, {}]{}; {}",
                                                   info().name, field.name, wrong, field.low,
                                                   field.high, whole, field.help)));
    }
    EXPECT_EQ(value(), field.low) << "a refused value must not stay";
    if (!whole.empty()) {
      EXPECT_THROW(set(fmt::format("{}", field.low + 0.5)), Error);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, AttackContract, testing::ValuesIn(every_case()),
                         testing::PrintToStringParamName());

TEST(SetField, UnknownKnobsAreAnswered) {
  const AttackInfo& fgsm = find("fgsm");
  const auto attack = fgsm.make();
  EXPECT_THAT(
      [&] { set_field(fgsm, *attack, "boxd", "1"); },
      ThrowsMessage<Error>("attack fgsm: unknown option 'boxd'; did you mean 'boxed'? known are "
                           "boxed, target"));
  const AttackInfo& noise = find("noise-sign");
  const auto control = noise.make();
  EXPECT_THAT(
      [&] { set_field(noise, *control, "size", "1"); },
      ThrowsMessage<Error>(
          "attack noise-sign: unknown option 'size'; this attack has no options; write --attack "
          "noise-sign"));
}

}  // namespace
}  // namespace gibbon::attacks

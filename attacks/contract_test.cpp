// One suite, every attack: the catalogue is the parameter list, so a new file in attacks/methods/
// is tested the moment it compiles.

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <gmock/gmock.h>
#include <new>
#include <numeric>
#include <ostream>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "datasets/error.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

// Counts allocations. Not inlined, or GCC takes malloc() and delete for a mismatch.
static std::atomic<std::size_t> allocations = 0;
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gibbon::attacks {
namespace {

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

  static std::unique_ptr<Attack> make() {
    auto attack = info().make();
    if (!GetParam().knob.empty()) set_field(info(), *attack, GetParam().knob, "1");
    return attack;
  }

  /// Samples first … first + count - 1.
  Problem problem(double epsilon, std::size_t first = 0, std::size_t count = kSamples) const {
    return {.x = x_.view().slice(first, count),
            .labels = std::span(labels_).subspan(first, count),
            .ids = std::span(ids_).subspan(first, count),
            .threat = {GetParam().norm, epsilon, {}},
            .seed = 1};
  }

  /// Runs the attack with everything it might read before writing set to `garbage`.
  static Tensor attack(const models::Classifier& model, const Problem& p, float garbage = 0.0F) {
    Oracle oracle(model, info().access, p.x.rows);
    Workspace work;
    Tensor candidate(p.x.rows, kDim);
    std::ranges::fill(candidate.flat(), garbage);
    for (int k = 0; k < 8; ++k) std::ranges::fill(work.rows(p.x.rows, kDim).flat(), garbage);
    make()->run(oracle, p, work, candidate.view());
    return candidate;
  }

  /// Smallest distance at which sample n of two_class() changes class: |margin| / dual norm of w.
  double optimum(std::size_t n) const {
    double margin = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    double largest = 0.0;
    for (std::size_t d = 0; d < kDim; ++d) {
      const double w{weight(d)};
      margin += w * (double{x_.row(n)[d]} - 0.5);
      sum += std::abs(w);
      squares += w * w;
      largest = std::max(largest, std::abs(w));
    }
    switch (GetParam().norm) {
      case Norm::kLinf: return margin / sum;
      case Norm::kL2: return margin / std::sqrt(squares);
      case Norm::kL1: return margin / largest;
    }
    throw std::logic_error("optimum: no such norm");
  }

  /// How many samples change class when each is given `factor` times its own optimum.
  std::size_t fooled(float confidence, double factor, bool targeted = false) const {
    const models::Mlp model(two_class(confidence));
    const std::array target{1};
    std::vector<int> found(kSamples);
    Oracle judge(model, Access::kLabels, 1);
    for (std::size_t n = 0; n < kSamples; ++n) {
      Problem p = problem(factor * optimum(n), n, 1);
      p.targeted = targeted;
      if (targeted) p.labels = target;
      judge.predict(attack(model, p).view(), std::span(found).subspan(n, 1));
    }
    return static_cast<std::size_t>(std::accumulate(found.begin(), found.end(), 0));
  }

  Tensor x_{kSamples, kDim};
  std::vector<int> labels_ = std::vector<int>(kSamples, 0);
  std::vector<std::uint64_t> ids_ = std::vector<std::uint64_t>(kSamples);
};

TEST_P(AttackContract, StaysInsideBallAndBox) {
  for (const auto& c : models::model_cases()) {
    const models::Mlp model(models::make_case(c));
    for (const double epsilon : {0.01, 0.3, 5.0}) {
      const Problem p = problem(epsilon);
      const Tensor out = attack(model, p);
      for (std::size_t n = 0; n < kSamples; ++n) {
        EXPECT_LE(distance(p.threat.norm, p.x.row(n), out.row(n)), p.threat.reach()) << c;
      }
      for (const float value : out.flat()) EXPECT_TRUE(p.threat.domain.contains(value)) << c;
    }
  }
}

TEST_P(AttackContract, ZeroBudgetReturnsTheInputWithoutAskingTheModel) {
  const models::Mlp model(two_class(1.0F));
  Oracle oracle(model, info().access, kSamples);
  Workspace work;
  Tensor candidate(kSamples, kDim);
  make()->run(oracle, problem(0.0), work, candidate.view());
  EXPECT_TRUE(std::ranges::equal(candidate.flat(), x_.flat()));
  EXPECT_EQ(oracle.forwards() + oracle.backwards(), 0U);
}

TEST_P(AttackContract, SucceedsJustAboveTheOptimum) {
  if (is_control()) return;
  EXPECT_EQ(fooled(1.0F, 1.05), kSamples);
}

TEST_P(AttackContract, NeverSucceedsBelowTheOptimum) { EXPECT_EQ(fooled(1.0F, 0.99), 0U); }

TEST_P(AttackContract, AimsAtTheTargetIfItSaysSo) {
  if (!info().targeted) return;
  EXPECT_EQ(fooled(1.0F, 1.05, true), kSamples);
  // Aiming at the class it is already in must not drive it out.
  const models::Mlp model(two_class(1.0F));
  Problem p = problem(1.0);
  p.targeted = true;
  std::vector<int> found(kSamples);
  Oracle(model, Access::kLabels, kSamples).predict(attack(model, p).view(), found);
  EXPECT_EQ(found, labels_);
}

TEST_P(AttackContract, ConfidenceIsNoDefence) {
  if (is_control()) return;
  EXPECT_EQ(fooled(4096.0F, 1.05), kSamples);
}

TEST_P(AttackContract, LowersTheMarginsOfEveryModelThatHasGradients) {
  if (is_control()) return;
  for (const auto& c : models::model_cases()) {
    if (!models::find_activation(c.activation).trainable) continue;
    const models::Mlp model(models::make_case(c));
    Oracle judge(model, Access::kScores, kSamples);
    const auto total = [&](Rows x) {
      const Row margins = judge.margins(x, labels_);
      return std::accumulate(margins.begin(), margins.end(), 0.0F);
    };
    const float before = total(x_.view());
    EXPECT_LT(total(attack(model, problem(0.1)).view()), before - 0.01F) << c;
  }
}

TEST_P(AttackContract, SameBitsForAnyBatchingAndAnyScratch) {
  for (const auto& c : models::model_cases()) {
    const models::Mlp model(models::make_case(c));
    const Tensor together = attack(model, problem(0.05));
    for (std::size_t n = 0; n < kSamples; ++n) {
      const Tensor alone = attack(model, problem(0.05, n, 1), 1e30F);
      EXPECT_TRUE(std::ranges::equal(alone.row(0), together.row(n))) << c;
    }
    const Tensor half = attack(model, problem(0.05, 3, 4), -1.0F);
    EXPECT_TRUE(std::ranges::equal(half.flat(), together.view().slice(3, 4).flat())) << c;
  }
}

TEST_P(AttackContract, AllocatesOnlyInTheFirstBlock) {
  const models::Mlp model(models::make_case(models::model_cases().back()));
  const auto attack = make();
  Oracle oracle(model, info().access, kSamples);
  Workspace work;
  Tensor candidate(kSamples, kDim);
  const Problem first = problem(0.1);
  const Problem second = problem(0.2);
  attack->run(oracle, first, work, candidate.view());
  const std::size_t before = allocations;
  attack->run(oracle, second, work, candidate.view());
  EXPECT_EQ(allocations - before, 0U);
}

TEST_P(AttackContract, NeedsTheAccessItDeclaresAndNoMore) {
  const models::Mlp model(two_class(1.0F));
  Workspace work;
  Tensor candidate(kSamples, kDim);
  Oracle enough(model, info().access, kSamples);
  EXPECT_NO_THROW(make()->run(enough, problem(0.1), work, candidate.view()));
  EXPECT_EQ(enough.forwards() > 0, info().access != Access::kNone);
  EXPECT_EQ(enough.backwards() > 0, info().access == Access::kGradients);
  if (info().access == Access::kNone) return;
  const auto less = static_cast<Access>(static_cast<int>(info().access) - 1);
  Oracle too_little(model, less, kSamples);
  EXPECT_THAT([&] { make()->run(too_little, problem(0.1), work, candidate.view()); },
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
      ThrowsMessage<Error>("attack fgsm: unknown knob 'boxd'; did you mean 'boxed'? known are "
                           "boxed, target"));
  const AttackInfo& noise = find("noise-sign");
  const auto control = noise.make();
  EXPECT_THAT(
      [&] { set_field(noise, *control, "size", "1"); },
      ThrowsMessage<Error>("attack noise-sign: unknown knob 'size'; it has none; write --attack "
                           "noise-sign"));
}

}  // namespace
}  // namespace gibbon::attacks

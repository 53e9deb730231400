#include "eval/certify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "datasets/error.hpp"
#include "datasets/parallel.hpp"
#include "eval/band.hpp"
#include "eval/judge.hpp"
#include "models/bounds/bounder.hpp"

namespace gibbon::eval {
namespace {

constexpr std::size_t kBlock = 16;  // samples; of a small network, enough rows for full products

/// The farthest that two inputs of the range can be apart: there is nothing to prove beyond.
double diameter(const CertifyPlan& plan, const datasets::Dataset& data) {
  const double side = static_cast<double>(data.range.upper) - static_cast<double>(data.range.lower);
  const auto features = static_cast<double>(data.images.cols());
  if (plan.norm == attacks::Norm::kL2) return side * std::sqrt(features);
  return plan.norm == attacks::Norm::kL1 ? side * features : side;
}

/// What one worker needs; nothing in it is shared.
class Prover {
 public:
  Prover(const models::Bounder& bounder, const models::MlpOf<double>& model, models::Output output,
         const datasets::Dataset& data, const CertifyPlan& plan, Band& band)
      : bounder_(bounder),
        data_(data),
        plan_(plan),
        band_(band),
        judge_(model, output, kBlock),
        tape_(bounder.make_tape(kBlock)),
        x_(kBlock, data.images.cols()),
        margins_(kBlock, data.class_names.size() - 1) {}

  /// All about samples first … first + count - 1; count <= kBlock.
  void prove(std::size_t first, std::size_t count) {
    look(first, count);
    certify_curve(first, count);
    if (plan_.radius == Radius::kBisect) bisect(first, count);
  }

 private:
  void look(std::size_t first, std::size_t count) {
    std::vector<Finding> findings(count);
    judge_.look(data_.images.view().slice(first, count), Labels(data_.labels).subspan(first, count),
                findings);
    for (std::size_t k = 0; k < count; ++k) {
      band_.predict(first + k, findings[k].label);
      if (!plan_.attacked.empty()) {
        band_.attack(first + k, plan_.attacked[first + k], "the sweep's attack");
      }
    }
  }

  /// From the largest budget down: what is proved there needs no proof below.
  void certify_curve(std::size_t first, std::size_t count) {
    for (std::size_t e = plan_.epsilons.size(); e-- > 0;) {
      asked_.clear();
      for (std::size_t n = first; n < first + count; ++n) {
        if (band_.undecided(n, plan_.epsilons[e])) asked_.push_back(n);
      }
      const std::vector<double> radii(asked_.size(), plan_.epsilons[e]);
      ask(radii);
    }
  }

  /// Doubles the radius until the bounds give up, then halves the gap. The curve gives both ends
  /// where it can.
  void bisect(std::size_t first, std::size_t count) {
    constexpr int kMostSteps = 60;
    constexpr double kClose = 1e-5;  // of the radius
    const double start = std::ldexp(diameter(plan_, data_), -10);
    const double largest = diameter(plan_, data_);
    std::vector<double> bad(count);
    const auto good = [&](std::size_t k) {
      return std::max(0.0, band_.samples()[first + k].certified);
    };
    for (std::size_t k = 0; k < count; ++k) {
      const reports::CertifiedSample& sample = band_.samples()[first + k];
      const auto above = std::ranges::upper_bound(plan_.epsilons, sample.certified);
      bad[k] = above == plan_.epsilons.end() ? sample.attacked : std::min(*above, sample.attacked);
    }
    std::vector<double> radii;
    for (int step = 0; step < kMostSteps; ++step) {
      asked_.clear();
      radii.clear();
      for (std::size_t k = 0; k < count; ++k) {
        if (bad[k] - good(k) <= kClose * good(k) || good(k) >= largest) continue;
        asked_.push_back(first + k);
        radii.push_back(std::isfinite(bad[k]) ? 0.5 * (good(k) + bad[k])
                                              : std::max(start, 2.0 * good(k)));
      }
      if (asked_.empty()) return;
      ask(radii);
      for (std::size_t a = 0; a < asked_.size(); ++a) {
        if (band_.undecided(asked_[a], radii[a])) bad[asked_[a] - first] = radii[a];
      }
    }
  }

  /// Whether each of the asked samples keeps its answer within its radius.
  void ask(std::span<const double> radii) {
    if (asked_.empty()) return;
    if (interrupted) throw Interrupted{};
    labels_.clear();
    reaches_.clear();
    for (std::size_t a = 0; a < asked_.size(); ++a) {
      const std::size_t n = asked_[a];
      std::ranges::copy(data_.images.row(n), x_.row(a).begin());
      labels_.push_back(data_.labels[n]);
      reaches_.push_back(attacks::ThreatModel{plan_.norm, radii[a], data_.range}.reach());
    }
    models::Regions regions{.x = std::as_const(x_).view().slice(0, asked_.size()),
                            .radii = reaches_,
                            .ball = ball_of(plan_.norm)};
    if (plan_.clip == Clip::kToRange) regions.clip = data_.range;
    bounder_.enclose(regions, tape_);
    margins_.reshape(asked_.size(), margins_.cols());
    bounder_.margins(labels_, tape_, margins_.view());
    for (std::size_t a = 0; a < asked_.size(); ++a) {
      band_.spend(asked_[a], 1);
      if (std::ranges::all_of(margins_.row(a), &models::Bounded::positive)) {
        band_.certify(asked_[a], radii[a], "crown");
      }
    }
  }

  const models::Bounder& bounder_;
  const datasets::Dataset& data_;
  const CertifyPlan& plan_;
  Band& band_;
  Judge judge_;
  models::BoundTape tape_;
  Tensor x_;
  TensorOf<models::Bounded> margins_;
  std::vector<std::size_t> asked_;  // samples
  std::vector<int> labels_;
  std::vector<double> reaches_;
};

}  // namespace

models::Ball ball_of(attacks::Norm norm) {
  switch (norm) {
    case attacks::Norm::kLinf: return models::Ball::kLinf;
    case attacks::Norm::kL2: return models::Ball::kL2;
    case attacks::Norm::kL1: return models::Ball::kL1;
    case attacks::Norm::kL0: break;
  }
  fail_usage("--norm l0: nothing can be certified in it; allowed are linf, l2 and l1");
}

CertifyResult certify(const models::Network& network, const datasets::Dataset& data,
                      const CertifyPlan& plan, const CertifyProgress& progress) {
  static_cast<void>(ball_of(plan.norm));
  const models::Bounder bounder(network);
  const models::MlpOf<double> model(network);
  Band band(plan.norm, data);
  const std::size_t blocks = (data.size() + kBlock - 1) / kBlock;
  std::vector<std::unique_ptr<Prover>> provers(std::max<std::size_t>(1, plan.threads));
  std::size_t done = 0;
  std::mutex mutex;  // guards done and progress
  for_each_block(blocks, provers.size(), [&](std::size_t worker, std::size_t block) {
    std::unique_ptr<Prover>& prover = provers[worker];
    if (!prover)
      prover = std::make_unique<Prover>(bounder, model, network.output, data, plan, band);
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min(kBlock, data.size() - first);
    prover->prove(first, count);
    const std::lock_guard lock(mutex);
    done += count;
    progress(done, data.size());
  });
  if (interrupted) throw Interrupted{};
  CertifyResult result{.curve = band.curve(plan.epsilons), .samples = band.samples()};
  for (const reports::CertifiedSample& sample : result.samples) {
    result.clean_correct += sample.predicted == sample.label ? 1 : 0;
  }
  return result;
}

}  // namespace gibbon::eval

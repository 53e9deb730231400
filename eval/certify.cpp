#include "eval/certify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "datasets/error.hpp"
#include "datasets/parallel.hpp"
#include "eval/judge.hpp"
#include "models/bounds/bounder.hpp"

namespace gibbon::eval {
namespace {

constexpr std::size_t kBlock = 16;  // samples; of a small network, enough rows for full products
constexpr double kNone = -1.0;

models::Ball ball_of(attacks::Norm norm) {
  switch (norm) {
    case attacks::Norm::kLinf: return models::Ball::kLinf;
    case attacks::Norm::kL2: return models::Ball::kL2;
    case attacks::Norm::kL1: return models::Ball::kL1;
    case attacks::Norm::kL0: break;
  }
  fail_usage("--norm l0: nothing can be certified in it; allowed are linf, l2 and l1");
}

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
         const datasets::Dataset& data, const CertifyPlan& plan)
      : bounder_(bounder),
        data_(data),
        plan_(plan),
        judge_(model, output, kBlock),
        tape_(bounder.make_tape(kBlock)),
        x_(kBlock, data.images.cols()),
        margins_(kBlock, data.class_names.size() - 1) {}

  /// All about samples first … first + out.size() - 1; out.size() <= kBlock.
  void prove(std::size_t first, std::span<reports::CertifiedSample> out) {
    look(first, out);
    certify_curve(first, out);
    if (plan_.radius == Radius::kBisect) bisect(first, out);
  }

 private:
  void look(std::size_t first, std::span<reports::CertifiedSample> out) {
    std::vector<Finding> findings(out.size());
    judge_.look(data_.images.view().slice(first, out.size()),
                Labels(data_.labels).subspan(first, out.size()), findings);
    for (std::size_t k = 0; k < out.size(); ++k) {
      out[k] = {.id = data_.ids[first + k],
                .label = data_.labels[first + k],
                .predicted = findings[k].label,
                .epsilon = kNone,
                .radius = kNone};
    }
  }

  /// From the largest budget down: what is proved there needs no proof below.
  void certify_curve(std::size_t first, std::span<reports::CertifiedSample> out) {
    for (std::size_t e = plan_.epsilons.size(); e-- > 0;) {
      asked_.clear();
      for (std::size_t k = 0; k < out.size(); ++k) {
        if (out[k].predicted == out[k].label && out[k].epsilon < 0.0) asked_.push_back(k);
      }
      const std::vector<double> radii(asked_.size(), plan_.epsilons[e]);
      ask(first, radii);
      for (std::size_t a = 0; a < asked_.size(); ++a) {
        if (holds_[a] == 0) continue;
        out[asked_[a]].epsilon = out[asked_[a]].radius = plan_.epsilons[e];
      }
    }
  }

  /// Doubles the radius until the bounds give up, then halves the gap. The curve gives both ends
  /// where it can.
  void bisect(std::size_t first, std::span<reports::CertifiedSample> out) {
    constexpr int kMostSteps = 60;
    constexpr double kClose = 1e-5;  // of the radius
    const double start = std::ldexp(diameter(plan_, data_), -10);
    const double largest = diameter(plan_, data_);
    std::vector<double> good(out.size());
    std::vector<double> bad(out.size());
    for (std::size_t k = 0; k < out.size(); ++k) {
      good[k] = std::max(0.0, out[k].radius);
      const auto above = std::ranges::upper_bound(plan_.epsilons, out[k].radius);
      bad[k] = above == plan_.epsilons.end() ? std::numeric_limits<double>::infinity() : *above;
    }
    std::vector<double> radii;
    for (int step = 0; step < kMostSteps; ++step) {
      asked_.clear();
      radii.clear();
      for (std::size_t k = 0; k < out.size(); ++k) {
        if (out[k].predicted != out[k].label || bad[k] - good[k] <= kClose * good[k] ||
            good[k] >= largest) {
          continue;
        }
        asked_.push_back(k);
        radii.push_back(std::isfinite(bad[k]) ? 0.5 * (good[k] + bad[k])
                                              : std::max(start, 2.0 * good[k]));
      }
      if (asked_.empty()) return;
      ask(first, radii);
      for (std::size_t a = 0; a < asked_.size(); ++a) {
        const std::size_t k = asked_[a];
        (holds_[a] != 0 ? good : bad)[k] = radii[a];
        if (holds_[a] != 0) out[k].radius = radii[a];
      }
    }
  }

  /// holds_[a]: sample first + asked_[a] keeps its answer within radii[a].
  void ask(std::size_t first, std::span<const double> radii) {
    holds_.assign(asked_.size(), 0);
    if (asked_.empty()) return;
    if (interrupted) throw Interrupted{};
    labels_.clear();
    reaches_.clear();
    for (std::size_t a = 0; a < asked_.size(); ++a) {
      const std::size_t n = first + asked_[a];
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
      holds_[a] = std::ranges::all_of(margins_.row(a), &models::Bounded::positive) ? 1 : 0;
    }
  }

  const models::Bounder& bounder_;
  const datasets::Dataset& data_;
  const CertifyPlan& plan_;
  Judge judge_;
  models::BoundTape tape_;
  Tensor x_;
  TensorOf<models::Bounded> margins_;
  std::vector<std::size_t> asked_;  // of the block
  std::vector<char> holds_;
  std::vector<int> labels_;
  std::vector<double> reaches_;
};

}  // namespace

CertifyResult certify(const models::Network& network, const datasets::Dataset& data,
                      const CertifyPlan& plan, const CertifyProgress& progress) {
  static_cast<void>(ball_of(plan.norm));
  const models::Bounder bounder(network);
  const models::MlpOf<double> model(network);
  CertifyResult result;
  result.samples.resize(data.size());
  const std::size_t blocks = (data.size() + kBlock - 1) / kBlock;
  std::vector<std::unique_ptr<Prover>> provers(std::max<std::size_t>(1, plan.threads));
  std::size_t done = 0;
  std::mutex mutex;  // guards done and progress
  for_each_block(blocks, provers.size(), [&](std::size_t worker, std::size_t block) {
    std::unique_ptr<Prover>& prover = provers[worker];
    if (!prover) prover = std::make_unique<Prover>(bounder, model, network.output, data, plan);
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min(kBlock, data.size() - first);
    prover->prove(first, std::span(result.samples).subspan(first, count));
    const std::lock_guard lock(mutex);
    done += count;
    progress(done, data.size());
  });
  if (interrupted) throw Interrupted{};
  for (const reports::CertifiedSample& sample : result.samples) {
    result.clean_correct += sample.predicted == sample.label ? 1 : 0;
  }
  for (const double epsilon : plan.epsilons) {
    const auto certified = std::ranges::count_if(
        result.samples, [&](const reports::CertifiedSample& s) { return s.epsilon >= epsilon; });
    result.curve.push_back(
        {.epsilon = epsilon, .n = data.size(), .certified = static_cast<std::uint64_t>(certified)});
  }
  return result;
}

}  // namespace gibbon::eval

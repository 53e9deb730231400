// SPDX-License-Identifier: MIT
#include "eval/certify/smooth.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <memory>
#include <mutex>
#include <utility>

#include "attacks/losses.hpp"
#include "base/gaussian.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::certify {
namespace {

constexpr std::size_t kMostRows = 256;  // noisy copies a forward pass takes

/// What one worker needs.
class Voter {
 public:
  explicit Voter(const models::Classifier& model)
      : model_(model),
        rows_(std::min(kMostRows, model.most_rows())),
        tape_(model.make_tape(rows_)),
        points_(rows_, model.input_dim()) {}

  /// How often each class is answered at x + σ · (draws first … first + count - 1).
  [[nodiscard]] std::vector<std::size_t> votes(Row x, std::uint64_t key, float sigma,
                                               std::size_t first, std::size_t count) {
    std::vector<std::size_t> out(model_.num_classes());
    for (std::size_t begin = 0; begin < count; begin += rows_) {
      if (interrupted) throw Interrupted{};
      const std::size_t rows = std::min(rows_, count - begin);
      for (std::size_t r = 0; r < rows; ++r) {
        const MutableRow point = points_.row(r);
        gaussian(key, first + begin + r, sigma, point);
        for (std::size_t j = 0; j < x.size(); ++j) point[j] += x[j];
      }
      const Rows logits = model_.forward(std::as_const(points_).view().slice(0, rows), tape_);
      for (std::size_t r = 0; r < rows; ++r) {
        ++out[static_cast<std::size_t>(attacks::predicted_class(logits.row(r)))];
      }
    }
    return out;
  }

 private:
  const models::Classifier& model_;
  std::size_t rows_;
  models::Tape tape_;
  Tensor points_;
};

}  // namespace

double probability_at_least(std::size_t hits, std::size_t n, double alpha) {
  return boost::math::binomial::find_lower_bound_on_p(static_cast<double>(n),
                                                      static_cast<double>(hits), alpha);
}

double smoothed_radius(double sigma, double p) {
  return p <= 0.5 ? 0.0 : sigma * boost::math::quantile(boost::math::normal(), p);
}

SmoothResult smooth(const models::Target& target, const datasets::Dataset& data,
                    const SmoothPlan& plan, const SmoothProgress& progress) {
  const models::Classifier& model = *target.fast;
  const auto sigma = static_cast<float>(plan.sigma);
  SmoothResult result;
  result.samples.resize(data.size());
  std::vector<std::unique_ptr<Voter>> voters(std::max<std::size_t>(1, plan.threads));
  std::size_t done = 0;
  std::mutex mutex;  // guards done and progress
  for_each_block(data.size(), voters.size(), [&](std::size_t worker, std::size_t k) {
    std::unique_ptr<Voter>& voter = voters[worker];
    if (!voter) voter = std::make_unique<Voter>(model);
    const std::uint64_t key = Rng(plan.seed, data.ids[k], "smoothing").bits();
    const Row x = data.images.row(k);
    const auto chosen = voter->votes(x, key, sigma, 0, plan.n0);
    const auto top = static_cast<std::size_t>(std::ranges::max_element(chosen) - chosen.begin());
    const std::size_t hits = voter->votes(x, key, sigma, plan.n0, plan.n)[top];
    const double p = probability_at_least(hits, plan.n, plan.alpha);
    const double radius = smoothed_radius(static_cast<double>(sigma), p);
    result.samples[k] = {.id = data.ids[k],
                         .label = data.labels[k],
                         .predicted = radius > 0.0 ? static_cast<int>(top) : -1,
                         .top = static_cast<int>(top),
                         .hits = hits,
                         .p_low = p,
                         .radius = radius};
    const std::lock_guard lock(mutex);
    progress(++done, data.size());
  });
  if (interrupted) throw Interrupted{};
  for (const double epsilon : plan.epsilons) {
    const auto certified = std::ranges::count_if(
        result.samples, [&](const reports::record::SmoothedSample& s) { return s.holds(epsilon); });
    result.curve.push_back(
        {.epsilon = epsilon, .n = data.size(), .certified = static_cast<std::uint64_t>(certified)});
  }
  return result;
}

}  // namespace gibbon::eval::certify

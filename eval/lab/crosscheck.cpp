// SPDX-License-Identifier: MIT
// Where the tolerances come from
//
// float64
//   1e-10 of the largest number of the tensor: rounding is near 1e-15, a wrong formula near 1.
//
// float32
//   A sum of n products, each rounded to u = 2^-24, is off by n·u·Σ|terms| at most, and by about
//   √n·u when roundings are independent. n is the longest sum over a layer or the batch. 16·√n·u
//   leaves room for several layers and other orders of summation; for n = 784 it is 2.7e-5, while a
//   dropped term or a wrong sign is near 1.
//
// Seeds
//   ∂J/∂z = ŷ - y cancels in the engine: its absolute error is a few u whatever its size. So
//   16·u·(gradient for seeds of size 1) is allowed on top.
//
// Kinks
//   relu'(z) jumps at z = 0, where rounding decides on which side a sample lies. Samples with a |z|
//   within the float32 tolerance, in a neuron with a kink, are left out and counted.
//   A graph has so many neurons that in float32 every sample has one, and a max pool over a
//   constant background has ties in every window. Hence its layers are compared one by one, from
//   the same numbers in both engines, where kinks make no difference; and of the whole passes those
//   samples are left out and counted that stand near a kink AND whose input gradients differ. In
//   float64 some sample has to agree.
//
// Signs
//   FGSM takes sign(g). Pixels with |g| within the tolerance of g are counted, not compared.
//
// Adam
//   It divides g by √v: an entry with g near its error δ moves up to 2α per step more or less. So
//   α·Σ_t min(2, δ_t/√v_t) is allowed on top, δ_t being the tolerance of the gradient.
#include "eval/lab/crosscheck.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "attacks/attack.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "eval/lab/crosscheck_layers.hpp"
#include "eval/lab/crosscheck_subject.hpp"
#include "models/target.hpp"
#include "models/train/train.hpp"

namespace gibbon::eval::lab {
namespace {

using models::MlpOf;
using models::Network;
using models::Output;
using models::Precision;
using models::Reference;
using models::ReferenceGradients;

constexpr std::array kPrecisions{models::Precision::kFloat64, models::Precision::kFloat32};
constexpr std::size_t kBatch = 64;
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 0.01;
constexpr double kEpsilon = 0.1;

/// Samples that are compared.
struct Sampled {
  Tensor x;
  std::vector<int> labels;

  [[nodiscard]] std::size_t size() const { return labels.size(); }
  /// Those for which keep(n).
  template <class Keep>
  [[nodiscard]] Sampled only(const Keep& keep) const {
    Sampled kept{.x = {size(), x.cols()}};
    for (std::size_t n = 0; n < size(); ++n) {
      if (!keep(n)) continue;
      std::ranges::copy(x.row(n), kept.x.row(kept.size()).begin());
      kept.labels.push_back(labels[n]);
    }
    kept.x.reshape(kept.size(), x.cols());
    return kept;
  }
};

template <class Net>
class Check {
 public:
  Check(const Net& network, const datasets::Dataset& data, const CrosscheckSettings& settings,
        const CrosscheckTamper& tamper)
      : network_(network),
        settings_(settings),
        tamper_(tamper),
        pieces_(pieces_of(network)),
        box_(data.range),
        references_{models::open_reference(network, models::Precision::kFloat64),
                    models::open_reference(network, models::Precision::kFloat32)} {
    report_.engine = models::reference_engine();
    report_.architecture = network.architecture();
    report_.data = data.name;
    draw(data);
  }

  CrosscheckReport run() {
    const bool trains = can_train(network_);
    if constexpr (kIsGraph<Net>) {
      layers(Precision::kFloat64);
      layers(Precision::kFloat32);
      if (trains) {
        keep_agreeing<double>(Precision::kFloat64);
        keep_agreeing<float>(Precision::kFloat32);
      }
    }
    passes<double>(Precision::kFloat64, trains);
    passes<float>(Precision::kFloat32, trains);
    if (trains) {
      fgsm(attacks::Norm::kLinf);
      fgsm(attacks::Norm::kL2);
      for (const models::OptimizerInfo& optimizer : models::optimizers()) updates(optimizer);
    } else {
      report_.lines.push_back({.name = "gradients, FGSM, updates",
                               .precision = models::Precision::kFloat64,
                               .ok = true,
                               .note = "not compared: an activation has no derivative to follow"});
    }
    return std::move(report_);
  }

 private:
  static std::size_t index(Precision precision) { return precision == Precision::kFloat64 ? 0 : 1; }

  [[nodiscard]] const models::Reference& reference(models::Precision precision) const {
    return *references_.at(index(precision));
  }

  [[nodiscard]] double tolerance(models::Precision precision) const {
    return relative_tolerance(precision, std::max(longest_sum(network_), all_.size()));
  }

  /// Samples that go through a pass together; a graph's values are large.
  [[nodiscard]] std::size_t block() const {
    if constexpr (kIsGraph<Net>) {
      constexpr std::size_t kRows = 64;
      return std::min(kRows, models::GraphModelOf<double>(network_).most_rows());
    } else {
      return std::max<std::size_t>(1, all_.size());
    }
  }

  /// Draws the samples; those of a multilayer perceptron less those near a kink.
  void draw(const datasets::Dataset& data) {
    std::vector<std::uint32_t> order(data.size());
    std::iota(order.begin(), order.end(), 0U);
    Rng rng(settings_.seed, 0, "crosscheck");
    shuffle(order, rng);
    order.resize(std::min(order.size(), settings_.samples));
    all_.x.reshape(order.size(), data.images.cols());
    for (std::size_t n = 0; n < order.size(); ++n) {
      std::ranges::copy(data.images.row(order[n]), all_.x.row(n).begin());
      all_.labels.push_back(data.labels[order[n]]);
    }
    if constexpr (!kIsGraph<Net>) {
      const std::vector<char> near = near_kink<double>(models::MlpOf<double>(network_),
                                                       converted<double>(all_.x.view()).view(),
                                                       tolerance(Precision::kFloat32));
      all_ = all_.only([&](std::size_t n) { return near[n] == 0; });
      if (all_.size() == 0) {
        fail_usage(
            "cross-check: all {} samples drawn lie within rounding of a kink of an activation, "
            "where derivatives jump; choose more samples or another seed",
            order.size());
      }
    }
    report_.samples = all_.size();
    report_.left_out = order.size() - all_.size();
    kept_ = {all_, all_};
    block_ = block();
  }

  /// Layer by layer, on the first samples.
  void layers(Precision precision) {
    constexpr std::size_t kRows = 16;
    const Rows x = all_.x.view().slice(0, std::min({kRows, block_, all_.size()}));
    const TensorOf<double> logits = reference(precision).forward(x);
    const TensorOf<double> seeds = seeds_of(precision, logits, all_.labels);
    if constexpr (kIsGraph<Net>) {
      for (CrosscheckLine& line :
           crosscheck_layers(network_, x, seeds.view(), reference(precision), precision))
        report_.lines.push_back(std::move(line));
    }
  }

  /// Leaves out the samples at which a rounding sends the engines through different branches of a
  /// graph: their input gradients differ, and a kink is near.
  template <class Float>
  void keep_agreeing(Precision precision) {
    Ours<Net, Float> ours(network_, all_.x.view(), block_);
    const TensorOf<double> logits = their_logits(precision, all_);
    const TensorOf<double> seeds = seeds_of(precision, logits, all_.labels);
    const ReferenceGradients theirs = their_vjp(precision, all_, seeds.view());
    ReferenceGradients mine = ours.vjp(seeds.view());
    if (tamper_.input_gradient) tamper_.input_gradient(mine.inputs.view());
    const std::vector<char> near =
        ours.near_kinks(relative_tolerance(precision, longest_sum(network_)));
    const auto agrees = [&](std::size_t n) {
      const Numbers row = theirs.inputs.row(n);
      const double allowed = (tolerance(precision) + kUnits * roundoff(precision)) * largest(row);
      for (std::size_t d = 0; d < row.size(); ++d) {
        if (!(std::abs(mine.inputs.row(n)[d] - row[d]) <= allowed)) return false;
      }
      return true;
    };
    Sampled& kept = kept_.at(index(precision));
    kept = all_.only([&](std::size_t n) { return near[n] == 0 || agrees(n); });
    report_.other_branch.at(index(precision)) = all_.size() - kept.size();
  }

  /// ∂J/∂z of the scale-free seed, rounded as both sides will see it.
  [[nodiscard]] static TensorOf<double> seeds_of(Precision precision,
                                                 const TensorOf<double>& logits, Labels labels) {
    TensorOf<double> seeds(logits.rows(), logits.cols());
    for (std::size_t n = 0; n < logits.rows(); ++n)
      attacks::scale_free_seed<double>(logits.row(n), labels[n], seeds.row(n));
    if (precision == Precision::kFloat32)
      return converted<double>(converted<float>(seeds.view()).view());
    return seeds;
  }

  [[nodiscard]] TensorOf<double> their_logits(Precision precision, const Sampled& samples) const {
    TensorOf<double> all(samples.size(), network_.num_classes());
    for_sample_blocks(samples.size(), block_, [&](std::size_t first, std::size_t rows) {
      const TensorOf<double> some =
          reference(precision).forward(samples.x.view().slice(first, rows));
      std::ranges::copy(some.flat(), all.view().slice(first, rows).flat().begin());
    });
    return all;
  }

  [[nodiscard]] ReferenceGradients their_vjp(Precision precision, const Sampled& samples,
                                             RowsOf<const double> seeds) const {
    return gathered(samples.size(), block_, [&](std::size_t first, std::size_t rows) {
      return reference(precision).vjp(samples.x.view().slice(first, rows),
                                      seeds.slice(first, rows));
    });
  }

  [[nodiscard]] ReferenceGradients their_gradients(Precision precision, const Sampled& samples,
                                                   std::string_view loss, Output output) const {
    return gathered(samples.size(), block_, [&](std::size_t first, std::size_t rows) {
      return reference(precision).gradients(samples.x.view().slice(first, rows),
                                            Labels(samples.labels).subspan(first, rows), loss,
                                            output);
    });
  }

  template <class Allowed>
  void add(std::string name, models::Precision precision, Numbers ours, Numbers theirs,
           const Allowed& allowed) {
    if (interrupted) throw Interrupted{};
    report_.lines.push_back(compare(std::move(name), precision, ours, theirs, allowed));
  }

  /// allowed = tolerance · largest |theirs| + extra
  void add_plain(std::string name, models::Precision precision, Numbers ours, Numbers theirs,
                 double extra) {
    const double allowed = tolerance(precision) * largest(theirs) + extra;
    add(std::move(name), precision, ours, theirs, [=](std::size_t) { return allowed; });
  }

  /// Lines of ∂J/∂W1, ∂J/∂b1, …, ∂J/∂x. `unit`: gradients for seeds of size 1.
  void add_gradients(const std::string& name, models::Precision precision,
                     models::ReferenceGradients ours, const models::ReferenceGradients& theirs,
                     const models::ReferenceGradients& unit) {
    if (tamper_.parameter_gradient) tamper_.parameter_gradient(ours.parameters);
    if (tamper_.input_gradient) tamper_.input_gradient(ours.inputs.view());
    const auto line = [&](const std::string& of, Numbers a, Numbers b, Numbers scale) {
      add_plain(fmt::format("{}: ∂J/∂{}", name, of), precision, a, b,
                kUnits * roundoff(precision) * largest(scale));
    };
    for (const Piece& piece : pieces_) {
      line(piece.name, piece.of(ours.parameters), piece.of(theirs.parameters),
           piece.of(unit.parameters));
    }
    line("x", std::as_const(ours.inputs).flat(), theirs.inputs.flat(), unit.inputs.flat());
  }

  /// Logits, losses and gradients.
  template <class Float>
  void passes(models::Precision precision, bool trains) {
    const Sampled& samples = kept_.at(index(precision));
    {
      Ours<Net, Float> ours(network_, all_.x.view(), block_);
      const TensorOf<double> logits = their_logits(precision, all_);
      add_plain("logits", precision, ours.logits().flat(), logits.flat(), 0.0);
    }
    if (samples.size() == 0) {
      // In float64 a rounding rarely decides: what differs everywhere is wrong.
      report_.lines.push_back({.name = "losses, gradients",
                               .precision = precision,
                               .ok = precision == Precision::kFloat32,
                               .note = "not compared: the engines differ on every sample"});
      return;
    }
    Ours<Net, Float> ours(network_, samples.x.view(), block_);
    const TensorOf<double> logits = their_logits(precision, samples);
    const TensorOf<double> seeds = seeds_of(precision, logits, samples.labels);
    const ReferenceGradients unit = their_vjp(precision, samples, seeds.view());
    if (trains) add_gradients("scale-free seed", precision, ours.vjp(seeds.view()), unit, unit);
    for (const models::LossInfo& loss : models::losses()) {
      for (const models::Output output :
           {models::Output::kSoftmax, models::Output::kSigmoid, models::Output::kIdentity}) {
        if (loss.softmax_only && output != models::Output::kSoftmax) continue;
        const std::string name =
            loss.softmax_only ? std::string(loss.name)
                              : fmt::format("{} of {}", loss.name, models::to_string(output));
        const models::ReferenceGradients mine = ours.gradients({&loss, output}, samples.labels);
        const models::ReferenceGradients theirs =
            their_gradients(precision, samples, loss.name, output);
        // Every sample's loss is a difference of logits.
        const double rounding = kUnits * roundoff(precision) *
                                std::sqrt(static_cast<double>(samples.size())) *
                                largest(logits.flat());
        add_plain(name + ": J", precision, {&mine.value, 1}, {&theirs.value, 1}, rounding);
        if (trains) add_gradients(name, precision, mine, theirs, unit);
      }
    }
  }

  /// Our whole attack in float32 against clip(x + ε · steepest(∇ₓJ)), the formula as it stands in
  /// the paper, from LibTorch's gradients of the cross-entropy: of a graph in float32, where both
  /// take the same branches.
  void fgsm(attacks::Norm norm) {
    constexpr Precision kJudge = kIsGraph<Net> ? Precision::kFloat32 : Precision::kFloat64;
    const Sampled& samples = kept_.at(index(Precision::kFloat32));
    if (samples.size() == 0) return;
    const TensorOf<double> candidate = our_fgsm(norm, samples);
    const ReferenceGradients g =
        their_gradients(kJudge, samples, "cross-entropy", Output::kSoftmax);
    const TensorOf<double> ones =
        seeds_of(Precision::kFloat64, their_logits(kJudge, samples), samples.labels);
    const ReferenceGradients unit = their_vjp(kJudge, samples, ones.view());
    const double relative = tolerance(models::Precision::kFloat32);
    std::vector<double> ours;
    std::vector<double> theirs;
    std::size_t unsure = 0;
    std::size_t differ = 0;
    for (std::size_t n = 0; n < samples.size(); ++n) {
      const Numbers row = g.inputs.row(n);
      const double length = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
      // The engine's own error, and ours.
      const double floor = kUnits * roundoff(kJudge) * largest(unit.inputs.row(n));
      const double error = relative * largest(row) + floor;
      for (std::size_t d = 0; d < row.size(); ++d) {
        const bool linf = norm == attacks::Norm::kLinf;
        const double sign = row[d] > 0.0 ? 1.0 : (row[d] < 0.0 ? -1.0 : 0.0);
        const double step = kEpsilon * (linf ? sign : row[d] / length);
        const double image =
            std::clamp(static_cast<double>(samples.x.row(n)[d]) + step,
                       static_cast<double>(box_.lower), static_cast<double>(box_.upper));
        const double mine = std::as_const(candidate).row(n)[d];
        // An exact 0 with a whole row of them is a claim about x; linf only trusts clear signs.
        const bool sure = linf ? std::abs(row[d]) > error : relative * largest(row) > floor;
        if (sure) {
          ours.push_back(mine);
          theirs.push_back(image);
        } else {
          ++unsure;
          if (std::abs(mine - image) > 0x1p-22) ++differ;
        }
      }
    }
    // A rounding of x' in [0, 1]; for l2 also that of the direction.
    const double allowed = 0x1p-23 * std::max(1.0, largest(theirs)) +
                           (norm == attacks::Norm::kL2 ? 4.0 * relative * kEpsilon : 0.0);
    add(fmt::format("FGSM {} ε = {}: x'", attacks::to_string(norm), kEpsilon),
        models::Precision::kFloat32, ours, theirs, [=](std::size_t) { return allowed; });
    if (unsure > 0) {
      report_.lines.back().note = fmt::format(
          "{} of {} pixels not compared: |g| is within rounding of 0; {} of them differ", unsure,
          samples.x.flat().size(), differ);
    }
  }

  [[nodiscard]] TensorOf<double> our_fgsm(attacks::Norm norm, const Sampled& samples) const {
    const std::size_t block = std::min<std::size_t>(64, block_);
    const typename ModelsOf<Net>::template Frozen<float> model(network_);
    const attacks::AttackInfo& info = attacks::find("fgsm");
    const std::unique_ptr<attacks::Attack> attack = info.make();
    attacks::Oracle oracle(model, info.access, block);
    attacks::Workspace work;
    std::vector<std::uint64_t> ids(samples.size());
    std::iota(ids.begin(), ids.end(), std::uint64_t{0});
    Tensor candidate(samples.size(), samples.x.cols());
    const std::vector<double> budgets(block, kEpsilon);
    for (std::size_t n = 0; n < samples.size(); n += block) {
      const std::size_t rows = std::min(block, samples.size() - n);
      attack->run(oracle,
                  {.x = samples.x.view().slice(n, rows),
                   .labels = Labels(samples.labels).subspan(n, rows),
                   .ids = std::span(ids).subspan(n, rows),
                   .epsilons = std::span(budgets).first(rows),
                   .norm = norm,
                   .domain = box_},
                  work, candidate.view().slice(n, rows));
    }
    return converted<double>(std::as_const(candidate).view());
  }

  using Batches = std::vector<std::vector<std::uint32_t>>;
  using Trajectory = std::vector<std::vector<double>>;  // parameters after every step

  [[nodiscard]] models::train::StepSettings step_settings(
      const models::OptimizerInfo& optimizer) const {
    return {.loss = settings_.loss,
            .optimizer = &optimizer,
            .momentum = kMomentum,
            .weight_decay = kWeightDecay,
            .threads = settings_.threads};
  }

  /// A tenth of the usual: an unstable iteration would enlarge every rounding.
  static double learning_rate(const models::OptimizerInfo& optimizer) {
    return optimizer.usual_learning_rate / 10.0;
  }

  /// The samples of step t; of a multilayer perceptron less those near a kink of the model as it is
  /// then. What a tie of a max pool moves in a graph reaches the same weights, and a flipped ReLU
  /// is one number of a batch.
  template <class Model>
  [[nodiscard]] std::vector<std::uint32_t> batch(const models::OptimizerInfo& optimizer,
                                                 const Model& model, std::size_t t) const {
    const std::size_t size = optimizer.full_batch ? all_.size() : std::min(kBatch, all_.size());
    TensorOf<double> some(size, all_.x.cols());
    std::vector<std::uint32_t> indices;
    for (std::size_t k = 0; k < size; ++k) {
      const std::size_t n = (t * size + k) % all_.size();
      indices.push_back(static_cast<std::uint32_t>(n));
      std::ranges::copy(all_.x.row(n), some.row(k).begin());
    }
    if constexpr (kIsGraph<Net>) {
      return indices;
    } else {
      const std::vector<char> near = near_kink<double>(model, std::as_const(some).view(),
                                                       tolerance(models::Precision::kFloat32));
      std::vector<std::uint32_t> kept;
      for (std::size_t k = 0; k < size; ++k) {
        if (near[k] == 0) kept.push_back(indices[k]);
      }
      return kept;
    }
  }

  /// What the division by √v adds to the tolerance of entry k: grows by the step.
  class DivisionError {
   public:
    DivisionError(const std::vector<Piece>& pieces, std::size_t parameters, double relative,
                  double rate)
        : pieces_(pieces), relative_(relative), rate_(rate), v_(parameters), sum_(parameters) {}

    /// `parameters`: after the step.
    void step(Numbers gradient, Numbers parameters) {
      constexpr double kBeta2 = 0.999;
      decay_ *= kBeta2;
      for (std::size_t k = 0; k < v_.size(); ++k) {
        v_[k] = kBeta2 * v_[k] + (1.0 - kBeta2) * gradient[k] * gradient[k];
      }
      const double error = relative_ + carried(parameters);
      for (const Piece& piece : pieces_) grow(piece, gradient, error);
      // What is in no piece is a statistic: it follows numbers that the weights move.
      const double most = *std::ranges::max_element(sum_);
      auto next = sum_.begin();
      for (const Piece& piece : pieces_) {
        const auto first = sum_.begin() + static_cast<std::ptrdiff_t>(piece.first);
        std::fill(next, first, most);
        next = first + static_cast<std::ptrdiff_t>(piece.count);
      }
      std::fill(next, sum_.end(), most);
      all_.push_back(sum_);
    }
    [[nodiscard]] const Trajectory& all() const { return all_; }

   private:
    /// What earlier steps did to the parameters goes through every layer into the next gradients:
    /// of a product of L factors with relative errors δ each, the relative error is L δ.
    [[nodiscard]] double carried(Numbers parameters) const {
      double errors = 0.0;
      double size = 0.0;
      for (const Piece& piece : pieces_) {
        for (const double e : piece.of(sum_)) errors += e * e;
        for (const double theta : piece.of(parameters)) size += theta * theta;
      }
      return size == 0.0 ? 0.0 : static_cast<double>(pieces_.size()) * std::sqrt(errors / size);
    }

    void grow(const Piece& piece, Numbers gradient, double relative) {
      const double error = relative * largest(piece.like(gradient));
      for (std::size_t k = piece.first; k < piece.first + piece.count; ++k) {
        const double root = std::sqrt(v_[k] / (1.0 - decay_)) + 1e-8;
        sum_[k] += rate_ * std::min(2.0, error / root);
      }
    }

    const std::vector<Piece>& pieces_;
    double relative_;
    double rate_;
    double decay_ = 1.0;  // β2^t
    std::vector<double> v_;
    std::vector<double> sum_;
    Trajectory all_;
  };

  /// Our run on given batches; `watch(stepper, θ)` after every step.
  template <class Float, class Choose, class Watch>
  [[nodiscard]] Trajectory our_updates(const models::OptimizerInfo& optimizer, const Choose& choose,
                                       const Watch& watch) const {
    typename ModelsOf<Net>::template Trained<Float> model(network_);
    models::train::StepperOf<Float> stepper(model, step_settings(optimizer));
    Trajectory trajectory;
    for (std::size_t t = 0; t < settings_.updates; ++t) {
      const std::vector<std::uint32_t> indices = choose(model, t);
      if (indices.empty()) break;
      stepper.step(all_.x.view(), all_.labels, indices, learning_rate(optimizer));
      const std::span<const Float> now = std::as_const(model).parameters();
      watch(stepper, now);
      trajectory.emplace_back(now.begin(), now.end());
    }
    return trajectory;
  }

  void updates(const models::OptimizerInfo& optimizer) {
    const double rate = learning_rate(optimizer);
    Batches batches;
    DivisionError error64(pieces_, network_.parameter_count(),
                          tolerance(models::Precision::kFloat64), rate);
    DivisionError error32(pieces_, network_.parameter_count(),
                          tolerance(models::Precision::kFloat32), rate);
    const Trajectory ours64 = our_updates<double>(
        optimizer,
        [&](const auto& model, std::size_t t) {
          std::vector<std::uint32_t> chosen = batch(optimizer, model, t);
          if (!chosen.empty()) batches.push_back(chosen);
          return chosen;
        },
        [&](const models::train::StepperOf<double>& stepper, Numbers now) {
          if (optimizer.states < 2) return;
          error64.step(stepper.gradient(), now);
          error32.step(stepper.gradient(), now);
        });
    const Trajectory ours32 = our_updates<float>(
        optimizer,
        [&](const auto&, std::size_t t) {
          return t < batches.size() ? batches[t] : std::vector<std::uint32_t>();
        },
        [](const models::train::StepperOf<float>&, std::span<const float>) {});
    const models::ReferenceTraining training{.images = all_.x.view(),
                                             .labels = all_.labels,
                                             .batches = batches,
                                             .loss = settings_.loss.info->name,
                                             .output = settings_.loss.output,
                                             .optimizer = optimizer.name,
                                             .learning_rate = rate,
                                             .momentum = kMomentum,
                                             .weight_decay = kWeightDecay};
    Trajectory exact;  // the engine's in float64
    for (const models::Precision precision : kPrecisions) {
      const bool wide = precision == models::Precision::kFloat64;
      if (kept_.at(index(precision)).size() == 0) {
        report_.lines.push_back({.name = fmt::format("updates by {}", optimizer.name),
                                 .precision = precision,
                                 .ok = !wide,
                                 .note = "not compared: the engines differ on every sample"});
        continue;
      }
      const Trajectory theirs = reference(precision).train(training);
      if (wide) exact = theirs;
      add_updates(optimizer, precision, wide ? ours64 : ours32, theirs,
                  wide ? error64.all() : error32.all(), farthest(theirs, exact));
    }
  }

  /// Largest difference of two trajectories of one run; 0 where one of them was not run.
  static double farthest(const Trajectory& a, const Trajectory& b) {
    double most = 0.0;
    for (std::size_t t = 0; t < std::min(a.size(), b.size()); ++t) {
      for (std::size_t k = 0; k < a[t].size(); ++k)
        most = std::max(most, std::abs(a[t][k] - b[t][k]));
    }
    return most;
  }

  /// `rounding`: how far the engine's own rounding carried this trajectory from its float64 one.
  /// Steps through batch norm multiply what one step rounds, so that two engines in float32 end as
  /// far from each other as each is from float64; formulas are held to float64 and to the gradients
  /// of single steps.
  void add_updates(const models::OptimizerInfo& optimizer, models::Precision precision,
                   const Trajectory& ours, const Trajectory& theirs, const Trajectory& division,
                   double rounding) {
    const auto joined = [](const Trajectory& steps) {
      std::vector<double> all;
      for (const std::vector<double>& step : steps) all.insert(all.end(), step.begin(), step.end());
      return all;
    };
    const std::vector<double> extra = joined(division);
    const std::vector<double> wanted = joined(theirs);
    const double allowed = tolerance(precision) * largest(wanted) + 4.0 * rounding;
    add(fmt::format("{} updates by {}: θ", ours.size(), optimizer.name), precision, joined(ours),
        wanted, [&](std::size_t k) { return allowed + (extra.empty() ? 0.0 : extra[k]); });
    if (ours.size() < settings_.updates) {
      report_.lines.back().note = "ended early: all samples of the next batch lie at kinks";
    }
  }

  const Net& network_;
  const CrosscheckSettings& settings_;
  const CrosscheckTamper& tamper_;
  std::vector<Piece> pieces_;
  Box box_;
  std::array<std::unique_ptr<models::Reference>, 2> references_;
  Sampled all_;
  std::array<Sampled, 2> kept_;  // in float64 and in float32
  std::size_t block_ = 1;
  CrosscheckReport report_;
};

}  // namespace

bool CrosscheckReport::ok() const { return std::ranges::all_of(lines, &CrosscheckLine::ok); }

namespace {

/// Of UTF-8 text: bytes that begin one.
std::size_t signs(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

template <class Net>
CrosscheckReport checked(const Net& network, const datasets::Dataset& data,
                         const CrosscheckSettings& settings, const CrosscheckTamper& tamper) {
  if (settings.loss.info == nullptr) throw std::logic_error("crosscheck: no loss was given");
  models::require_fit(network, data);
  return Check<Net>(network, data, settings, tamper).run();
}

}  // namespace

CrosscheckReport crosscheck(const models::Network& network, const datasets::Dataset& data,
                            const CrosscheckSettings& settings, const CrosscheckTamper& tamper) {
  return checked(network, data, settings, tamper);
}

CrosscheckReport crosscheck(const models::Graph& graph, const datasets::Dataset& data,
                            const CrosscheckSettings& settings, const CrosscheckTamper& tamper) {
  return checked(graph, data, settings, tamper);
}

std::string to_text(const CrosscheckReport& report) {
  std::string left_out;
  if (report.left_out > 0) {
    left_out = fmt::format(" ({} more left out: within rounding of a kink of an activation)",
                           report.left_out);
  }
  std::string text = fmt::format(
      "cross-check of {} against {} on {} samples of {}{}\n"
      "both use the network as it was read: an error in reading the file is not seen here\n"
      "relative: largest difference over the largest magnitude of LibTorch's tensor\n",
      report.architecture, report.engine, report.samples, report.data, left_out);
  const auto [other64, other32] = report.other_branch;
  if (other64 + other32 > 0) {
    text += fmt::format(
        "left out of losses and gradients: {} samples in float64, {} in float32, where a rounding "
        "sends the engines\nthrough different branches (a ReLU at 0, equal inputs of a max pool)\n",
        other64, other32);
  }
  std::size_t width = 36;
  for (const CrosscheckLine& line : report.lines) width = std::max(width, signs(line.name));
  text += fmt::format("\n{:<{}} {:<8} {:>10} {:>10} {:>10}\n", "quantity", width, "format",
                      "difference", "relative", "tolerance");
  std::size_t failed = 0;
  for (const CrosscheckLine& line : report.lines) {
    text += fmt::format("{:<{}} {:<8} {:>10.1e} {:>10.1e} {:>10.1e}  {}{}{}\n", line.name, width,
                        models::to_string(line.precision), line.difference, line.relative,
                        line.tolerance, line.ok ? "ok" : "FAILED", line.note.empty() ? "" : "; ",
                        line.note);
    failed += line.ok ? 0U : 1U;
  }
  text += failed == 0 ? fmt::format("\nall {} lines agree\n", report.lines.size())
                      : fmt::format("\n{} of {} lines do not agree\n", failed, report.lines.size());
  return text;
}

}  // namespace gibbon::eval::lab

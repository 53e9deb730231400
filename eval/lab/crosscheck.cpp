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
#include "models/mlp.hpp"
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
constexpr std::size_t kUpdates = 20;
constexpr std::size_t kBatch = 64;
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 0.01;
constexpr double kEpsilon = 0.1;

constexpr double kUnits = 16.0;  // see above: several layers, and other orders of summation
constexpr double kFloat64Tolerance = 1e-10;  // rounding is near 1e-15, a wrong formula near 1

using Numbers = std::span<const double>;

double largest(Numbers values) {
  double top = 0.0;
  for (const double value : values) top = std::max(top, std::abs(value));
  return top;
}

bool all_finite(Numbers values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

template <class To, class From>
TensorOf<To> converted(RowsOf<From> rows) {
  TensorOf<To> copy(rows.rows, rows.cols);
  std::ranges::transform(rows.flat(), copy.flat().begin(),
                         [](From value) { return static_cast<To>(value); });
  return copy;
}

/// u of the number format.
double roundoff(models::Precision precision) {
  return precision == models::Precision::kFloat32 ? 0x1p-24 : 0x1p-53;
}

double relative_tolerance(models::Precision precision, const models::Network& network,
                          std::size_t samples) {
  if (precision == Precision::kFloat64) return kFloat64Tolerance;
  std::size_t longest = samples;
  for (const models::Dense& layer : network.layers) {
    longest = std::max({longest, layer.weight.rows(), layer.weight.cols()});
  }
  return kUnits * std::sqrt(static_cast<double>(longest)) * roundoff(precision);
}

/// One line; entry k may differ by allowed(k).
template <class Allowed>
CrosscheckLine compare(std::string name, models::Precision precision, Numbers ours, Numbers theirs,
                       const Allowed& allowed) {
  expect_size("crosscheck: size of our result", ours.size(), theirs.size());
  CrosscheckLine line{.name = std::move(name), .precision = precision, .ok = true};
  if (!all_finite(ours) || !all_finite(theirs)) {
    line.difference = line.relative = std::numeric_limits<double>::quiet_NaN();
    line.ok = false;
    line.note = "not finite";
    return line;
  }
  const double scale = largest(theirs);
  double worst = -1.0;  // largest share of what is allowed; the line shows the tolerance there
  for (std::size_t k = 0; k < ours.size(); ++k) {
    const double difference = std::abs(ours[k] - theirs[k]);
    line.difference = std::max(line.difference, difference);
    const double share = difference == 0.0 ? 0.0 : difference / allowed(k);
    if (share <= worst) continue;
    worst = share;
    line.tolerance = scale == 0.0 ? allowed(k) : allowed(k) / scale;
    line.ok = share <= 1.0;
  }
  line.relative = line.difference == 0.0 ? 0.0 : line.difference / scale;
  return line;
}

/// Samples with some |z| within `tolerance` · (largest |z| of the layer) of a kink at 0.
template <class Float>
std::vector<char> near_kink(const models::MlpLayersOf<Float>& model, RowsOf<const Float> x,
                            double tolerance) {
  std::vector<char> near(x.rows, 0);
  models::TapeOf<Float> tape = model.make_tape(x.rows);
  model.forward(x, tape);
  for (std::size_t l = 0; l < model.depth(); ++l) {
    if (model.activation(l).info->kink == "none") continue;
    const auto z = converted<double>(model.passed(tape).z[l].view());
    const double border = tolerance * largest(z.flat());
    for (std::size_t n = 0; n < x.rows; ++n) {
      if (std::ranges::any_of(z.row(n), [&](double value) { return std::abs(value) <= border; })) {
        near[n] = 1;
      }
    }
  }
  return near;
}

/// Our network in one precision on fixed samples; results as doubles.
template <class Float>
class Ours {
 public:
  Ours(const models::Network& network, Rows x)
      : model_(network), x_(converted<Float>(x)), tape_(model_.make_tape(x.rows)) {
    logits_ = model_.forward(std::as_const(x_).view(), tape_);
  }

  [[nodiscard]] TensorOf<double> logits() const { return converted<double>(logits_); }

  models::ReferenceGradients gradients(const models::Loss& loss, Labels labels) {
    TensorOf<Float> seeds(logits_.rows, logits_.cols);
    double value = 0.0;
    for (std::size_t n = 0; n < logits_.rows; ++n) {
      value += loss.evaluate(logits_.row(n), static_cast<std::size_t>(labels[n]), seeds.row(n));
    }
    return derive(value, std::as_const(seeds).view());
  }

  models::ReferenceGradients vjp(RowsOf<const double> dlogits) {
    double value = 0.0;
    for (std::size_t k = 0; k < dlogits.flat().size(); ++k) {
      value += dlogits.flat()[k] * static_cast<double>(logits_.flat()[k]);
    }
    const TensorOf<Float> seeds = converted<Float>(dlogits);
    return derive(value, seeds.view());
  }

 private:
  models::ReferenceGradients derive(double value, RowsOf<const Float> dlogits) {
    std::vector<Float> parameters(model_.parameters().size());
    model_.backward_parameters(tape_, dlogits, parameters);
    TensorOf<Float> dx(x_.rows(), x_.cols());
    model_.backward(tape_, dlogits, dx.view());
    return {.value = value,
            .parameters = {parameters.begin(), parameters.end()},
            .inputs = converted<double>(std::as_const(dx).view())};
  }

  models::MlpOf<Float> model_;
  TensorOf<Float> x_;
  models::TapeOf<Float> tape_;
  RowsOf<const Float> logits_;
};

class Check {
 public:
  Check(const models::Network& network, const datasets::Dataset& data,
        const CrosscheckSettings& settings, const CrosscheckTamper& tamper)
      : network_(network),
        settings_(settings),
        tamper_(tamper),
        layout_(network),
        box_(data.range),
        references_{models::open_reference(network, models::Precision::kFloat64),
                    models::open_reference(network, models::Precision::kFloat32)} {
    report_.engine = models::reference_engine();
    report_.architecture = network.architecture();
    report_.data = data.name;
    draw(data);
  }

  CrosscheckReport run() {
    passes<double>(models::Precision::kFloat64);
    passes<float>(models::Precision::kFloat32);
    if (trainable()) {
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
  [[nodiscard]] bool trainable() const {
    return std::ranges::all_of(network_.layers, [](const models::Dense& layer) {
      return layer.activation.info->trainable;
    });
  }

  [[nodiscard]] const models::Reference& reference(models::Precision precision) const {
    return *references_.at(precision == models::Precision::kFloat64 ? 0 : 1);
  }

  [[nodiscard]] double tolerance(models::Precision precision) const {
    return relative_tolerance(precision, network_, x_.rows());
  }

  /// Draws the samples, less those near a kink.
  void draw(const datasets::Dataset& data) {
    std::vector<std::uint32_t> order(data.size());
    std::iota(order.begin(), order.end(), 0U);
    Rng rng(settings_.seed, 0, "crosscheck");
    shuffle(order, rng);
    order.resize(std::min(order.size(), settings_.samples));
    x_.reshape(order.size(), data.images.cols());
    for (std::size_t n = 0; n < order.size(); ++n) {
      std::ranges::copy(data.images.row(order[n]), x_.row(n).begin());
    }
    const std::vector<char> near = near_kink<double>(layout_, converted<double>(x_.view()).view(),
                                                     tolerance(models::Precision::kFloat32));
    for (std::size_t n = 0; n < order.size(); ++n) {
      if (near[n] != 0) continue;
      std::ranges::copy(x_.row(n), x_.row(labels_.size()).begin());
      labels_.push_back(data.labels[order[n]]);
    }
    report_.samples = labels_.size();
    report_.left_out = order.size() - labels_.size();
    x_.reshape(labels_.size(), x_.cols());
    if (labels_.empty()) {
      fail_usage(
          "cross-check: all {} samples drawn lie within rounding of a kink of an activation, "
          "where derivatives jump; choose more samples or another seed",
          order.size());
    }
  }

  [[nodiscard]] Rows x() const { return x_.view(); }

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
    for (std::size_t l = 0; l < layout_.depth(); ++l) {
      const auto weight = [&](const models::ReferenceGradients& g) -> Numbers {
        return layout_.weight(Numbers(g.parameters), l).flat();
      };
      const auto bias = [&](const models::ReferenceGradients& g) {
        return layout_.bias(Numbers(g.parameters), l);
      };
      line(fmt::format("W{}", l + 1), weight(ours), weight(theirs), weight(unit));
      line(fmt::format("b{}", l + 1), bias(ours), bias(theirs), bias(unit));
    }
    line("x", std::as_const(ours.inputs).flat(), theirs.inputs.flat(), unit.inputs.flat());
  }

  /// Logits, losses and gradients.
  template <class Float>
  void passes(models::Precision precision) {
    Ours<Float> ours(network_, x());
    const TensorOf<double> logits = reference(precision).forward(x());
    add_plain("logits", precision, std::as_const(ours).logits().flat(), logits.flat(), 0.0);

    TensorOf<double> seeds(logits.rows(), logits.cols());
    for (std::size_t n = 0; n < logits.rows(); ++n) {
      attacks::scale_free_seed<double>(logits.row(n), labels_[n], seeds.row(n));
    }
    // Rounded as both sides will see them.
    if (precision == models::Precision::kFloat32) {
      seeds = converted<double>(converted<float>(seeds.view()).view());
    }
    const models::ReferenceGradients unit =
        reference(precision).vjp(x(), std::as_const(seeds).view());
    if (trainable()) {
      add_gradients("scale-free seed", precision, ours.vjp(std::as_const(seeds).view()), unit,
                    unit);
    }
    for (const models::LossInfo& loss : models::losses()) {
      for (const models::Output output :
           {models::Output::kSoftmax, models::Output::kSigmoid, models::Output::kIdentity}) {
        if (loss.softmax_only && output != models::Output::kSoftmax) continue;
        const std::string name =
            loss.softmax_only ? std::string(loss.name)
                              : fmt::format("{} of {}", loss.name, models::to_string(output));
        const models::ReferenceGradients mine = ours.gradients({&loss, output}, labels_);
        const models::ReferenceGradients theirs =
            reference(precision).gradients(x(), labels_, loss.name, output);
        // Every sample's loss is a difference of logits.
        const double rounding = kUnits * roundoff(precision) *
                                std::sqrt(static_cast<double>(labels_.size())) *
                                largest(logits.flat());
        add_plain(name + ": J", precision, {&mine.value, 1}, {&theirs.value, 1}, rounding);
        if (trainable()) add_gradients(name, precision, mine, theirs, unit);
      }
    }
  }

  /// Our whole attack in float32 against clip(x + ε · steepest(∇ₓJ)) from float64 gradients of the
  /// cross-entropy, the formula as it stands in the paper.
  void fgsm(attacks::Norm norm) {
    const TensorOf<double> candidate = our_fgsm(norm);
    const models::Reference& exact = reference(models::Precision::kFloat64);
    const models::ReferenceGradients g =
        exact.gradients(x(), labels_, "cross-entropy", models::Output::kSoftmax);
    TensorOf<double> ones(x_.rows(), network_.num_classes());
    const TensorOf<double> logits = exact.forward(x());
    for (std::size_t n = 0; n < x_.rows(); ++n) {
      attacks::scale_free_seed<double>(logits.row(n), labels_[n], ones.row(n));
    }
    const models::ReferenceGradients unit = exact.vjp(x(), std::as_const(ones).view());
    const double relative = tolerance(models::Precision::kFloat32);
    std::vector<double> ours;
    std::vector<double> theirs;
    std::size_t unsure = 0;
    std::size_t differ = 0;
    for (std::size_t n = 0; n < x_.rows(); ++n) {
      const Numbers row = g.inputs.row(n);
      const double length = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
      // The engine's own error, and ours.
      const double floor = kUnits * roundoff(Precision::kFloat64) * largest(unit.inputs.row(n));
      const double error = relative * largest(row) + floor;
      for (std::size_t d = 0; d < row.size(); ++d) {
        const bool linf = norm == attacks::Norm::kLinf;
        const double sign = row[d] > 0.0 ? 1.0 : (row[d] < 0.0 ? -1.0 : 0.0);
        const double step = kEpsilon * (linf ? sign : row[d] / length);
        const double image =
            std::clamp(static_cast<double>(x_.row(n)[d]) + step, static_cast<double>(box_.lower),
                       static_cast<double>(box_.upper));
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
          x_.flat().size(), differ);
    }
  }

  [[nodiscard]] TensorOf<double> our_fgsm(attacks::Norm norm) const {
    constexpr std::size_t kBlock = 64;
    const models::Mlp model(network_);
    const attacks::AttackInfo& info = attacks::find("fgsm");
    const std::unique_ptr<attacks::Attack> attack = info.make();
    attacks::Oracle oracle(model, info.access, kBlock);
    attacks::Workspace work;
    std::vector<std::uint64_t> ids(x_.rows());
    std::iota(ids.begin(), ids.end(), std::uint64_t{0});
    Tensor candidate(x_.rows(), x_.cols());
    const std::vector<double> budgets(kBlock, kEpsilon);
    for (std::size_t n = 0; n < x_.rows(); n += kBlock) {
      const std::size_t rows = std::min(kBlock, x_.rows() - n);
      attack->run(oracle,
                  {.x = x().slice(n, rows),
                   .labels = Labels(labels_).subspan(n, rows),
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

  /// The samples of step t, less those near a kink of the model as it is then.
  [[nodiscard]] std::vector<std::uint32_t> batch(const models::OptimizerInfo& optimizer,
                                                 const models::MlpLayersOf<double>& model,
                                                 std::size_t t) const {
    const std::size_t size = optimizer.full_batch ? x_.rows() : std::min(kBatch, x_.rows());
    TensorOf<double> some(size, x_.cols());
    std::vector<std::uint32_t> indices;
    for (std::size_t k = 0; k < size; ++k) {
      const std::size_t n = (t * size + k) % x_.rows();
      indices.push_back(static_cast<std::uint32_t>(n));
      std::ranges::copy(x_.row(n), some.row(k).begin());
    }
    const std::vector<char> near = near_kink<double>(model, std::as_const(some).view(),
                                                     tolerance(models::Precision::kFloat32));
    std::vector<std::uint32_t> kept;
    for (std::size_t k = 0; k < size; ++k) {
      if (near[k] == 0) kept.push_back(indices[k]);
    }
    return kept;
  }

  /// What the division by √v adds to the tolerance of entry k: grows by the step.
  class DivisionError {
   public:
    DivisionError(const models::MlpOf<double>& layout, double relative, double rate)
        : layout_(layout),
          relative_(relative),
          rate_(rate),
          v_(layout.parameters().size()),
          sum_(v_.size()) {}

    void step(Numbers gradient) {
      constexpr double kBeta2 = 0.999;
      decay_ *= kBeta2;
      for (std::size_t k = 0; k < v_.size(); ++k) {
        v_[k] = kBeta2 * v_[k] + (1.0 - kBeta2) * gradient[k] * gradient[k];
      }
      for (std::size_t l = 0; l < layout_.depth(); ++l) {
        grow(layout_.weight(gradient, l).flat(), gradient);
        grow(layout_.bias(gradient, l), gradient);
      }
      all_.push_back(sum_);
    }
    [[nodiscard]] const Trajectory& all() const { return all_; }

   private:
    void grow(Numbers tensor, Numbers gradient) {
      const double error = relative_ * largest(tensor);
      const auto first = static_cast<std::size_t>(tensor.data() - gradient.data());
      for (std::size_t k = first; k < first + tensor.size(); ++k) {
        const double root = std::sqrt(v_[k] / (1.0 - decay_)) + 1e-8;
        sum_[k] += rate_ * std::min(2.0, error / root);
      }
    }

    const models::MlpOf<double>& layout_;
    double relative_;
    double rate_;
    double decay_ = 1.0;  // β2^t
    std::vector<double> v_;
    std::vector<double> sum_;
    Trajectory all_;
  };

  /// Our run on given batches; `watch(stepper)` after every step.
  template <class Float, class Choose, class Watch>
  [[nodiscard]] Trajectory our_updates(const models::OptimizerInfo& optimizer, const Choose& choose,
                                       const Watch& watch) const {
    models::TrainableMlpOf<Float> model(network_);
    models::train::StepperOf<Float> stepper(model, step_settings(optimizer));
    Trajectory trajectory;
    for (std::size_t t = 0; t < kUpdates; ++t) {
      const std::vector<std::uint32_t> indices = choose(model, t);
      if (indices.empty()) break;
      stepper.step(x(), labels_, indices, learning_rate(optimizer));
      watch(stepper);
      trajectory.emplace_back(model.parameters().begin(), model.parameters().end());
    }
    return trajectory;
  }

  void updates(const models::OptimizerInfo& optimizer) {
    const double rate = learning_rate(optimizer);
    Batches batches;
    DivisionError error64(layout_, tolerance(models::Precision::kFloat64), rate);
    DivisionError error32(layout_, tolerance(models::Precision::kFloat32), rate);
    const Trajectory ours64 = our_updates<double>(
        optimizer,
        [&](const models::MlpLayersOf<double>& model, std::size_t t) {
          std::vector<std::uint32_t> chosen = batch(optimizer, model, t);
          if (!chosen.empty()) batches.push_back(chosen);
          return chosen;
        },
        [&](const models::train::StepperOf<double>& stepper) {
          if (optimizer.states < 2) return;
          error64.step(stepper.gradient());
          error32.step(stepper.gradient());
        });
    const Trajectory ours32 = our_updates<float>(
        optimizer,
        [&](const models::MlpLayersOf<float>&, std::size_t t) {
          return t < batches.size() ? batches[t] : std::vector<std::uint32_t>();
        },
        [](const models::train::StepperOf<float>&) {});
    const models::ReferenceTraining training{.images = x(),
                                             .labels = labels_,
                                             .batches = batches,
                                             .loss = settings_.loss.info->name,
                                             .output = settings_.loss.output,
                                             .optimizer = optimizer.name,
                                             .learning_rate = rate,
                                             .momentum = kMomentum,
                                             .weight_decay = kWeightDecay};
    for (const models::Precision precision : kPrecisions) {
      const bool wide = precision == models::Precision::kFloat64;
      add_updates(optimizer, precision, wide ? ours64 : ours32,
                  reference(precision).train(training), wide ? error64.all() : error32.all());
    }
  }

  void add_updates(const models::OptimizerInfo& optimizer, models::Precision precision,
                   const Trajectory& ours, const Trajectory& theirs, const Trajectory& division) {
    const auto joined = [](const Trajectory& steps) {
      std::vector<double> all;
      for (const std::vector<double>& step : steps) all.insert(all.end(), step.begin(), step.end());
      return all;
    };
    const std::vector<double> extra = joined(division);
    const std::vector<double> wanted = joined(theirs);
    const double allowed = tolerance(precision) * largest(wanted);
    add(fmt::format("{} updates by {}: θ", ours.size(), optimizer.name), precision, joined(ours),
        wanted, [&](std::size_t k) { return allowed + (extra.empty() ? 0.0 : extra[k]); });
    if (ours.size() < kUpdates) {
      report_.lines.back().note = "ended early: all samples of the next batch lie at kinks";
    }
  }

  const models::Network& network_;
  const CrosscheckSettings& settings_;
  const CrosscheckTamper& tamper_;
  models::MlpOf<double> layout_;
  Box box_;
  std::array<std::unique_ptr<models::Reference>, 2> references_;
  Tensor x_;
  std::vector<int> labels_;
  CrosscheckReport report_;
};

}  // namespace

bool CrosscheckReport::ok() const { return std::ranges::all_of(lines, &CrosscheckLine::ok); }

CrosscheckReport crosscheck(const models::Network& network, const datasets::Dataset& data,
                            const CrosscheckSettings& settings, const CrosscheckTamper& tamper) {
  if (settings.loss.info == nullptr) throw std::logic_error("crosscheck: no loss was given");
  models::require_fit(network, data);
  return Check(network, data, settings, tamper).run();
}

std::string to_text(const CrosscheckReport& report) {
  std::string text = fmt::format(
      "cross-check of {} against {} on {} samples of {}{}\n"
      "both use the network as it was read: an error in reading the file is not seen here\n"
      "relative: largest difference over the largest magnitude of LibTorch's tensor\n\n"
      "{:<36} {:<8} {:>10} {:>10} {:>10}\n",
      report.architecture, report.engine, report.samples, report.data,
      report.left_out == 0 ? ""
                           : fmt::format(" ({} more left out: within rounding of a kink of an "
                                         "activation)",
                                         report.left_out),
      "quantity", "format", "difference", "relative", "tolerance");
  std::size_t failed = 0;
  for (const CrosscheckLine& line : report.lines) {
    text += fmt::format("{:<36} {:<8} {:>10.1e} {:>10.1e} {:>10.1e}  {}{}{}\n", line.name,
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

// SPDX-License-Identifier: MIT
#include "models/train/train.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "models/target.hpp"
#include "models/train/robust/robust_evaluation.hpp"

namespace gibbon::models::train {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void require_trainable(const Network& network) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const ActivationInfo& info = *network.layers[l].activation.info;
    if (info.trainable) continue;
    fail_usage(
        "activation {} (layer {}): its derivative is {} everywhere, so gradient descent cannot "
        "move a weight before it; use a smooth stand-in such as sigmoid",
        info.name, l + 1, info.derivative);
  }
}

/// Better on validation accuracy, then on loss; without validation on the training loss alone. In
/// robust training first on what stands; without validation the later one.
bool better(const EpochRecord& a, const EpochRecord& b, const robust::RobustSettings& robust) {
  if (robust.method != nullptr) {
    if (std::isnan(a.validation_standing)) return true;
    if (a.validation_standing != b.validation_standing) {
      return a.validation_standing > b.validation_standing;
    }
  }
  if (std::isnan(a.validation_accuracy)) return a.loss < b.loss;
  if (a.validation_accuracy != b.validation_accuracy) {
    return a.validation_accuracy > b.validation_accuracy;
  }
  return a.validation_loss < b.validation_loss;
}

}  // namespace

Evaluation evaluate(const Network& network, const Loss& loss, const datasets::Dataset& data,
                    std::span<const std::uint32_t> indices, std::size_t threads) {
  constexpr std::size_t kBlock = 64;
  const Mlp model(network);
  struct Worker {
    Tape tape;
    Tensor x;
    std::vector<float> ignored;
  };
  std::vector<Worker> workers(threads);
  for (Worker& w : workers) {
    w = {model.make_tape(kBlock),
         {kBlock, model.input_dim()},
         std::vector<float>(model.num_classes())};
  }
  const std::size_t blocks = (indices.size() + kBlock - 1) / kBlock;
  std::vector<Evaluation> parts(
      blocks);  // summed in order: the same bits for any number of threads
  for_each_block(blocks, threads, [&](std::size_t worker, std::size_t block) {
    Worker& w = workers[worker];
    const auto some =
        indices.subspan(block * kBlock, std::min(kBlock, indices.size() - block * kBlock));
    for (std::size_t n = 0; n < some.size(); ++n) {
      std::ranges::copy(data.images.row(some[n]), w.x.row(n).begin());
    }
    const Rows logits = model.forward(std::as_const(w.x).view().slice(0, some.size()), w.tape);
    for (std::size_t n = 0; n < some.size(); ++n) {
      const Row z = logits.row(n);
      const auto label = static_cast<std::size_t>(data.labels[some[n]]);
      parts[block].loss += loss.evaluate(z, label, w.ignored);
      parts[block].correct +=
          static_cast<std::size_t>(std::ranges::max_element(z) - z.begin()) == label ? 1U : 0U;
    }
  });
  Evaluation total{.n = indices.size()};
  for (const Evaluation& part : parts) {
    total.loss += part.loss;
    total.correct += part.correct;
  }
  total.loss /= static_cast<double>(std::max<std::size_t>(1, total.n));
  return total;
}

TrainResult train(Network& network, const datasets::Dataset& data, const TrainSettings& settings,
                  const TrainListener& listener) {
  require_fit(network, data);
  // A class that no sample has would be trained away; a finished model may know more than the data.
  if (network.num_classes() != data.class_names.size()) {
    fail_usage(
        "model {}: has {} classes, but {} has {}; use an architecture that ends with "
        "{}, or other data",
        network.architecture(), network.num_classes(), data.name, data.class_names.size(),
        data.class_names.size());
  }
  if (data.class_names.size() < 2) {
    fail_usage("training: {} has one class; at least 2 are needed; add others", data.name);
  }
  require_trainable(network);
  robust::require_robust_trainable(network, settings.step.loss, settings.step.robust);

  std::vector<std::uint32_t> order(data.size());
  std::iota(order.begin(), order.end(), 0U);
  Rng split(settings.seed, 0, "validation-split");
  if (settings.validation > 0.0) shuffle(order, split);
  const auto held_out = static_cast<std::size_t>(
      std::llround(settings.validation * static_cast<double>(data.size())));
  const std::vector<std::uint32_t> validation(order.end() - static_cast<std::ptrdiff_t>(held_out),
                                              order.end());
  order.resize(order.size() - held_out);
  if (order.empty()) fail_usage("training: no samples are left; choose more --samples");
  std::ranges::sort(order);

  StepSettings step_settings = settings.step;
  step_settings.robust.clip = data.range;
  const robust::RobustSettings& robust = step_settings.robust;
  TrainResult result{.train_samples = order.size(), .validation_samples = held_out};
  TrainableMlpOf<float> model(network);
  Stepper stepper(model, step_settings);
  const bool full = settings.step.optimizer->full_batch;
  const std::size_t batch = full ? order.size() : std::min(settings.batch, order.size());
  const std::size_t steps = (order.size() + batch - 1) / batch;
  const auto total_steps = static_cast<double>(steps * settings.epochs);
  EpochRecord best;
  std::size_t done = 0;

  for (std::size_t epoch = 1; epoch <= settings.epochs; ++epoch) {
    std::vector<std::uint32_t> shuffled = order;
    Rng rng(settings.seed, epoch, "shuffle");
    if (!full) shuffle(shuffled, rng);
    EpochRecord record{.epoch = epoch,
                       .validation_loss = kNan,
                       .validation_accuracy = kNan,
                       .validation_standing = kNan};
    std::size_t seen = 0;
    std::size_t correct = 0;
    std::size_t standing = 0;
    double loss = 0.0;
    for (std::size_t begin = 0; begin < shuffled.size() && !interrupted; begin += batch) {
      const auto indices =
          std::span(shuffled).subspan(begin, std::min(batch, shuffled.size() - begin));
      const double progress = static_cast<double>(done) / total_steps;
      const robust::RobustPoint at = robust.at(progress);
      record.learning_rate = settings.learning_rate * settings.schedule->factor(progress);
      record.epsilon = at.epsilon;
      const StepResult step =
          stepper.step(data.images.view(), data.labels, indices, record.learning_rate, at);
      ++done;
      seen += indices.size();
      correct += step.correct;
      standing += step.standing;
      loss += step.loss;
      if (!std::isfinite(step.loss)) {
        result.end = TrainEnd::kDiverged;
        return result;
      }
      listener.on_progress({.epoch = epoch,
                            .epochs = settings.epochs,
                            .samples = seen,
                            .samples_per_epoch = shuffled.size(),
                            .loss = loss / static_cast<double>(seen),
                            .accuracy = static_cast<double>(correct) / static_cast<double>(seen)});
    }
    const bool whole = seen == shuffled.size();
    if (!whole && (seen == 0 || result.best_epoch != 0)) {
      result.end = TrainEnd::kInterrupted;
      return result;
    }
    record.loss = loss / static_cast<double>(seen);
    record.accuracy = static_cast<double>(correct) / static_cast<double>(seen);
    record.standing = static_cast<double>(standing) / static_cast<double>(seen);
    // The losses of an epoch are from before its last step, which may be the one that overflows.
    if (!std::ranges::all_of(model.parameters(), [](float w) { return std::isfinite(w); })) {
      result.end = TrainEnd::kDiverged;
      return result;
    }
    Network current = network;
    model.store(current);
    if (held_out > 0 && !interrupted) {
      const Evaluation judged =
          evaluate(current, settings.step.loss, data, validation, settings.step.threads);
      record.validation_loss = judged.loss;
      record.validation_accuracy = judged.accuracy();
      if (robust.method != nullptr) {
        record.validation_standing =
            robust::evaluate_robust(current, settings.step.loss, robust, data, validation,
                                    settings.step.threads)
                .accuracy();
      }
      if (interrupted) {  // perhaps of a part of the samples only
        record.validation_loss = record.validation_accuracy = record.validation_standing = kNan;
      }
    }
    result.history.push_back(record);
    if (result.best_epoch == 0 || (!interrupted && better(record, best, robust))) {
      best = record;
      result.best_epoch = epoch;
      network = std::move(current);
    }
    listener.on_epoch(record);
    if (interrupted) {
      result.end = TrainEnd::kInterrupted;
      return result;
    }
    if (settings.patience > 0 && robust.ramp_is_over(static_cast<double>(done) / total_steps) &&
        epoch - result.best_epoch >= settings.patience) {
      result.end = TrainEnd::kStoppedEarly;
      return result;
    }
  }
  return result;
}

std::string to_history_csv(std::span<const EpochRecord> history, robust::Worst worst) {
  const bool robust = worst != robust::Worst::kNone;
  std::string text =
      "epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy";
  text += robust ? ",epsilon,train_standing,validation_standing\n" : "\n";
  for (const EpochRecord& r : history) {
    text += fmt::format("{},{},{},{},", r.epoch, r.learning_rate, r.loss, r.accuracy);
    const auto known = [](double value) {
      return std::isnan(value) ? std::string() : fmt::format("{}", value);
    };
    text += known(r.validation_loss) + "," + known(r.validation_accuracy);
    if (robust) {
      text += fmt::format(",{},{},{}", r.epsilon, r.standing, known(r.validation_standing));
    }
    text += "\n";
  }
  return text;
}

}  // namespace gibbon::models::train

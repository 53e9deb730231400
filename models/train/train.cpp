// SPDX-License-Identifier: MIT
#include "models/train/train.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"
#include "models/target.hpp"
#include "models/train/robust/robust_evaluation.hpp"
#include "models/trainable_graph.hpp"

namespace gibbon::models::train {
namespace {

void require_trainable(const Network& network, const TrainSettings& /*settings*/) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const ActivationInfo& info = *network.layers[l].activation.info;
    if (info.trainable) continue;
    fail_usage(
        "activation {} (layer {}): its derivative is {} everywhere, so gradient descent cannot "
        "move a weight before it; use a smooth stand-in such as sigmoid",
        info.name, l + 1, info.derivative);
  }
}

void require_trainable(const Graph& graph, const TrainSettings& settings) {
  const bool by_batch = std::ranges::any_of(
      graph.parameters(), [](const Parameter& p) { return p.role == Role::kStatistic; });
  if (by_batch && settings.step.optimizer->full_batch) {
    fail_usage(
        "optimizer {}: batch norm takes the statistics of a whole batch, which would be all "
        "samples at once; use sgd",
        settings.step.optimizer->name);
  }
  for (const Node& node : graph.nodes) {
    if (node.layer->differentiable()) continue;
    fail_usage(
        "{} ({}): its derivative is 0 everywhere, so gradient descent cannot move a weight before "
        "it; use a smooth stand-in such as sigmoid",
        node.name, node.layer->describe());
  }
}

/// Better on validation accuracy, then on loss; without validation on the training loss alone. In
/// robust training first on what stands; without validation the later one.
bool better(const EpochRecord& a, const EpochRecord& b, const robust::RobustSettings& robust) {
  if (robust.method != nullptr) {
    if (!a.validation) return true;
    if (a.validation->standing != b.validation->standing) {
      return a.validation->standing > b.validation->standing;
    }
  }
  if (!a.validation) return a.loss < b.loss;
  if (a.validation->accuracy != b.validation->accuracy) {
    return a.validation->accuracy > b.validation->accuracy;
  }
  return a.validation->loss < b.validation->loss;
}

Evaluation evaluate_model(const Classifier& model, const Loss& loss, const datasets::Dataset& data,
                          std::span<const std::uint32_t> indices, std::size_t threads) {
  constexpr std::size_t kBlock = 64;
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
  std::vector<std::uint32_t> predicted(indices.size());
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
      const auto answer = static_cast<std::uint32_t>(std::ranges::max_element(z) - z.begin());
      predicted[block * kBlock + n] = answer;
      parts[block].correct += answer == label ? 1U : 0U;
    }
  });
  Evaluation total{.n = indices.size(), .predicted = std::move(predicted)};
  for (const Evaluation& part : parts) {
    total.loss += part.loss;
    total.correct += part.correct;
  }
  total.loss /= static_cast<double>(std::max<std::size_t>(1, total.n));
  return total;
}

/// What can be trained on what; everything else is a usage Error.
template <class Net>
void require_trainable_on(const Net& network, const datasets::Dataset& data,
                          const TrainSettings& settings) {
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
  if (settings.step.augment.any() && !data.shape.image) {
    fail_usage("training: {} has no images to augment; omit --augment", data.name);
  }
  require_trainable(network, settings);
  robust::require_robust_trainable(network, settings.step.loss, settings.step.robust);
}

StepSettings fitted(StepSettings settings, const datasets::Dataset& data) {
  settings.robust.clip = data.range;
  settings.augment.fill = data.range.lower;
  settings.shape = data.shape;
  return settings;
}

template <class Net>
using TrainableFor =
    std::conditional_t<std::is_same_v<Net, Network>, TrainableMlp, TrainableGraphOf<float>>;

TrainableMlp trainable(const Network& network, std::size_t /*threads*/) {
  return TrainableMlp(network);
}
TrainableGraphOf<float> trainable(const Graph& graph, std::size_t threads) {
  return TrainableGraphOf<float>(graph, threads);
}

/// One training, epoch by epoch, of a Network or a Graph.
template <class Net>
class Session {
 public:
  Session(Net& network, const datasets::Dataset& data, const TrainSettings& settings,
          const TrainListener& listener)
      : network_(network),
        data_(data),
        settings_(settings),
        listener_(listener),
        step_(fitted(settings.step, data)),
        model_(trainable(network, step_.threads)),
        stepper_(model_, step_) {
    split();
    batch_ = step_.optimizer->full_batch ? order_.size() : std::min(settings.batch, order_.size());
    const std::size_t steps = (order_.size() + batch_ - 1) / batch_;
    total_steps_ = static_cast<double>(steps * settings.epochs);
  }

  TrainResult run() {
    for (std::size_t epoch = 1; epoch <= settings_.epochs; ++epoch) {
      if (const std::optional<TrainEnd> end = run_epoch(epoch)) {
        result_.end = *end;
        break;
      }
    }
    return std::move(result_);
  }

 private:
  /// Holds out the samples of the validation.
  void split() {
    order_.resize(data_.size());
    std::iota(order_.begin(), order_.end(), 0U);
    Rng rng(settings_.seed, 0, "validation-split");
    if (settings_.validation > 0.0) shuffle(order_, rng);
    const auto held_out = static_cast<std::size_t>(
        std::llround(settings_.validation * static_cast<double>(data_.size())));
    validation_.assign(order_.end() - static_cast<std::ptrdiff_t>(held_out), order_.end());
    order_.resize(order_.size() - held_out);
    if (order_.empty()) fail_usage("training: no samples are left; choose more --samples");
    std::ranges::sort(order_);
    result_.train_samples = order_.size();
    result_.validation_samples = held_out;
  }

  [[nodiscard]] double progress() const { return static_cast<double>(done_) / total_steps_; }

  /// Why the training ends after this epoch; empty: it goes on.
  std::optional<TrainEnd> run_epoch(std::size_t epoch) {
    EpochRecord record{.epoch = epoch};
    if (const std::optional<TrainEnd> end = walk(record)) return end;
    // The losses of an epoch are from before its last step, which may be the one that overflows.
    if (!std::ranges::all_of(model_.parameters(), [](float w) { return std::isfinite(w); })) {
      return TrainEnd::kDiverged;
    }
    Net current = network_;
    model_.store(current);
    if (!validation_.empty() && !interrupted) record.validation = validate(current);
    result_.history.push_back(record);
    if (result_.best_epoch == 0 || (!interrupted && better(record, best_, step_.robust))) {
      best_ = record;
      result_.best_epoch = epoch;
      network_ = std::move(current);
    }
    listener_.on_epoch(record);
    if (interrupted) return TrainEnd::kInterrupted;
    if (settings_.patience > 0 && step_.robust.ramp_is_over(progress()) &&
        epoch - result_.best_epoch >= settings_.patience) {
      return TrainEnd::kStoppedEarly;
    }
    return std::nullopt;
  }

  /// One walk over the samples; fills in what the record says about them.
  std::optional<TrainEnd> walk(EpochRecord& record) {
    std::vector<std::uint32_t> shuffled = order_;
    Rng rng(settings_.seed, record.epoch, "shuffle");
    if (!step_.optimizer->full_batch) shuffle(shuffled, rng);
    stepper_.begin_epoch(record.epoch);
    StepResult sum;
    std::size_t seen = 0;
    const auto share = [&](std::size_t count) {
      return static_cast<double>(count) / static_cast<double>(seen);
    };
    for (std::size_t begin = 0; begin < shuffled.size() && !interrupted; begin += batch_) {
      const auto indices =
          std::span(shuffled).subspan(begin, std::min(batch_, shuffled.size() - begin));
      const robust::RobustPoint at = step_.robust.at(progress());
      record.learning_rate = settings_.learning_rate * settings_.schedule->factor(progress());
      record.epsilon = at.epsilon;
      const StepResult step =
          stepper_.step(data_.images.view(), data_.labels, indices, record.learning_rate, at);
      ++done_;
      seen += indices.size();
      sum.correct += step.correct;
      sum.standing += step.standing;
      sum.loss += step.loss;
      if (!std::isfinite(step.loss)) return TrainEnd::kDiverged;
      record.loss = sum.loss / static_cast<double>(seen);
      record.accuracy = share(sum.correct);
      listener_.on_progress({.epoch = record.epoch,
                             .epochs = settings_.epochs,
                             .samples = seen,
                             .samples_per_epoch = shuffled.size(),
                             .loss = record.loss,
                             .accuracy = record.accuracy});
    }
    // An unfinished epoch counts as one if it is the first.
    if (seen != shuffled.size() && (seen == 0 || result_.best_epoch != 0)) {
      return TrainEnd::kInterrupted;
    }
    record.standing = share(sum.standing);
    return std::nullopt;
  }

  /// Empty after Ctrl-C: perhaps a part of the samples was judged.
  [[nodiscard]] std::optional<Validation> validate(const Net& current) const {
    const Evaluation judged = evaluate(current, step_.loss, data_, validation_, step_.threads);
    Validation validation{.loss = judged.loss, .accuracy = judged.accuracy(), .standing = {}};
    if (step_.robust.method != nullptr) {
      validation.standing = robust::evaluate_robust(current, step_.loss, step_.robust, data_,
                                                    validation_, step_.threads)
                                .accuracy();
    }
    if (interrupted) return std::nullopt;
    return validation;
  }

  Net& network_;
  const datasets::Dataset& data_;
  const TrainSettings& settings_;
  const TrainListener& listener_;
  StepSettings step_;
  TrainableFor<Net> model_;
  Stepper stepper_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> validation_;
  std::size_t batch_ = 0;
  double total_steps_ = 0.0;
  std::size_t done_ = 0;  // steps
  EpochRecord best_;
  TrainResult result_;
};

}  // namespace

TrainResult train(Network& network, const datasets::Dataset& data, const TrainSettings& settings,
                  const TrainListener& listener) {
  require_trainable_on(network, data, settings);
  return Session<Network>(network, data, settings, listener).run();
}

TrainResult train(Graph& graph, const datasets::Dataset& data, const TrainSettings& settings,
                  const TrainListener& listener) {
  require_trainable_on(graph, data, settings);
  return Session<Graph>(graph, data, settings, listener).run();
}

Evaluation evaluate(const Network& network, const Loss& loss, const datasets::Dataset& data,
                    std::span<const std::uint32_t> indices, std::size_t threads) {
  return evaluate_model(Mlp(network), loss, data, indices, threads);
}

Evaluation evaluate(const Graph& graph, const Loss& loss, const datasets::Dataset& data,
                    std::span<const std::uint32_t> indices, std::size_t threads) {
  return evaluate_model(GraphModelOf<float>(graph), loss, data, indices, threads);
}

std::string to_history_csv(std::span<const EpochRecord> history, robust::Worst worst) {
  const bool robust = worst != robust::Worst::kNone;
  std::string text =
      "epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy";
  text += robust ? ",epsilon,train_standing,validation_standing\n" : "\n";
  for (const EpochRecord& r : history) {
    text += fmt::format("{},{},{},{},", r.epoch, r.learning_rate, r.loss, r.accuracy);
    const std::optional<Validation>& v = r.validation;
    text += v ? fmt::format("{},{}", v->loss, v->accuracy) : ",";
    if (robust) {
      text += fmt::format(",{},{},", r.epsilon, r.standing);
      if (v && v->standing) text += fmt::format("{}", *v->standing);
    }
    text += "\n";
  }
  return text;
}

}  // namespace gibbon::models::train

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/loss.hpp"
#include "models/optimizer.hpp"
#include "models/train/augment.hpp"
#include "models/train/robust/robust_loss.hpp"
#include "models/train/team.hpp"
#include "models/trainable.hpp"

namespace gibbon::models::train {

struct StepSettings {
  Loss loss;
  const OptimizerInfo* optimizer;
  double momentum = 0.9;
  double weight_decay = 0.0;  ///< λ: λ W is added to the gradient of every weight, not of biases
  std::size_t threads = 1;    ///< changes speed, never results
  robust::RobustSettings robust;  ///< the worst case near each sample, if it counts
  double noise_sigma = 0.0;       ///< N(0, σ²) on every sample, anew in every step; not clipped
  Augmentation augment;           ///< of images of `shape`
  datasets::Shape shape;
  std::uint64_t seed = 0;  ///< of noise, augmentation and the adversary's starts
};

struct StepResult {
  double loss = 0.0;         ///< sum over the batch, before the update
  std::size_t correct = 0;   ///< of the batch, before the update
  std::size_t standing = 0;  ///< likewise, right in the worst case, too; 0 in ordinary training
};

/// One update W' = W - α · mean ∇L after the other, on a model it does not own.
///
/// A batch is cut into chunks (TrainableOf::chunk()) of samples that are dealt to sixteen lanes; a
/// lane sums its chunks in order and the lanes are summed in order, so the bits depend on the
/// batch, never on the threads.
template <class Float>
class StepperOf {
 public:
  StepperOf(TrainableOf<Float>& model, const StepSettings& settings);

  /// Gradient over the samples `indices` of images (N × D) and labels, then one update with
  /// learning rate `learning_rate`; the worst case counts as `at` says.
  StepResult step(Rows images, Labels labels, std::span<const std::uint32_t> indices,
                  double learning_rate, const robust::RobustPoint& at = {});

  /// Samples are varied anew from here on.
  void begin_epoch(std::uint64_t epoch) { epoch_ = epoch; }

  /// Mean gradient of the last step(), weight decay included; laid out as the model's parameters().
  [[nodiscard]] std::span<const Float> gradient() const { return lanes_.front().gradient; }

 private:
  static constexpr std::size_t kLanes = 16;

  struct Lane {
    std::vector<Float> gradient;
    StepResult result;
  };
  struct Segment {
    std::size_t end;  // of a part of the parameters; begins where the one before ends
    Float decay;      // λ for weights, 0 for biases
    bool statistic;   // it follows what the layer sees
  };
  struct Worker {
    TapeOf<Float> tape;
    TensorOf<Float> x;
    TensorOf<Float> dlogits;
    std::vector<Float> gradient;
    std::vector<int> labels;
    std::vector<std::uint64_t> keys;
    std::vector<float> noise;
    std::vector<float> varied;
    std::optional<robust::RobustLossOf<Float>> robust;
  };

  /// Memory for chunks of `rows` samples.
  void make_room(Worker& worker, std::size_t rows) const;
  void run_lane(std::size_t lane, Worker& worker, Rows images, Labels labels,
                std::span<const std::uint32_t> indices, const robust::RobustPoint& at);
  /// x += noise, keyed by (seed, key).
  void add_noise(Worker& worker, std::size_t row) const;
  /// Loss and gradient of the chunk in worker.x, whose labels and keys the worker has.
  void run_chunk(Worker& worker, std::size_t rows, const robust::RobustPoint& at,
                 StepResult& result, std::span<Float> gradient);
  void update(std::size_t first, std::size_t count, std::size_t lanes, std::size_t batch,
              const StepSize& size);

  TrainableOf<Float>& model_;
  StepSettings settings_;
  std::vector<Lane> lanes_;  // the first holds their sum and the mean in the end
  std::vector<Worker> workers_;
  std::vector<Float> sizes_;       // |W|, for bounds; empty in ordinary training
  std::vector<Segment> segments_;  // in order, without gaps
  std::vector<Float> first_;
  std::vector<Float> second_;
  std::uint64_t steps_ = 0;
  std::uint64_t epoch_ = 0;
  Team team_;
};
using Stepper = StepperOf<float>;

extern template class StepperOf<float>;
extern template class StepperOf<double>;

}  // namespace gibbon::models::train

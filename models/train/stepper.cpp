// SPDX-License-Identifier: MIT
#include "models/train/stepper.hpp"

#include <utility>

#include "base/gaussian.hpp"
#include "base/rng.hpp"
#include "base/simd.hpp"

namespace gibbon::models::train {
namespace {

GIBBON_SIMD void add(std::span<const float> from, std::span<float> to) {
  for (std::size_t k = 0; k < to.size(); ++k) to[k] += from[k];
}
GIBBON_SIMD void add(std::span<const double> from, std::span<double> to) {
  for (std::size_t k = 0; k < to.size(); ++k) to[k] += from[k];
}

/// gradient = gradient / batch + decay · parameters
template <class Float>
[[gnu::always_inline]] inline void finish_mean_loop(Float inverse, Float decay,
                                                    std::span<const Float> parameters,
                                                    std::span<Float> gradient) {
  if (decay == Float{0}) {
    for (Float& g : gradient) g *= inverse;
  } else {
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      gradient[k] = gradient[k] * inverse + decay * parameters[k];
    }
  }
}
GIBBON_SIMD void finish_mean(float inverse, float decay, std::span<const float> parameters,
                             std::span<float> gradient) {
  finish_mean_loop<float>(inverse, decay, parameters, gradient);
}
GIBBON_SIMD void finish_mean(double inverse, double decay, std::span<const double> parameters,
                             std::span<double> gradient) {
  finish_mean_loop<double>(inverse, decay, parameters, gradient);
}

}  // namespace

template <class Float>
StepperOf<Float>::StepperOf(TrainableOf<Float>& model, const StepSettings& settings)
    : model_(model),
      settings_(settings),
      lanes_(1),
      workers_(std::max<std::size_t>(1, std::min(settings.threads, kLanes))),
      team_(workers_.size()) {
  model.parameters_moved();
  const std::size_t count = model.parameters().size();
  lanes_.front().gradient.resize(count);
  first_.resize(settings.optimizer->states > 0 ? count : 0);
  second_.resize(settings.optimizer->states > 1 ? count : 0);
  std::size_t end = 0;
  for (const Part& part : model.parts()) {
    end += part.count;
    const bool decays = part.role == Role::kDecayed;
    segments_.push_back({.end = end,
                         .decay = decays ? static_cast<Float>(settings.weight_decay) : Float{0},
                         .statistic = part.role == Role::kStatistic});
  }
  if (settings.robust.bounds()) sizes_.resize(count);
}

template <class Float>
void StepperOf<Float>::make_room(Worker& worker, std::size_t rows) const {
  if (worker.x.rows() >= rows) return;
  const ClassifierOf<Float>& model = model_.passes();
  worker.tape = model.make_tape(rows);
  worker.x.reshape(rows, model.input_dim());
  worker.dlogits.reshape(rows, model.num_classes());
  worker.gradient.resize(model_.parameters().size());
  worker.labels.resize(rows);
  worker.keys.resize(rows);
  worker.noise.resize(model.input_dim());
  worker.varied.resize(model.input_dim());
  if (settings_.robust.method != nullptr) worker.robust.emplace(model_, settings_.robust, rows);
}

template <class Float>
void StepperOf<Float>::add_noise(Worker& worker, std::size_t row) const {
  gaussian(Rng(settings_.seed, worker.keys[row], "training-noise").bits(), 0,
           static_cast<float>(settings_.noise_sigma), worker.noise);
  const std::span<Float> x = worker.x.row(row);
  for (std::size_t j = 0; j < x.size(); ++j) x[j] += static_cast<Float>(worker.noise[j]);
}

template <class Float>
void StepperOf<Float>::run_chunk(Worker& worker, std::size_t rows, const robust::RobustPoint& at,
                                 StepResult& result, std::span<Float> gradient) {
  const RowsOf<const Float> x = std::as_const(worker.x).view().slice(0, rows);
  const RowsOf<Float> dlogits = worker.dlogits.view().slice(0, rows);
  const RowsOf<const Float> logits = model_.passes().forward(x, worker.tape);
  double loss = 0.0;
  for (std::size_t n = 0; n < rows; ++n) {
    const auto label = static_cast<std::size_t>(worker.labels[n]);
    loss += settings_.loss.evaluate(logits.row(n), label, dlogits.row(n));
    const auto z = logits.row(n);
    result.correct +=
        static_cast<std::size_t>(std::ranges::max_element(z) - z.begin()) == label ? 1U : 0U;
  }
  if (!worker.robust || at.kappa == 1.0) {
    result.loss += loss;
    return model_.backward_parameters(worker.tape, dlogits, gradient);
  }
  result.loss += at.kappa * loss;
  if (at.kappa == 0.0) {  // the sample itself does not count: no backward pass
    std::ranges::fill(gradient, Float{0});
  } else {
    for (Float& d : dlogits.flat()) d *= static_cast<Float>(at.kappa);
    model_.backward_parameters(worker.tape, dlogits, gradient);
    model_.share_statistics(at.kappa, gradient);
  }
  const auto worst = worker.robust->add({.x = x,
                                         .labels = Labels(worker.labels).first(rows),
                                         .keys = std::span(worker.keys).first(rows),
                                         .seed = settings_.seed},
                                        settings_.loss, at, sizes_, gradient);
  result.loss += (1.0 - at.kappa) * worst.loss;
  result.standing += worst.standing;
}

template <class Float>
void StepperOf<Float>::run_lane(std::size_t lane, Worker& worker, Rows images, Labels labels,
                                std::span<const std::uint32_t> indices,
                                const robust::RobustPoint& at) {
  Lane& out = lanes_[lane];
  out.result = {};
  const std::size_t chunk = model_.chunk(indices.size());
  make_room(worker, chunk);
  bool first = true;
  for (std::size_t begin = lane * chunk; begin < indices.size(); begin += kLanes * chunk) {
    const std::size_t rows = std::min(chunk, indices.size() - begin);
    for (std::size_t n = 0; n < rows; ++n) {
      // Not std::ranges::copy: that of g++ 12 moves a const source number by number.
      const std::uint32_t index = indices[begin + n];
      Row image = images.row(index);
      if (settings_.augment.any()) {
        augment(settings_.augment, settings_.shape, settings_.seed, epoch_, index, image,
                worker.varied);
        image = worker.varied;
      }
      std::copy(image.begin(), image.end(), worker.x.row(n).begin());
      worker.labels[n] = labels[index];
      worker.keys[n] = (steps_ << 32U) | index;  // other noise in every step
      if (settings_.noise_sigma > 0.0) add_noise(worker, n);
    }
    const std::span<Float> gradient = first ? std::span(out.gradient) : std::span(worker.gradient);
    run_chunk(worker, rows, at, out.result, gradient);
    if (!first) add(worker.gradient, out.gradient);
    first = false;
  }
}

template <class Float>
void StepperOf<Float>::update(std::size_t first, std::size_t count, std::size_t lanes,
                              std::size_t batch, const StepSize& size) {
  // Piece by piece, so that every pass but the first finds its numbers in the L1 cache.
  constexpr std::size_t kPiece = 2048;
  const std::size_t last = first + count;
  for (const Segment& segment : segments_) {
    const std::size_t end = std::min(segment.end, last);
    while (first < end) {
      const std::size_t length = std::min(kPiece, end - first);
      const auto piece = [&](auto& all) {
        return all.empty() ? std::span(all) : std::span(all).subspan(first, length);
      };
      const std::span<Float> gradient = piece(lanes_.front().gradient);
      const std::span<Float> parameters = model_.trainable_parameters().subspan(first, length);
      for (std::size_t lane = 1; lane < lanes; ++lane) {
        add(piece(std::as_const(lanes_[lane].gradient)), gradient);
      }
      const std::span<Float> m = piece(first_);
      const std::span<Float> v = piece(second_);
      first += length;
      if (segment.statistic) {
        // LibTorch's momentum of 0.1
        for (std::size_t k = 0; k < length; ++k)
          parameters[k] += Float(0.1) * (gradient[k] - parameters[k]);
        continue;
      }
      finish_mean(Float{1} / static_cast<Float>(batch), segment.decay,
                  std::span<const Float>(parameters), gradient);
      settings_.optimizer->apply(size, std::span<const Float>(gradient), parameters, m, v);
    }
  }
}

template <class Float>
StepResult StepperOf<Float>::step(Rows images, Labels labels,
                                  std::span<const std::uint32_t> indices, double learning_rate,
                                  const robust::RobustPoint& at) {
  if (indices.empty()) throw std::logic_error("Stepper::step: empty batch");
  const std::size_t chunk = model_.chunk(indices.size());
  const std::size_t lanes = std::min(kLanes, (indices.size() + chunk - 1) / chunk);
  const std::size_t count = model_.parameters().size();
  while (lanes_.size() < lanes) lanes_.push_back({.gradient = std::vector<Float>(count)});
  const StepSize size{
      .learning_rate = learning_rate, .momentum = settings_.momentum, .step = ++steps_};
  if (!sizes_.empty()) robust::take_sizes(model_.parameters(), std::span(sizes_));

  const std::size_t workers = std::min(team_.size(), lanes);
  const auto gradients = [&](std::size_t worker) {
    for (std::size_t lane = worker; lane < lanes; lane += workers) {
      run_lane(lane, workers_[worker], images, labels, indices, at);
    }
  };
  // Slices in whole cache lines, so that workers do not write to the same one.
  const std::size_t slice = (count / workers + 15U) / 16U * 16U;
  const auto updates = [&](std::size_t worker) {
    const std::size_t begin = std::min(worker * slice, count);
    const std::size_t end = worker + 1 == workers ? count : std::min(begin + slice, count);
    update(begin, end - begin, lanes, indices.size(), size);
  };
  if (workers == 1) {  // nothing to share: do not wake anybody
    gradients(0);
    updates(0);
  } else {
    const auto if_working = [&](const auto& job) {
      return [&](std::size_t worker) {
        if (worker < workers) job(worker);
      };
    };
    team_.run(if_working(gradients));
    team_.run(if_working(updates));
  }

  model_.parameters_moved();
  StepResult total;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    total.loss += lanes_[lane].result.loss;
    total.correct += lanes_[lane].result.correct;
    total.standing += lanes_[lane].result.standing;
  }
  return total;
}

template class StepperOf<float>;
template class StepperOf<double>;

}  // namespace gibbon::models::train

// SPDX-License-Identifier: MIT
#include "models/train/shared_layer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "models/graph.hpp"

namespace gibbon::models::train {
namespace {

constexpr std::size_t kSlice = 16;
constexpr std::size_t kLanes = 16;

std::size_t lanes_of(std::size_t rows) { return std::min(kLanes, (rows + kSlice - 1) / kSlice); }

template <class Float>
class SharedOperation final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  SharedOperation(std::unique_ptr<OperationOf<Float>> operation, std::shared_ptr<Team> team,
                  std::size_t parameters)
      : operation_(std::move(operation)), team_(std::move(team)), parameters_(parameters) {}

  [[nodiscard]] bool whole_batches() const override { return true; }  // which it cuts itself

  /// Of every worker's slice, and gradients of every lane.
  [[nodiscard]] std::size_t scratch(std::size_t rows) const override {
    return team_->size() * operation_->scratch(kSlice) + lanes_of(rows) * parameters_;
  }

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> scratch) const override {
    share(y.rows, scratch, [&](std::size_t first, std::size_t rows, auto own, std::size_t) {
      const Slices<const Float> x(inputs, first, rows);
      operation_->forward(x.used(), y.slice(first, rows), own);
    });
  }

  void backward(Inputs inputs, RowsOf<const Float> y, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> scratch) const override {
    share(dy.rows, scratch, [&](std::size_t first, std::size_t rows, auto own, std::size_t) {
      const Slices<const Float> x(inputs, first, rows);
      const Slices<Float> dx(dinputs, first, rows);
      operation_->backward(x.used(), y.slice(first, rows), dy.slice(first, rows), dx.used(), own);
    });
  }

  void backward_parameters(Inputs inputs, RowsOf<const Float> dy, std::span<Float> gradient,
                           std::span<Float> scratch) const override {
    const std::size_t lanes = lanes_of(dy.rows);
    const std::span<Float> sums =
        scratch.subspan(team_->size() * operation_->scratch(kSlice), lanes * parameters_);
    std::ranges::fill(sums, Float{0});
    share(dy.rows, scratch, [&](std::size_t first, std::size_t rows, auto own, std::size_t lane) {
      const Slices<const Float> x(inputs, first, rows);
      operation_->backward_parameters(x.used(), dy.slice(first, rows),
                                      sums.subspan(lane * parameters_, parameters_), own);
    });
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      for (std::size_t k = 0; k < parameters_; ++k) gradient[k] += sums[lane * parameters_ + k];
    }
  }

  void take(std::span<const Float> parameters) override { operation_->take(parameters); }

 private:
  /// The same rows of every input.
  template <class Value>
  class Slices {
   public:
    Slices(std::span<const RowsOf<Value>> all, std::size_t first, std::size_t rows)
        : count_(all.size()) {
      for (std::size_t k = 0; k < count_; ++k) slices_.at(k) = all[k].slice(first, rows);
    }
    [[nodiscard]] std::span<const RowsOf<Value>> used() const {
      return std::span(slices_).first(count_);
    }

   private:
    std::array<RowsOf<Value>, kMostInputs> slices_;
    std::size_t count_;
  };

  /// work(first row, rows, scratch, lane) for every slice.
  template <class Work>
  void share(std::size_t all, std::span<Float> scratch, const Work& work) const {
    const std::size_t lanes = lanes_of(all);
    const std::size_t size = operation_->scratch(kSlice);
    team_->run([&](std::size_t worker) {
      for (std::size_t lane = worker; lane < lanes; lane += team_->size()) {
        for (std::size_t first = lane * kSlice; first < all; first += kLanes * kSlice) {
          work(first, std::min(kSlice, all - first), scratch.subspan(worker * size, size), lane);
        }
      }
    });
  }

  std::unique_ptr<OperationOf<Float>> operation_;
  std::shared_ptr<Team> team_;
  std::size_t parameters_;
};

class SharedLayer final : public Layer {
 public:
  SharedLayer(LayerPtr layer, std::shared_ptr<Team> team)
      : layer_(std::move(layer)), team_(std::move(team)) {
    for (const Parameter& parameter : layer_->parameters()) count_ += parameter.values.size();
  }

  [[nodiscard]] std::string describe() const override { return layer_->describe(); }
  [[nodiscard]] std::vector<Parameter> parameters() const override { return layer_->parameters(); }
  [[nodiscard]] Blueprint blueprint() const override { return layer_->blueprint(); }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    return layer_->shape(inputs);
  }
  [[nodiscard]] std::unique_ptr<OperationOf<float>> single(
      std::span<const FeatureShape> inputs) const override {
    return std::make_unique<SharedOperation<float>>(layer_->single(inputs), team_, count_);
  }
  [[nodiscard]] std::unique_ptr<OperationOf<double>> exact(
      std::span<const FeatureShape> inputs) const override {
    return std::make_unique<SharedOperation<double>>(layer_->exact(inputs), team_, count_);
  }

 private:
  LayerPtr layer_;
  std::shared_ptr<Team> team_;
  std::size_t count_ = 0;
};

}  // namespace

LayerPtr share_rows(LayerPtr layer, std::shared_ptr<Team> team) {
  return std::make_shared<SharedLayer>(std::move(layer), std::move(team));
}

}  // namespace gibbon::models::train

// SPDX-License-Identifier: MIT
// The plugin gibbon_torch.so: networks in LibTorch's tensors and autograd. Nothing here calls
// gibbon's arithmetic; of its headers it uses the descriptions alone.
#include <fmt/format.h>
#include <optional>
#include <stdexcept>

#include <torch/autograd.h>
#include <torch/optim.h>
#include <torch/types.h>
#include <torch/version.h>

#include "models/reference.hpp"
#include "models/torch/one_thread.hpp"
#include "models/torch/twin.hpp"

namespace gibbon::models {
namespace {

/// Runs `body`; whatever LibTorch throws leaves as std::runtime_error, since nobody outside knows
/// its types.
template <class Body>
auto translated(const Body& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    throw std::runtime_error(std::string("LibTorch: ") + error.what_without_backtrace());
  }
}

using torch_twins::dim;
using torch_twins::Twin;

torch::Dtype to_dtype(Precision precision) {
  return precision == Precision::kFloat32 ? torch::kFloat32 : torch::kFloat64;
}

/// A view in LibTorch's terms; copies only to change the type.
torch::Tensor to_tensor(Rows x, torch::Dtype dtype) {
  return torch::from_blob(const_cast<float*>(x.data), {dim(x.rows), dim(x.cols)}, torch::kFloat32)
      .to(dtype);
}

torch::Tensor to_tensor(RowsOf<const double> x, torch::Dtype dtype) {
  return torch::from_blob(const_cast<double*>(x.data), {dim(x.rows), dim(x.cols)}, torch::kFloat64)
      .to(dtype);
}

torch::Tensor to_tensor(std::span<const float> values, torch::Dtype dtype) {
  return to_tensor({values.data(), 1, values.size()}, dtype).squeeze(0);
}

torch::Tensor to_tensor(Labels labels) {
  return torch::from_blob(const_cast<int*>(labels.data()), {dim(labels.size())}, torch::kInt32)
      .to(torch::kInt64);
}

torch::Tensor to_tensor(std::span<const std::uint32_t> indices) {
  std::vector<std::int64_t> wide(indices.begin(), indices.end());
  return torch::tensor(wide, torch::kInt64);
}

void copy_to(const torch::Tensor& from, double* to) {
  const torch::Tensor plain = from.detach().to(torch::kFloat64).contiguous();
  std::copy_n(plain.data_ptr<double>(), plain.numel(), to);
}

TensorOf<double> to_rows(const torch::Tensor& from) {
  TensorOf<double> rows(static_cast<std::size_t>(from.size(0)),
                        static_cast<std::size_t>(from.size(1)));
  copy_to(from, rows.view().data);
  return rows;
}

/// Loss summed over the samples.
torch::Tensor loss_of(std::string_view name, Output output, const torch::Tensor& logits,
                      const torch::Tensor& labels) {
  if (name == "cross-entropy" && output == Output::kSoftmax) {
    return torch::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
  }
  const torch::Tensor answer = output == Output::kSoftmax   ? torch::softmax(logits, 1)
                               : output == Output::kSigmoid ? torch::sigmoid(logits)
                                                            : logits;
  const torch::Tensor wanted = torch::one_hot(labels, logits.size(1)).to(logits.dtype());
  const torch::Tensor squares = (answer - wanted).square();
  if (name == "mse") return squares.mean(1).sum();
  if (name == "quadratic") return 0.5 * squares.sum();
  throw std::runtime_error(
      fmt::format("LibTorch: no counterpart of loss '{}' on this output", name));
}

/// Parameters as leaves of the graph, and the function they stand for.
class Model {
 public:
  Model(const ReferenceGraph& graph, torch::Dtype dtype) : input_(graph.input) {
    for (const ReferenceNode& node : graph.nodes) {
      steps_.push_back({.forward = Twin::of(node, dtype),
                        .inputs = node.inputs,
                        .from = node.from,
                        .first = parameters_.size(),
                        .count = node.parameters.size()});
      for (const Parameter& parameter : node.parameters) {
        std::vector<std::int64_t> dims;
        for (const std::size_t size : parameter.dims) dims.push_back(dim(size));
        const torch::Tensor ours = to_tensor(parameter.values, dtype).view(dims);
        parameters_.push_back(
            (dims.size() == 4 ? ours.permute({0, 3, 1, 2}) : ours).contiguous().clone());
        roles_.push_back(parameter.role);
      }
    }
  }

  /// The same function with parameters of its own, that ask for gradients or do not.
  [[nodiscard]] Model copy(bool with_gradients) const {
    Model other = *this;
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      other.parameters_[k] = parameters_[k].detach().clone().requires_grad_(
          with_gradients && roles_[k] != Role::kStatistic);
    }
    return other;
  }

  /// Logits (N × C) of x (N × D).
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x, bool training = false) const {
    std::vector<torch::Tensor> values{torch_twins::to_value(x, input_)};
    std::vector<torch::Tensor> inputs;
    for (const Step& step : steps_) {
      inputs.clear();
      for (const std::size_t k : step.inputs) inputs.push_back(values[k]);
      values.push_back(step.forward(inputs, own(step), training));
    }
    return torch_twins::to_rows(values.back());
  }

  /// One node, on rows.
  [[nodiscard]] torch::Tensor layer(std::size_t node, std::span<const torch::Tensor> rows) const {
    const Step& step = steps_.at(node);
    std::vector<torch::Tensor> inputs;
    for (std::size_t k = 0; k < rows.size(); ++k)
      inputs.push_back(torch_twins::to_value(rows[k], step.from.at(k)));
    return torch_twins::to_rows(step.forward(inputs, own(step), false));
  }
  [[nodiscard]] std::span<const torch::Tensor> parameters_of(std::size_t node) const {
    return own(steps_.at(node));
  }

  [[nodiscard]] const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  [[nodiscard]] Role role(std::size_t parameter) const { return roles_[parameter]; }

 private:
  struct Step {
    torch_twins::Forward forward;
    std::vector<std::size_t> inputs;
    std::vector<FeatureShape> from;
    std::size_t first;  // of its parameters
    std::size_t count;
  };

  [[nodiscard]] std::span<const torch::Tensor> own(const Step& step) const {
    return std::span(parameters_).subspan(step.first, step.count);
  }

  FeatureShape input_;
  std::vector<Step> steps_;
  std::vector<torch::Tensor> parameters_;
  std::vector<Role> roles_;
};

/// In our layout, where channels come last.
std::vector<double> flatten(std::span<const torch::Tensor> tensors) {
  std::int64_t size = 0;
  for (const torch::Tensor& tensor : tensors) size += tensor.numel();
  std::vector<double> flat(static_cast<std::size_t>(size));
  double* out = flat.data();
  for (const torch::Tensor& tensor : tensors) {
    copy_to(tensor.dim() == 4 ? tensor.permute({0, 2, 3, 1}) : tensor, out);
    out += tensor.numel();
  }
  return flat;
}

std::unique_ptr<torch::optim::Optimizer> make_optimizer(std::string_view name, const Model& model,
                                                        double learning_rate, double momentum,
                                                        double weight_decay) {
  std::vector<torch::Tensor> decayed;
  std::vector<torch::Tensor> others;
  for (std::size_t k = 0; k < model.parameters().size(); ++k) {
    if (model.role(k) == Role::kStatistic) continue;
    (model.role(k) == Role::kDecayed ? decayed : others).push_back(model.parameters()[k]);
  }
  const auto groups = [&](const auto& options) {
    using Options = std::decay_t<decltype(options)>;
    std::vector<torch::optim::OptimizerParamGroup> both;
    both.emplace_back(decayed,
                      std::make_unique<Options>(Options(options).weight_decay(weight_decay)));
    both.emplace_back(others, std::make_unique<Options>(options));
    return both;
  };
  torch::optim::SGDOptions sgd(learning_rate);
  if (name == "gd" || name == "sgd") return std::make_unique<torch::optim::SGD>(groups(sgd), sgd);
  if (name == "momentum" || name == "nesterov") {
    sgd.momentum(momentum).nesterov(name == "nesterov");
    return std::make_unique<torch::optim::SGD>(groups(sgd), sgd);
  }
  if (name == "adam") {
    const torch::optim::AdamOptions adam(learning_rate);
    return std::make_unique<torch::optim::Adam>(groups(adam), adam);
  }
  throw std::runtime_error(fmt::format("LibTorch: no counterpart of optimizer '{}'", name));
}

class TorchResident final : public ResidentReference {
 public:
  TorchResident(const Model& model, torch::Tensor x, torch::Tensor labels)
      : model_(model.copy(false)), x_(std::move(x)), labels_(std::move(labels)) {}

  void forward(std::size_t batch) override {
    translated([&] {
      const torch::NoGradGuard guard;
      for_each_batch(batch, [&](const torch::Tensor& x, const torch::Tensor&) {
        result_ = model_.forward(x);
      });
    });
  }

  void input_gradient(std::size_t batch) override {
    translated([&] {
      for_each_batch(batch, [&](const torch::Tensor& x, const torch::Tensor& labels) {
        result_ = gradient(x, labels);
      });
    });
  }

  void fgsm(std::size_t batch, double epsilon) override {
    translated([&] {
      for_each_batch(batch, [&](const torch::Tensor& x, const torch::Tensor& labels) {
        // In place where that saves memory traffic: g becomes ε · sign(g), then x'.
        result_ = gradient(x, labels).sign_().mul_(epsilon).add_(x).clamp_(0.0, 1.0);
      });
    });
  }

  void start_training(std::string_view optimizer, double learning_rate, double momentum) override {
    translated([&] {
      trained_ = model_.copy(true);
      optimizer_ = make_optimizer(optimizer, *trained_, learning_rate, momentum, 0.0);
    });
  }

  void train_epoch(const std::vector<std::uint32_t>& order, std::size_t batch) override {
    translated([&] {
      const torch::Tensor indices = to_tensor(std::span(order));
      for (const torch::Tensor& some : indices.split(dim(batch))) {
        optimizer_->zero_grad();
        const torch::Tensor logits = trained_->forward(x_.index_select(0, some), true);
        torch::cross_entropy_loss(logits, labels_.index_select(0, some)).backward();
        optimizer_->step();
      }
      result_ = torch::Tensor();
    });
  }

  [[nodiscard]] TensorOf<double> result() const override {
    return translated([&] {
      if (result_.defined()) return to_rows(result_);
      const std::vector<double> flat = flatten(trained_->parameters());
      TensorOf<double> rows(1, flat.size());
      std::ranges::copy(flat, rows.flat().begin());
      return rows;
    });
  }

 private:
  template <class Body>
  void for_each_batch(std::size_t batch, const Body& body) {
    for (std::int64_t n = 0; n < x_.size(0); n += dim(batch)) {
      const std::int64_t end = std::min(n + dim(batch), x_.size(0));
      body(x_.slice(0, n, end), labels_.slice(0, n, end));
    }
  }

  [[nodiscard]] torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& labels) const {
    const torch::Tensor leaf = x.detach().requires_grad_();
    const torch::Tensor loss =
        torch::cross_entropy_loss(model_.forward(leaf), labels, {}, at::Reduction::Sum);
    return torch::autograd::grad({loss}, {leaf}).front();
  }

  Model model_;
  torch::Tensor x_;
  torch::Tensor labels_;
  torch::Tensor result_;
  std::optional<Model> trained_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

class TorchReference final : public Reference {
 public:
  TorchReference(const ReferenceGraph& graph, Precision precision)
      : dtype_(to_dtype(precision)), model_(Model(graph, dtype_).copy(true)) {}

  [[nodiscard]] TensorOf<double> forward(Rows x) const override {
    return translated([&] {
      const torch::NoGradGuard guard;
      return to_rows(model_.forward(to_tensor(x, dtype_)));
    });
  }

  [[nodiscard]] ReferenceGradients gradients(Rows x, Labels labels, std::string_view loss,
                                             Output output) const override {
    return derive(x, [&](const torch::Tensor& logits) {
      return loss_of(loss, output, logits, to_tensor(labels));
    });
  }

  [[nodiscard]] ReferenceGradients vjp(Rows x, RowsOf<const double> dlogits) const override {
    return derive(x, [&](const torch::Tensor& logits) {
      return (logits * to_tensor(dlogits, dtype_)).sum();
    });
  }

  [[nodiscard]] ReferencePass layer(std::size_t node, std::span<const RowsOf<const double>> inputs,
                                    RowsOf<const double> dy) const override {
    return translated([&] {
      std::vector<torch::Tensor> by;
      for (const RowsOf<const double>& x : inputs)
        by.push_back(to_tensor(x, dtype_).clone().requires_grad_());
      const torch::Tensor y = model_.layer(node, by);
      const auto parameters = model_.parameters_of(node);
      by.insert(by.end(), parameters.begin(), parameters.end());
      const std::vector<torch::Tensor> found = gradients_of((y * to_tensor(dy, dtype_)).sum(), by);
      ReferencePass pass{.y = to_rows(y)};
      for (std::size_t k = 0; k < inputs.size(); ++k) pass.inputs.push_back(to_rows(found[k]));
      pass.parameters = flatten(std::span(found).subspan(inputs.size()));
      return pass;
    });
  }

  [[nodiscard]] std::vector<std::vector<double>> train(
      const ReferenceTraining& training) const override {
    return translated([&] {
      const Model model = model_.copy(true);
      const auto optimizer = make_optimizer(training.optimizer, model, training.learning_rate,
                                            training.momentum, training.weight_decay);
      const torch::Tensor images = to_tensor(training.images, dtype_);
      const torch::Tensor labels = to_tensor(training.labels);
      std::vector<std::vector<double>> parameters;
      for (const std::vector<std::uint32_t>& batch : training.batches) {
        const torch::Tensor indices = to_tensor(std::span(batch));
        const torch::Tensor logits = model.forward(images.index_select(0, indices), true);
        optimizer->zero_grad();
        (loss_of(training.loss, training.output, logits, labels.index_select(0, indices)) /
         static_cast<double>(batch.size()))
            .backward();
        optimizer->step();
        parameters.push_back(flatten(model.parameters()));
      }
      return parameters;
    });
  }

  [[nodiscard]] std::unique_ptr<ResidentReference> hold(Rows x, Labels labels) const override {
    return translated([&] {
      return std::make_unique<TorchResident>(model_, to_tensor(x, dtype_).clone(),
                                             to_tensor(labels));
    });
  }

 private:
  /// ∂J/∂(each of `by`); 0 where nothing reaches: before a step activation, and in statistics.
  static std::vector<torch::Tensor> gradients_of(const torch::Tensor& J,
                                                 const std::vector<torch::Tensor>& by) {
    std::vector<torch::Tensor> asking;
    for (const torch::Tensor& tensor : by) {
      if (tensor.requires_grad()) asking.push_back(tensor);
    }
    torch::autograd::variable_list found(asking.size());
    // Not backward(): that would add to the parameters' own .grad, which threads share.
    if (J.requires_grad()) found = torch::autograd::grad({J}, asking, {}, {}, false, true);
    std::vector<torch::Tensor> all;
    std::size_t next = 0;
    for (const torch::Tensor& tensor : by) {
      const torch::Tensor own = tensor.requires_grad() ? found[next++] : torch::Tensor();
      all.push_back(own.defined() ? own : torch::zeros_like(tensor));
    }
    return all;
  }

  /// Gradients of value(logits) by every parameter and by x.
  template <class Value>
  ReferenceGradients derive(Rows x, const Value& value) const {
    return translated([&] {
      const torch::Tensor leaf = to_tensor(x, dtype_).clone().requires_grad_();
      const torch::Tensor J = value(model_.forward(leaf));
      std::vector<torch::Tensor> by = model_.parameters();
      by.push_back(leaf);
      std::vector<torch::Tensor> found = gradients_of(J, by);
      TensorOf<double> inputs = to_rows(found.back());
      found.pop_back();
      return ReferenceGradients{J.item<double>(), flatten(found), std::move(inputs)};
    });
  }

  torch::Dtype dtype_;
  Model model_;
};

Reference* open(const ReferenceGraph& graph, Precision precision) {
  return translated([&]() -> Reference* {
    torch_twins::use_one_thread();
    return new TorchReference(graph, precision);
  });
}

}  // namespace
}  // namespace gibbon::models

extern "C" {
[[gnu::visibility("default")]] extern const gibbon::models::ReferencePlugin gibbon_reference_plugin;
const gibbon::models::ReferencePlugin gibbon_reference_plugin = {
    gibbon::models::kReferenceVersion, "LibTorch " TORCH_VERSION, gibbon::models::open};
}

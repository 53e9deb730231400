// SPDX-License-Identifier: MIT
// The plugin gibbon_torch.so: networks in LibTorch's tensors and autograd. Nothing here calls
// gibbon's arithmetic; of its headers it uses the descriptions alone.
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <optional>
#include <stdexcept>

#include <torch/autograd.h>
#include <torch/optim.h>
#include <torch/types.h>
#include <torch/version.h>

#include "models/reference.hpp"

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

std::int64_t dim(std::size_t size) { return static_cast<std::int64_t>(size); }

torch::Dtype to_dtype(Precision precision) {
  return precision == Precision::kFloat32 ? torch::kFloat32 : torch::kFloat64;
}

/// A view in LibTorch's terms; copies only to change the type.
torch::Tensor to_tensor(Rows x, torch::Dtype dtype) {
  return torch::from_blob(const_cast<float*>(x.data), {dim(x.rows), dim(x.cols)}, torch::kFloat32)
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

struct Layer {
  torch::Tensor weight;
  torch::Tensor bias;
  std::string activation;
  double alpha;
};

torch::Tensor activate(const Layer& layer, const torch::Tensor& z) {
  const std::string& name = layer.activation;
  if (name == "identity") return z;
  if (name == "relu") return torch::relu(z);
  if (name == "leaky-relu") return torch::leaky_relu(z, layer.alpha);
  if (name == "sigmoid") return torch::sigmoid(z);
  if (name == "tanh") return torch::tanh(z);
  if (name == "gelu") return torch::gelu(z);
  if (name == "elu") return torch::elu(z, layer.alpha);
  if (name == "erf") return torch::erf(z);
  if (name == "silu") return z * torch::sigmoid(layer.alpha * z);
  // Its usual threshold of 20, above which it returns z, is an error of 1e-10; at 40 it is 1e-19.
  if (name == "softplus") return torch::softplus(z, 1.0, 40.0);
  if (name == "step") return (z > 0).to(z.dtype());
  throw std::runtime_error(fmt::format("LibTorch: no counterpart of activation '{}'", name));
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
struct Model {
  torch::Tensor shift;  // undefined: no normalisation
  torch::Tensor scale;
  std::vector<Layer> layers;

  Model(const Network& network, torch::Dtype dtype) {
    if (!network.normalisation.shift.empty()) {
      shift = to_tensor(std::span(network.normalisation.shift), dtype).clone();
      scale = to_tensor(std::span(network.normalisation.scale), dtype).clone();
    }
    for (const Dense& layer : network.layers) {
      layers.push_back({to_tensor(layer.weight.view(), dtype).clone(),
                        to_tensor(std::span(layer.bias), dtype).clone(),
                        std::string(layer.activation.info->name), layer.activation.alpha});
    }
  }

  /// The same function with parameters of its own, that ask for gradients or do not.
  [[nodiscard]] Model copy(bool with_gradients) const {
    Model other = *this;
    for (Layer& layer : other.layers) {
      layer.weight = layer.weight.detach().clone().requires_grad_(with_gradients);
      layer.bias = layer.bias.detach().clone().requires_grad_(with_gradients);
    }
    return other;
  }

  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x) const {
    torch::Tensor a = shift.defined() ? (x - shift) / scale : x;
    for (const Layer& layer : layers)
      a = activate(layer, torch::linear(a, layer.weight, layer.bias));
    return a;
  }

  [[nodiscard]] std::vector<torch::Tensor> parameters() const {
    std::vector<torch::Tensor> all;
    for (const Layer& layer : layers) {
      all.push_back(layer.weight);
      all.push_back(layer.bias);
    }
    return all;
  }
};

std::vector<double> flatten(const std::vector<torch::Tensor>& tensors) {
  std::int64_t size = 0;
  for (const torch::Tensor& tensor : tensors) size += tensor.numel();
  std::vector<double> flat(static_cast<std::size_t>(size));
  double* out = flat.data();
  for (const torch::Tensor& tensor : tensors) {
    copy_to(tensor, out);
    out += tensor.numel();
  }
  return flat;
}

std::unique_ptr<torch::optim::Optimizer> make_optimizer(std::string_view name, const Model& model,
                                                        double learning_rate, double momentum,
                                                        double weight_decay) {
  std::vector<torch::Tensor> weights;
  std::vector<torch::Tensor> biases;
  for (const Layer& layer : model.layers) {
    weights.push_back(layer.weight);
    biases.push_back(layer.bias);
  }
  const auto groups = [&](const auto& options) {
    using Options = std::decay_t<decltype(options)>;
    std::vector<torch::optim::OptimizerParamGroup> both;
    both.emplace_back(weights,
                      std::make_unique<Options>(Options(options).weight_decay(weight_decay)));
    both.emplace_back(biases, std::make_unique<Options>(options));
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
        const torch::Tensor logits = trained_->forward(x_.index_select(0, some));
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
  TorchReference(const Network& network, Precision precision)
      : dtype_(to_dtype(precision)), model_(Model(network, dtype_).copy(true)) {}

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
      const torch::Tensor seed =
          torch::from_blob(const_cast<double*>(dlogits.data),
                           {dim(dlogits.rows), dim(dlogits.cols)}, torch::kFloat64);
      return (logits * seed.to(dtype_)).sum();
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
        const torch::Tensor logits = model.forward(images.index_select(0, indices));
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
  /// Gradients of value(logits) by every parameter and by x.
  template <class Value>
  ReferenceGradients derive(Rows x, const Value& value) const {
    return translated([&] {
      const torch::Tensor leaf = to_tensor(x, dtype_).clone().requires_grad_();
      const torch::Tensor J = value(model_.forward(leaf));
      std::vector<torch::Tensor> by = model_.parameters();
      by.push_back(leaf);
      // Not backward(): that would add to the parameters' own .grad, which threads share.
      torch::autograd::variable_list found = torch::autograd::grad({J}, by, {}, {}, false, true);
      for (std::size_t k = 0; k < by.size(); ++k) {
        // Nothing reaches what lies before a step activation.
        if (!found[k].defined()) found[k] = torch::zeros_like(by[k]);
      }
      TensorOf<double> inputs = to_rows(found.back());
      found.pop_back();
      return ReferenceGradients{J.item<double>(), flatten(found), std::move(inputs)};
    });
  }

  torch::Dtype dtype_;
  Model model_;
};

Reference* open(const Network& network, Precision precision) {
  return translated([&]() -> Reference* {
    // One thread per call: whoever wants more calls from more threads.
    static const bool alone = [] {
      at::set_num_threads(1);
      using SetThreads = void (*)(int);
      if (const auto set =
              reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
        set(1);
      }
      return true;
    }();
    static_cast<void>(alone);
    return new TorchReference(network, precision);
  });
}

}  // namespace
}  // namespace gibbon::models

extern "C" {
[[gnu::visibility("default")]] extern const gibbon::models::ReferencePlugin gibbon_reference_plugin;
const gibbon::models::ReferencePlugin gibbon_reference_plugin = {
    gibbon::models::kReferenceVersion, "LibTorch " TORCH_VERSION, gibbon::models::open};
}

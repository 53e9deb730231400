// SPDX-License-Identifier: MIT
// The plugin's second entry: TorchScript modules as classifiers.
#include "models/script.hpp"

#include <ATen/Parallel.h>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <torch/autograd.h>
#include <torch/script.h>
#include <torch/types.h>
#include <torch/version.h>

#include "models/torch/one_thread.hpp"
#include "models/torch/twin.hpp"

namespace gibbon::models {
namespace {

using torch::jit::Module;
using torch_twins::dim;

/// What an error of LibTorch says, without its traces: the last line of a traceback, else the
/// first.
std::string one_line(std::string_view text) {
  const bool traced = text.find("Traceback of TorchScript") != std::string_view::npos;
  std::string line;
  std::istringstream lines{std::string(text)};
  for (std::string next; std::getline(lines, next);) {
    if (next.find_first_not_of(" \t\r") == std::string::npos) continue;
    line = next;
    if (!traced) break;
  }
  return line;
}

/// Runs `body`; whatever is thrown leaves as a std::runtime_error of one line.
template <class Body>
auto translated(const Body& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    throw std::runtime_error(one_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw std::runtime_error(one_line(error.what()));
  }
}

/// A setting of LibTorch's may belong to a thread. Nothing is optimised while it runs: after a few
/// calls the result would be rounded differently.
void prepare_thread() {
  torch_twins::use_one_thread();
  thread_local const bool prepared = [] {
    at::init_num_threads();
    torch::jit::setGraphExecutorOptimize(false);
    return true;
  }();
  static_cast<void>(prepared);
}

/// Copies of a module, one for each thread that is calling: forward() may write to attributes.
class Copies {
 public:
  explicit Copies(Module module) : module_(std::move(module)) {}

  template <class Body>
  auto with(const Body& body) const {
    Lent lent{*this, take()};
    return body(lent.module);
  }

 private:
  struct Lent {
    const Copies& from;
    Module module;
    ~Lent() {
      const std::lock_guard lock(from.mutex_);
      from.free_.push_back(std::move(module));
    }
  };

  [[nodiscard]] Module take() const {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return module_.deepcopy();
    Module module = std::move(free_.back());
    free_.pop_back();
    return module;
  }

  Module module_;  // never called
  mutable std::mutex mutex_;
  mutable std::vector<Module> free_;
};

std::string shown(at::IntArrayRef sizes) { return fmt::format("{}", fmt::join(sizes, " × ")); }

/// What a module is given: pictures or rows, how many at once.
struct Call {
  FeatureShape shape;
  bool pictures;
  std::int64_t rows;

  [[nodiscard]] std::string text() const {
    return pictures
               ? fmt::format("{} × {} × {} × {}", rows, shape.channels, shape.height, shape.width)
               : fmt::format("{} × {}", rows, shape.size());
  }
  /// Of rows × D numbers with channels last.
  [[nodiscard]] at::Tensor input(const at::Tensor& x) const {
    const at::Tensor value = torch_twins::to_value(x, shape);
    return pictures && value.dim() == 2 ? value.unsqueeze(-1).unsqueeze(-1)
           : pictures                   ? value
                                        : value.flatten(1);
  }
};

bool is_scores(const at::Tensor& tensor, std::int64_t rows) {
  return tensor.defined() && tensor.is_floating_point() && tensor.dim() >= 1 && tensor.dim() <= 2 &&
         tensor.size(0) == rows && tensor.numel() >= rows;
}

/// Every tensor that the module returned, in order.
std::vector<at::Tensor> tensors_of(const c10::IValue& value) {
  if (value.isTensor()) return {value.toTensor()};
  if (value.isTensorList()) return value.toTensorVector();
  std::vector<at::Tensor> all;
  if (value.isTuple()) {
    for (const c10::IValue& element : value.toTupleRef().elements())
      if (element.isTensor()) all.push_back(element.toTensor());
  }
  return all;
}

/// Scores (N × C) among what the module returned, one logit as 0 and z.
at::Tensor scores_of(const c10::IValue& value, std::int64_t rows) {
  const std::vector<at::Tensor> tensors = tensors_of(value);
  for (const at::Tensor& tensor : tensors) {
    if (!is_scores(tensor, rows)) continue;
    const at::Tensor z = tensor.dim() == 1 ? tensor.unsqueeze(1) : tensor;
    return z.size(1) == 1 ? torch::cat({torch::zeros_like(z), z}, 1) : z;
  }
  std::vector<std::string> got;
  for (const at::Tensor& tensor : tensors)
    got.push_back(fmt::format("{} ({})", tensor.dim() == 0 ? "one number" : shown(tensor.sizes()),
                              c10::toString(tensor.scalar_type())));
  if (got.empty()) got.push_back(value.tagKind());
  throw std::runtime_error(
      fmt::format("it returns {}, but no scores: a tensor or the first of a tuple must be "
                  "N × C floating point numbers, here {} × C",
                  fmt::join(got, " and "), rows));
}

/// At most this many rows at once, and fewer where they are large.
std::int64_t usual_rows(const FeatureShape& shape) {
  constexpr std::size_t kMost = 16;
  constexpr std::size_t kNumbers = std::size_t{1} << 18U;
  std::size_t rows = kMost;
  while (rows > 1 && rows * shape.size() > kNumbers) rows /= 2;
  return dim(rows);
}

/// Rows that all differ, from 0 to 1.
at::Tensor probes(const Call& call) {
  constexpr double kGolden = 0.6180339887498949;
  const at::Tensor numbers =
      torch::arange(1, call.rows * dim(call.shape.size()) + 1, torch::kFloat64) * kGolden;
  return (numbers - numbers.floor()).view({call.rows, -1}).to(torch::kFloat32);
}

/// What lies outside parameters and buffers, such as the weights of a frozen module.
void widen_constants(torch::jit::Block* block) {
  for (torch::jit::Node* node : block->nodes()) {
    for (torch::jit::Block* inner : node->blocks()) widen_constants(inner);
    if (node->kind() != c10::prim::Constant || !node->hasAttribute(c10::attr::value)) continue;
    if (node->kindOf(c10::attr::value) != torch::jit::AttributeKind::t) continue;
    const at::Tensor constant = node->t(c10::attr::value);
    if (constant.is_floating_point()) node->t_(c10::attr::value, constant.to(torch::kFloat64));
  }
}

Module widened(const Module& module) {
  Module wide = module.clone();
  wide.to(torch::kFloat64);
  for (const Module& part : wide.modules())
    for (const torch::jit::Method& method : part.get_methods())
      widen_constants(method.graph()->block());
  return wide;
}

void require_inference(const Module& module) {
  for (const auto& [name, part] : module.named_modules()) {
    if (!part.hasattr("training") || !part.attr("training").toBool()) continue;
    throw std::runtime_error(fmt::format(
        "{} in training mode, where batch norm and dropout move; call model.eval() before "
        "torch.jit.script or torch.jit.trace and save it again",
        name.empty() ? "it is" : fmt::format("its part '{}' is", name)));
  }
}

Module load(std::string_view bytes) {
  try {
    std::istringstream stream{std::string(bytes)};
    return torch::jit::load(stream, torch::kCPU);
  } catch (const std::exception& error) {
    throw std::runtime_error(
        fmt::format("not a TorchScript archive, or a damaged one ({}); export the model with "
                    "torch.jit.script(model.eval()).save(FILE), not with torch.save",
                    one_line(error.what())));
  }
}

class TorchScript final : public Script {
 public:
  TorchScript(const Module& module, const FeatureShape& shape, ScriptInput input)
      : single_(module), call_(choose(shape, input)) {
    for (const at::Tensor& parameter : module.parameters())
      facts_.parameters += static_cast<std::size_t>(parameter.numel());
    require_repeatable();
    if (call_.rows > 1 && !rows_stand_alone(single_, torch::kFloat32)) call_.rows = 1;
    open_wide(module);
    if (double_ && call_.rows > 1 && !rows_stand_alone(*double_, torch::kFloat64)) call_.rows = 1;
    facts_.input = call_.text();
  }

  [[nodiscard]] const ScriptFacts& facts() const override { return facts_; }

  void forward(Rows x, MutableRows logits) const override {
    translated([&] {
      prepare_thread();
      const torch::NoGradGuard guard;
      in_batches(x, torch::kFloat32,
                 [&](const at::Tensor& batch, std::size_t first, std::size_t count) {
                   write(scores(single_, batch), logits.slice(first, count));
                 });
    });
  }

  void exact(RowsOf<const double> x, RowsOf<double> logits) const override {
    translated([&] {
      prepare_thread();
      const torch::NoGradGuard guard;
      const Copies& judge = double_ ? *double_ : single_;
      in_batches(x, double_ ? torch::kFloat64 : torch::kFloat32,
                 [&](const at::Tensor& batch, std::size_t first, std::size_t count) {
                   write(scores(judge, batch), logits.slice(first, count));
                 });
    });
  }

  void backward(Rows x, Rows dlogits, MutableRows dx) const override {
    translated([&] {
      prepare_thread();
      in_batches(x, torch::kFloat32,
                 [&](const at::Tensor& batch, std::size_t first, std::size_t count) {
                   at::Tensor seeds = torch::zeros({batch.size(0), dim(dlogits.cols)});
                   std::ranges::copy(dlogits.slice(first, count).flat(), seeds.data_ptr<float>());
                   write(gradient(batch, seeds), dx.slice(first, count));
                 });
    });
  }

 private:
  /// The first way to call the module that it takes, with its scores in facts_.
  Call choose(const FeatureShape& shape, ScriptInput input) {
    std::vector<Call> calls;
    std::vector<std::string> failures;
    for (const bool pictures : {true, false}) {
      if (input != ScriptInput::kEither && pictures != (input == ScriptInput::kPictures)) continue;
      // A traced module may have the batch of its example, one, written into it.
      calls.push_back({shape, pictures, usual_rows(shape)});
      if (calls.back().rows > 1) calls.push_back({shape, pictures, 1});
    }
    for (const Call& call : calls) {
      try {
        take_facts(call);
        return call;
      } catch (const std::exception& error) {
        if (call.rows > 1 || usual_rows(shape) == 1)
          failures.push_back(fmt::format("{}: {}", call.text(), one_line(plain(error))));
      }
    }
    throw std::runtime_error(
        fmt::format("it was called with {}; give the shape that it takes with --input-shape, "
                    "channels,rows,columns or one number",
                    fmt::join(failures, ", and with ")));
  }

  static std::string plain(const std::exception& error) {
    const auto* own = dynamic_cast<const c10::Error*>(&error);
    return own == nullptr ? error.what() : own->what_without_backtrace();
  }

  void take_facts(const Call& call) {
    const torch::NoGradGuard guard;
    const c10::IValue value =
        single_.with([&](Module& module) { return module.forward({call.input(probes(call))}); });
    const at::Tensor z = scores_of(value, call.rows);
    facts_.classes = static_cast<std::size_t>(z.size(1));
    const std::vector<at::Tensor> all = tensors_of(value);
    const auto first = std::ranges::find_if(
        all, [&](const at::Tensor& tensor) { return is_scores(tensor, call.rows); });
    facts_.one_logit = first->numel() == call.rows;
  }

  [[nodiscard]] at::Tensor scores(const Copies& copies, const at::Tensor& batch) const {
    const at::Tensor z =
        scores_of(copies.with([&](Module& module) { return module.forward({call_.input(batch)}); }),
                  batch.size(0));
    if (z.size(1) != dim(facts_.classes)) {
      throw std::runtime_error(fmt::format("it returns {} scores for a sample, but returned {}",
                                           z.size(1), facts_.classes));
    }
    return z;
  }

  /// J^T · seeds at x; 0 where nothing reaches.
  [[nodiscard]] at::Tensor gradient(const at::Tensor& batch, const at::Tensor& seeds) const {
    const at::Tensor x = batch.detach().clone().requires_grad_();
    const at::Tensor z = scores(single_, x);
    if (!z.requires_grad()) return torch::zeros_like(x);
    const at::Tensor dx =
        torch::autograd::grad({z}, {x}, {seeds.to(z.scalar_type())}, {}, false, true).front();
    return dx.defined() ? dx : torch::zeros_like(x);
  }

  /// work(batch, first row, rows that count) with the one number of rows that the module ever sees:
  /// kernels are chosen by it. The last row is repeated where there are fewer.
  template <class Float, class Work>
  void in_batches(RowsOf<const Float> x, torch::Dtype dtype, const Work& work) const {
    constexpr torch::Dtype own = std::is_same_v<Float, float> ? torch::kFloat32 : torch::kFloat64;
    const auto rows = static_cast<std::size_t>(call_.rows);
    for (std::size_t first = 0; first < x.rows; first += rows) {
      const std::size_t count = std::min(rows, x.rows - first);
      at::Tensor batch = torch::empty({call_.rows, dim(x.cols)}, own);
      Float* out = batch.data_ptr<Float>();
      for (std::size_t n = 0; n < rows; ++n)
        out = std::ranges::copy(x.row(first + std::min(n, count - 1)), out).out;
      work(batch.to(dtype), first, count);
    }
  }

  template <class Float>
  static void write(const at::Tensor& from, RowsOf<Float> to) {
    constexpr torch::Dtype own = std::is_same_v<Float, float> ? torch::kFloat32 : torch::kFloat64;
    const at::Tensor plain = from.detach().to(own).contiguous();
    std::copy_n(plain.data_ptr<Float>(), to.rows * to.cols, to.data);
  }

  void require_repeatable() const {
    const torch::NoGradGuard guard;
    const at::Tensor x = probes(call_);
    const at::Tensor z = scores(single_, x);
    if (torch::isnan(z).any().item<bool>()) {
      throw std::runtime_error(
          "its scores are NaN for inputs from 0 to 1; check its weights and its normalisation");
    }
    if (torch::equal(z, scores(single_, x))) return;
    throw std::runtime_error(
        "two calls with the same input give different scores: it is random (dropout, noise) or "
        "counts its calls; attacks need one function: export the model after model.eval()");
  }

  /// Whether a row's numbers are the same at every place and beside any others. A difference beyond
  /// rounding is a mixture of samples, which is refused.
  [[nodiscard]] bool rows_stand_alone(const Copies& copies, torch::Dtype dtype) const {
    const at::Tensor x = probes(call_).to(dtype);
    // Every row moves by one place; then every other row has other neighbours.
    const at::Tensor moved = x.roll(1, 0);
    at::Tensor beside = x.clone();
    for (std::int64_t n = 1; n < call_.rows; n += 2) beside[n] = 1.0 - x[n];
    const auto same = [&](const auto& f) {
      const at::Tensor y = f(x);
      const at::Tensor y_moved = f(moved).roll(-1, 0);
      const at::Tensor y_beside = f(beside);
      bool equal = torch::equal(y, y_moved);
      require_near(y, y_moved);
      for (std::int64_t n = 0; n < call_.rows; n += 2) {
        equal = equal && torch::equal(y[n], y_beside[n]);
        require_near(y[n], y_beside[n]);
      }
      return equal;
    };
    const bool values = [&] {
      const torch::NoGradGuard guard;
      return same([&](const at::Tensor& at) { return scores(copies, at); });
    }();
    if (!values || dtype != torch::kFloat32) return values;
    const at::Tensor seeds =
        probes({{1, 1, facts_.classes}, false, call_.rows})[0].repeat({call_.rows, 1});
    return same([&](const at::Tensor& at) { return gradient(at, seeds); });
  }

  static void require_near(const at::Tensor& one, const at::Tensor& other) {
    constexpr double kRounding = 1e-3;
    if (torch::allclose(one, other, kRounding,
                        kRounding * (1e-6 + one.abs().max().item<double>()))) {
      return;
    }
    throw std::runtime_error(
        "the result of one sample depends on the others of its batch, as in batch norm without "
        "stored statistics; attacks need a function of one sample");
  }

  /// The same module in double, if it can be.
  void open_wide(const Module& module) {
    try {
      double_.emplace(widened(module));
      const torch::NoGradGuard guard;
      const at::Tensor z = scores(*double_, probes(call_).to(torch::kFloat64));
      if (z.scalar_type() == torch::kFloat64) return;
      facts_.no_float64 =
          fmt::format("it returns {} for float64 inputs", c10::toString(z.scalar_type()));
    } catch (const std::exception& error) {
      facts_.no_float64 = one_line(plain(error));
    }
    double_.reset();
  }

  Copies single_;
  std::optional<Copies> double_;
  ScriptFacts facts_;
  Call call_;
};

Script* open(std::string_view bytes, const FeatureShape& shape, ScriptInput input) {
  return translated([&]() -> Script* {
    prepare_thread();
    Module module = load(bytes);
    require_inference(module);
    for (at::Tensor parameter : module.parameters()) parameter.requires_grad_(false);
    return new TorchScript(module, shape, input);
  });
}

}  // namespace
}  // namespace gibbon::models

extern "C" {
[[gnu::visibility("default")]] extern const gibbon::models::ScriptPlugin gibbon_script_plugin;
const gibbon::models::ScriptPlugin gibbon_script_plugin = {
    gibbon::models::kScriptVersion, "LibTorch " TORCH_VERSION, gibbon::models::open};
}

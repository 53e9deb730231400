// SPDX-License-Identifier: MIT
#include "eval/lab/explain.hpp"

#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <utility>

#include "eval/lab/explain_bounds.hpp"
#include "eval/lab/explain_text.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::lab {
namespace {

using models::MlpOf;

/// Everything the two passes left behind, and words for it.
class Lesson {
 public:
  Lesson(const models::Network& network, const datasets::Dataset& data, std::size_t sample,
         const ExplainSettings& settings)
      : network_(network),
        data_(data),
        settings_(settings),
        model_(network),
        tape_(model_.make_tape(1)),
        x_(1, network.input_dim()),
        dlogits_(1, network.num_classes()),
        dx_(1, network.input_dim()),
        gradient_(network.parameter_count()),
        sample_(sample),
        label_(static_cast<std::size_t>(data.labels[sample])) {
    std::ranges::copy(data.images.row(sample), x_.row(0).begin());
    const auto logits = model_.forward(std::as_const(x_).view(), tape_);
    loss_ = settings.loss.evaluate(logits.row(0), label_, dlogits_.row(0));
    model_.backward_parameters(tape_, std::as_const(dlogits_).view(), gradient_);
    model_.backward(tape_, std::as_const(dlogits_).view(), dx_.view());
  }

  std::string tell() {
    introduce();
    for (std::size_t l = 0; l < model_.depth(); ++l) forward(l);
    answer();
    add("\nBACKWARD: the chain rule, from the loss back to every parameter\n");
    for (std::size_t l = model_.depth(); l-- > 0;) backward(l);
    input_gradient();
    descend();
    attack();
    return std::move(text_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  [[nodiscard]] std::string shown(Values values) const { return vector(values, settings_.all); }
  [[nodiscard]] const models::MlpTapeOf<double>& passed() const { return model_.passed(tape_); }
  [[nodiscard]] Values z(std::size_t l) const { return passed().z[l].row(0); }
  [[nodiscard]] Values a(std::size_t l) const {  // a(0) is the input
    return l == 0 ? passed().input.row(0) : passed().a[l - 1].row(0);
  }
  [[nodiscard]] Values dz(std::size_t l) const { return passed().gradient[l].row(0); }
  [[nodiscard]] std::string a_name(std::size_t l) const {
    return l == 0 ? (network_.normalisation.shift.empty() ? "x" : "x'") : fmt::format("a{}", l);
  }

  void introduce() {
    add("{}: {} parameters", network_.architecture(), network_.parameter_count());
    for (std::size_t l = 0; l < model_.depth(); ++l) {
      const auto w = model_.weight(model_.parameters(), l);
      add("  layer {}: {} × {} weights + {} biases = {}", l + 1, w.rows, w.cols, w.rows,
          w.rows * w.cols + w.rows);
    }
    text_ += the_sample(data_, sample_);
    if (settings_.all) add("  x = {}", shown(x_.row(0)));
    if (!network_.normalisation.shift.empty()) {
      add("  x' = (x - shift) / scale, per value: the model's own first layer");
    }
    add("\nFORWARD: y = σ(W … σ(W x + b) … + b)");
  }

  void forward(std::size_t l) {
    const auto w = model_.weight(model_.parameters(), l);
    const auto b = model_.bias(model_.parameters(), l);
    const Values in = a(l);
    const double sum = std::inner_product(in.begin(), in.end(), w.row(0).begin(), 0.0);
    add("\n  z{} = W{} {} + b{}          ({} neurons, {} inputs each)", l + 1, l + 1, a_name(l),
        l + 1, w.rows, w.cols);
    add("    first neuron: Σ_i W{}[1,i] · {}[i] + b{}[1] = {} + {} = {}", l + 1, a_name(l), l + 1,
        number(sum), number(b[0]), number(z(l)[0]));
    add("    z{} = {}", l + 1, shown(z(l)));
    const models::ActivationInfo& activation = *model_.activation(l).info;
    if (activation.name == "identity") return;
    add("  a{} = σ(z{}), σ(z) = {}   ({})", l + 1, l + 1, activation.formula, activation.name);
    add("    a{} = {}", l + 1, shown(passed().a[l].row(0)));
  }

  void answer() {
    text_ += the_answer(fmt::format("z{}", model_.depth()), passed().a.back().row(0), loss_, label_,
                        data_, settings_);
  }

  void backward(std::size_t l) {
    const std::size_t k = l + 1;
    const auto dw = model_.weight(Values(gradient_), l);
    const auto db = model_.bias(Values(gradient_), l);
    if (k == model_.depth()) {
      add("  ∂C/∂z{} = ∂C/∂ŷ · ∂ŷ/∂z{}", k, k);
    } else {
      const models::ActivationInfo& activation = *model_.activation(l).info;
      std::vector<double> slope(z(l).size(), 1.0);
      model_.activation(l).backward(z(l), passed().a[l].row(0), std::span(slope));
      const auto above = model_.weight(model_.parameters(), l + 1);
      double da = 0.0;
      for (std::size_t o = 0; o < above.rows; ++o) da += above.row(o)[0] * dz(l + 1)[o];
      add("\n  ∂C/∂a{} = W{}ᵀ ∂C/∂z{}, ∂C/∂z{} = ∂C/∂a{} · σ'(z{}), σ' = {}", k, k + 1, k + 1, k, k,
          k, activation.derivative);
      add("    first neuron: ∂C/∂a{}[1] · σ'(z{}[1]) = {} · {} = {}", k, k, number(da),
          number(slope[0]), number(dz(l)[0]));
    }
    add("    ∂C/∂z{} = {}", k, shown(dz(l)));
    add("  ∂C/∂b{} = ∂C/∂z{}", k, k);
    add("    ∂C/∂b{} = {}", k, shown(db));
    // The input with the largest value: for the first layer the first pixel is always 0.
    const Values in = a(l);
    const auto i = static_cast<std::size_t>(std::ranges::max_element(in) - in.begin());
    add("  ∂C/∂W{} = ∂C/∂z{} · {}ᵀ          ({} × {}, ||·||₂ = {:.6g})", k, k, a_name(l), dw.rows,
        dw.cols, length(dw.flat()));
    add("    ∂C/∂W{}[1,{}] = ∂C/∂z{}[1] · {}[{}] = {} · {} = {}", k, i + 1, k, a_name(l), i + 1,
        number(dz(l)[0]), number(in[i]), number(dw.row(0)[i]));
    if (!settings_.all) return;
    for (std::size_t o = 0; o < dw.rows; ++o) add("    row {}: {}", o + 1, shown(dw.row(o)));
  }

  void input_gradient() {
    const Values dx = dx_.row(0);
    add("\n  ∇ₓC = W1ᵀ ∂C/∂z1: what FGSM takes the sign of   {}", lengths(dx));
    add("    largest: {}", largest_entries(dx));
    if (settings_.all) add("    ∇ₓC = {}", shown(dx));
  }

  void descend() {
    models::TrainableMlpOf<double> model(network_);
    const std::span<double> parameters = model.trainable_parameters();
    const std::size_t last = model.depth() - 1;
    const double before = model.weight(model.parameters(), last).row(0)[0];
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      parameters[k] -= settings_.learning_rate * gradient_[k];
    }
    const double after = model.weight(model.parameters(), last).row(0)[0];
    auto tape = model.make_tape(1);
    std::vector<double> ignored(network_.num_classes());
    const double loss = settings_.loss.evaluate(
        model.forward(std::as_const(x_).view(), tape).row(0), label_, std::span(ignored));
    add("\nGRADIENT DESCENT: W' = W - α · mean ∇C, here with α = {} and the mean over this one "
        "sample",
        settings_.learning_rate);
    add("    W{}'[1,1] = {} - {} · {} = {}", last + 1, number(before), settings_.learning_rate,
        number(model.weight(Values(gradient_), last).row(0)[0]), number(after));
    add("    C before {}, after the step {}", number(loss_), number(loss));
  }

  void attack() { text_ += the_attack(model_, x_, dx_.row(0), data_, settings_); }

  const models::Network& network_;
  const datasets::Dataset& data_;
  const ExplainSettings& settings_;
  models::MlpOf<double> model_;
  models::TapeOf<double> tape_;
  TensorOf<double> x_;
  TensorOf<double> dlogits_;
  TensorOf<double> dx_;
  std::vector<double> gradient_;
  std::size_t sample_;
  std::size_t label_;
  double loss_ = 0.0;
  std::string text_;
};

}  // namespace

std::string explain_attack(const attacks::AttackInfo& info) {
  std::vector<std::string_view> norms;
  for (const attacks::Norm norm : info.norms) norms.push_back(attacks::to_string(norm));
  std::string out = fmt::format(
      "{}\n  {}\n\n  formula  {}\n  source   {}\n  kind     {}\n  access   {}\n  norms    {}\n",
      info.name, info.summary, info.formula, info.source, attacks::to_string(info.kind),
      attacks::to_string(info.access), fmt::join(norms, ", "));
  const auto attack = info.make();
  out +=
      fmt::format("  cost     about {:.0f} passes per sample that is not broken, with 10 classes\n",
                  attack->passes(10));
  out += "  options\n";
  for (const attacks::Field& field : attack->fields()) {
    const double value = std::visit([](auto* v) { return static_cast<double>(*v); }, field.value);
    out += fmt::format("    {:<10} {} in [{}, {}]  {}\n", field.name, value, field.low, field.high,
                       field.help);
  }
  if (info.targeted) out += "    target     none; a class by number or name, or least-likely\n";
  if (!info.targeted && attack->fields().empty()) out += "    none\n";
  return out;
}

std::string explain_ensemble(const attacks::Ensemble& ensemble) {
  std::string out = fmt::format("{}\n  {}\n\n  source   {}\n  options\n    version\n",
                                ensemble.name, ensemble.summary, ensemble.source);
  for (const attacks::Ensemble::Version& v : ensemble.versions) {
    std::vector<std::string_view> norms;
    for (const attacks::Norm norm : v.norms) norms.push_back(attacks::to_string(norm));
    out += fmt::format("      {:<9} {:<13} {}\n", v.name, fmt::format("{}", fmt::join(norms, ", ")),
                       fmt::join(v.members, ", "));
  }
  return out;
}

std::string explain_sample(const models::Network& network, const datasets::Dataset& data,
                           std::size_t sample, const ExplainSettings& settings) {
  return Lesson(network, data, sample, settings).tell() +
         explain_bounds(network, data, sample, settings.norm);
}

}  // namespace gibbon::eval::lab

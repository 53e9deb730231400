// SPDX-License-Identifier: MIT
#include "models/output.hpp"

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace gibbon::models {
namespace {

struct Name {
  std::string_view name;
  Output output;
};
constexpr std::array<Name, 3> kNames{{{"identity", Output::kIdentity},
                                      {"sigmoid", Output::kSigmoid},
                                      {"softmax", Output::kSoftmax}}};

template <class Float>
double confidence_of(Output output, std::span<const Float> logits, std::size_t k) {
  std::array<double, kMaxClasses> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const auto answer = std::span(memory).first(logits.size());
  apply_output_inline(output == Output::kIdentity ? Output::kSoftmax : output, logits, answer);
  return answer[k];
}

}  // namespace

std::string_view to_string(Output output) {
  return std::ranges::find(kNames, output, &Name::output)->name;
}

Output find_output(std::string_view name) { return find_entry("output", kNames, name).output; }

template <class Float>
void apply_output(Output output, std::span<const Float> logits, std::span<double> answer) {
  apply_output_inline(output, logits, answer);
}
template void apply_output(Output, std::span<const float>, std::span<double>);
template void apply_output(Output, std::span<const double>, std::span<double>);

double confidence(Output output, std::span<const float> logits, std::size_t k) {
  return confidence_of(output, logits, k);
}
double confidence(Output output, std::span<const double> logits, std::size_t k) {
  return confidence_of(output, logits, k);
}

Loss make_loss(std::string_view name, Output output) {
  const LossInfo& info = find_loss(name);
  if (info.softmax_only && output != Output::kSoftmax) {
    fail_usage(
        "loss {}: output activation {} does not fit, it needs softmax; use --answer softmax "
        "or --loss mse",
        name, to_string(output));
  }
  return {&info, output};
}

}  // namespace gibbon::models

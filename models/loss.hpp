// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace gibbon::models {

/// Longest logit vector: losses keep one on the stack. Network::check() and the file reader see to
/// it.
inline constexpr std::size_t kMaxClasses = 1024;

/// What turns logits z into the network's answer ŷ: nothing, sigmoid of each, softmax of all.
enum class Output { kIdentity, kSigmoid, kSoftmax };

[[nodiscard]] std::string_view to_string(Output output);
/// Throws a usage Error with "did you mean" for an unknown name.
[[nodiscard]] Output find_output(std::string_view name);

/// answer[k] = ŷ_k in double: what is shown as confidence. Softmax is stable at any size of z. For
/// kIdentity the answer is z itself.
template <class Float>
void apply_output(Output output, std::span<const Float> logits, std::span<double> answer);

/// The model's confidence in class `k`: ŷ_k, with softmax in the place of kIdentity.
[[nodiscard]] double confidence(Output output, std::span<const float> logits, std::size_t k);
[[nodiscard]] double confidence(Output output, std::span<const double> logits, std::size_t k);

/// A loss J of one sample against a class label (one-hot y). One file in models/losses/ each.
struct LossInfo {
  std::string_view name;     ///< key on the command line
  std::string_view formula;  ///< J(z, y)
  std::string_view source;
  bool softmax_only;    ///< needs Output::kSoftmax
  Output usual_output;  ///< when none was chosen

  /// Returns J and overwrites dlogits with ∂J/∂z (both of length C). All arithmetic is in double.
  double (*evaluate)(Output output, std::span<const float> logits, std::size_t label,
                     std::span<float> dlogits);
  double (*evaluate64)(Output output, std::span<const double> logits, std::size_t label,
                       std::span<double> dlogits);
};

/// All losses compiled in, ordered by name.
[[nodiscard]] std::span<const LossInfo> losses();
[[nodiscard]] const LossInfo& find_loss(std::string_view name);

/// A loss together with the output it is measured on.
struct Loss {
  const LossInfo* info;
  Output output;
  // NOLINTBEGIN(modernize-use-nodiscard): some want the gradient alone
  double evaluate(std::span<const float> logits, std::size_t label, std::span<float> d) const {
    return info->evaluate(output, logits, label, d);
  }
  double evaluate(std::span<const double> logits, std::size_t label, std::span<double> d) const {
    return info->evaluate64(output, logits, label, d);
  }
  // NOLINTEND(modernize-use-nodiscard)
};

/// Throws a usage Error when the loss cannot be measured on that output.
[[nodiscard]] Loss make_loss(std::string_view name, Output output);

}  // namespace gibbon::models

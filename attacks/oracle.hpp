#pragma once

#include <cstdint>
#include <string_view>

#include "attacks/losses.hpp"
#include "models/classifier.hpp"

namespace gibbon::attacks {

/// How much of the model an attack may look at. Each level includes the ones before it.
enum class Access { kNone, kLabels, kScores, kGradients };
[[nodiscard]] std::string_view to_string(Access access);

/// The only door between an attack and a model. Owns the tape and gradient buffers of one worker,
/// counts every row that passes, and refuses what the declared access level does not allow, so a
/// "black-box" attack cannot peek. Returned views are valid until the next call.
class Oracle {
 public:
  Oracle(const models::Classifier& model, Access access, std::size_t max_rows);

  /// labels[n] = first class with the highest logit. One forward pass.
  void predict(Rows x, std::span<int> labels);

  /// margin() of every sample; needs scores. One forward pass.
  Row margins(Rows x, Labels labels);

  struct Gradient {
    Row margin;  ///< N
    Rows dx;     ///< N × D, gradient of the loss by x
  };
  /// Needs gradients. One forward and one backward pass.
  Gradient gradient(Rows x, Labels labels, LossSeed seed);

  [[nodiscard]] std::uint64_t forwards() const { return forwards_; }    ///< in rows
  [[nodiscard]] std::uint64_t backwards() const { return backwards_; }  ///< in rows

 private:
  Rows forward(Rows x, Access needed);

  const models::Classifier& model_;
  Access access_;
  models::Tape tape_;
  Tensor margins_;  // 1 × N
  Tensor dlogits_;  // N × C
  Tensor dx_;       // N × D
  std::uint64_t forwards_ = 0;
  std::uint64_t backwards_ = 0;
};

}  // namespace gibbon::attacks

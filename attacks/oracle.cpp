#include "attacks/oracle.hpp"

#include <stdexcept>
#include <utility>

namespace gibbon::attacks {

std::string_view to_string(Access access) {
  switch (access) {
    case Access::kNone: return "none";
    case Access::kLabels: return "labels";
    case Access::kScores: return "scores";
    case Access::kGradients: return "gradients";
  }
  throw std::logic_error("to_string: no such access");
}

Oracle::Oracle(const models::Classifier& model, Access access, std::size_t max_rows)
    : model_(model),
      access_(access),
      tape_(model.make_tape(max_rows)),
      margins_(1, max_rows),
      dlogits_(max_rows, model.num_classes()),
      dx_(max_rows, model.input_dim()) {}

Rows Oracle::forward(Rows x, Access needed) {
  if (access_ < needed) throw std::logic_error("attack asked for more than its declared access");
  forwards_ += x.rows;
  return model_.forward(x, tape_);
}

void Oracle::predict(Rows x, std::span<int> labels) {
  const Rows logits = forward(x, Access::kLabels);
  for (std::size_t n = 0; n < x.rows; ++n) labels[n] = predicted_class(logits.row(n));
}

Row Oracle::margins(Rows x, Labels labels) {
  const Rows logits = forward(x, Access::kScores);
  for (std::size_t n = 0; n < x.rows; ++n) margins_.flat()[n] = margin(logits.row(n), labels[n]);
  return std::as_const(margins_).flat().first(x.rows);
}

Oracle::Gradient Oracle::gradient(Rows x, Labels labels, LossSeed seed) {
  const Rows logits = forward(x, Access::kGradients);
  for (std::size_t n = 0; n < x.rows; ++n) {
    margins_.flat()[n] = margin(logits.row(n), labels[n]);
    seed(logits.row(n), labels[n], dlogits_.row(n));
  }
  backwards_ += x.rows;
  const MutableRows dx = dx_.view().slice(0, x.rows);
  model_.backward(tape_, std::as_const(dlogits_).view().slice(0, x.rows), dx);
  return {std::as_const(margins_).flat().first(x.rows), dx};
}

}  // namespace gibbon::attacks

// SPDX-License-Identifier: MIT
#include "attacks/oracle.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"

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

Oracle::Oracle(const models::Classifier& model, Access access, std::size_t max_rows,
               const View* view)
    : model_(model),
      view_(view),
      access_(access),
      max_rows_(max_rows),
      tape_(model.make_tape(max_rows)),
      packed_(max_rows, input_dim()),
      wide_(view == nullptr ? 0 : max_rows, model.input_dim()),
      wide_dx_(view == nullptr ? 0 : max_rows, model.input_dim()),
      dlogits_(max_rows, model.num_classes()),
      dx_(max_rows, input_dim()),
      succeeded_(max_rows) {
  owners_.reserve(max_rows);
  forwards_.reserve(max_rows);
  backwards_.reserve(max_rows);
}

void Oracle::look_from(Rows origins, Norm norm, std::span<const double> epsilons) {
  expect_size("Oracle: number of budgets", epsilons.size(), origins.rows);
  origins_ = origins;
  norm_ = norm;
  epsilons_ = epsilons;
}

Rows Oracle::seen(Rows points, Owners owners) {
  if (view_ == nullptr) return points;
  for (std::size_t i = 0; i < points.rows; ++i) {
    const ThreatModel threat{norm_, epsilons_[owners[i]], {}};
    view_->widen(threat, origins_.row(owners[i]), points.row(i), wide_.row(i));
  }
  return std::as_const(wide_).view().slice(0, points.rows);
}

void Oracle::begin(std::size_t samples, std::uint64_t max_queries) {
  max_queries_ = max_queries;
  forwards_.assign(samples, 0);
  backwards_.assign(samples, 0);
  owners_.clear();
}

void Oracle::bill(Owners owners, std::vector<std::uint64_t>& account) const {
  for (const std::uint32_t sample : owners) {
    if (!affords(sample, 1)) throw std::logic_error("attack asked beyond its query budget");
    ++account[sample];
  }
}

void Oracle::admit(Owners owners, Access needed) {
  if (interrupted) throw Interrupted{};
  if (access_ < needed) throw std::logic_error("attack asked for more than its declared access");
  bill(owners, forwards_);
  owners_.assign(owners.begin(), owners.end());
}

Rows Oracle::forward(Rows points, Owners owners, Access needed) {
  expect_size("Oracle: number of owners", owners.size(), points.rows);
  admit(owners, needed);
  return model_.forward(seen(points, owners), tape_);
}

std::span<const std::uint8_t> Oracle::succeeded(Rows points, Labels labels, bool targeted,
                                                Owners owners) {
  const Rows z = forward(points, owners, Access::kLabels);
  for (std::size_t i = 0; i < points.rows; ++i) {
    succeeded_[i] = attacks::succeeded(z.row(i), labels[owners[i]], targeted) ? 1 : 0;
  }
  return std::span(succeeded_).first(points.rows);
}

Rows Oracle::logits(Rows points, Owners owners) { return forward(points, owners, Access::kScores); }

MutableRows Oracle::seeds() { return dlogits_.view().slice(0, owners_.size()); }

Rows Oracle::backward(Rows dlogits) {
  if (access_ < Access::kGradients) {
    throw std::logic_error("attack asked for more than its declared access");
  }
  bill(owners_, backwards_);
  const MutableRows dx = dx_.view().slice(0, owners_.size());
  if (view_ == nullptr) {
    model_.backward(tape_, dlogits, dx);
    return dx;
  }
  const MutableRows wide = wide_dx_.view().slice(0, owners_.size());
  model_.backward(tape_, dlogits, wide);
  for (std::size_t i = 0; i < dx.rows; ++i) view_->pull_back(wide.row(i), dx.row(i));
  return dx;
}

Oracle::Gradient Oracle::gradient(Rows points, Labels labels, LossSeed seed, Owners owners) {
  const Rows z = forward(points, owners, Access::kGradients);
  for (std::size_t i = 0; i < points.rows; ++i) {
    seed(z.row(i), labels[owners[i]], dlogits_.row(i));
  }
  return {z, backward(seeds())};
}

/// Overwrites dx_ where all rows are known: they come in the order of the known ones.
bool Oracle::look_up(Rows points, Labels labels, LossSeed seed, Owners owners) {
  if (view_ != nullptr) return false;  // the same point means another one to each sample
  if (known_.seed != seed || known_.points.cols() != points.cols) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < points.rows; ++i, ++at) {
    const auto same = [&] {
      return known_.labels[at] == labels[owners[i]] &&
             std::memcmp(known_.points.row(at).data(), points.row(i).data(),
                         points.cols * sizeof(float)) == 0;
    };
    while (at < known_.points.rows() && !same()) ++at;
    if (at == known_.points.rows()) return false;
    std::ranges::copy(std::as_const(known_.dx).row(at), dx_.row(i).begin());
  }
  return true;
}

Rows Oracle::known_gradient(Rows points, Labels labels, LossSeed seed, Owners owners) {
  if (look_up(points, labels, seed, owners)) {
    admit(owners, Access::kGradients);
    bill(owners_, backwards_);
    return std::as_const(dx_).view().slice(0, points.rows);
  }
  const Rows dx = gradient(points, labels, seed, owners).dx;
  known_.points.reshape(points.rows, points.cols);
  known_.dx.reshape(points.rows, points.cols);
  std::ranges::copy(points.flat(), known_.points.view().data);
  std::ranges::copy(dx.flat(), known_.dx.view().data);
  known_.labels.clear();
  for (const std::uint32_t owner : owners) known_.labels.push_back(labels[owner]);
  known_.seed = seed;
  return dx;
}

Rows Oracle::anchor(Rows points, Owners owners) {
  expect_size("Oracle: number of owners", owners.size(), points.rows);
  admit(owners, Access::kScores);
  const models::Front* front = this->front();
  const std::size_t width = front != nullptr ? front->width() : input_dim();
  if (anchors_.rows() < forwards_.size() || anchors_.cols() != width) {
    anchors_.reshape(forwards_.size(), width);
    shifted_.reshape(max_rows_, width);
  }
  Rows state = points;
  if (front != nullptr) {
    const MutableRows z = shifted_.view().slice(0, points.rows);
    front->start(points, tape_, z);
    state = z;
  }
  for (std::size_t k = 0; k < owners.size(); ++k) {
    std::ranges::copy(state.row(k), anchors_.row(owners[k]).begin());
  }
  return front != nullptr ? front->finish(state, tape_)
                          : model_.forward(seen(points, owners), tape_);
}

Rows Oracle::shifted(std::span<const models::Change> changes, std::span<const std::uint32_t> ends,
                     Owners owners) {
  expect_size("Oracle: number of owners", owners.size(), ends.size());
  admit(owners, Access::kScores);
  const models::Front* front = this->front();
  const MutableRows state = shifted_.view().slice(0, owners.size());
  for (std::size_t k = 0; k < owners.size(); ++k) {
    const std::size_t begin = k == 0 ? 0 : ends[k - 1];
    const auto own = changes.subspan(begin, ends[k] - begin);
    std::ranges::copy(std::as_const(anchors_).row(owners[k]), state.row(k).begin());
    if (front != nullptr) {
      front->add(own, state.row(k));
    } else {
      for (const models::Change& change : own) state.row(k)[change.feature] = change.to;
    }
  }
  return front != nullptr ? front->finish(state, tape_)
                          : model_.forward(seen(state, owners), tape_);
}

void Oracle::adopt(std::size_t k) {
  std::ranges::copy(std::as_const(shifted_).row(k), anchors_.row(owners_[k]).begin());
}

Rows Oracle::pack(Rows x, Owners owners) {
  if (owners.size() == x.rows) return x;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    std::ranges::copy(x.row(owners[i]), packed_.row(i).begin());
  }
  return std::as_const(packed_).view().slice(0, owners.size());
}

}  // namespace gibbon::attacks

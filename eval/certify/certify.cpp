// SPDX-License-Identifier: MIT
#include "eval/certify/certify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/norm.hpp"
#include "base/parallel.hpp"
#include "eval/certify/band.hpp"
#include "eval/judge/judge.hpp"
#include "eval/verify/verifier.hpp"
#include "models/bounds/bounder.hpp"

namespace gibbon::eval::certify {
namespace {

constexpr std::size_t kBlock = 16;  // samples; of a small network, enough rows for full products

/// The farthest that two inputs of the range can be apart: there is nothing to prove beyond.
double diameter(const CertifyPlan& plan, const datasets::Dataset& data) {
  const double side = static_cast<double>(data.range.upper) - static_cast<double>(data.range.lower);
  float least = plan.adversary.scale.empty() ? 1.0F : HUGE_VALF;
  for (const float share : plan.adversary.scale) {
    if (share > 0.0F) least = std::min(least, share);
  }
  return info_of(plan.norm).diameter(side / static_cast<double>(least), data.images.cols());
}

/// The farthest that one feature can go from a multiple of the lattice, where nothing may go
/// farther than `reach`: to another multiple, each the float32 nearest to it.
double lattice_reach(double lattice, Box range, double reach) {
  if (lattice == 0.0) return reach;
  const double rounding =
      0x1p-23 * std::max(std::abs(double{range.lower}), std::abs(double{range.upper}));
  return std::min(reach, std::floor((reach + rounding) / lattice) * lattice + rounding);
}

/// Witnesses of all workers: per sample the nearest one.
class Witnesses {
 public:
  explicit Witnesses(std::size_t samples) : found_(samples) {}
  void add(Witness witness) {
    Witness& found = found_[witness.sample];
    if (found.x.empty() || witness.distance < found.distance) found = std::move(witness);
  }
  [[nodiscard]] std::vector<Witness> take() {
    std::vector<Witness> out;
    for (Witness& found : found_) {
      if (!found.x.empty()) out.push_back(std::move(found));
    }
    return out;
  }

 private:
  std::vector<Witness> found_;
};

/// What is the same for all workers.
struct Task {
  const models::Network& network;
  const datasets::Dataset& data;
  const CertifyPlan& plan;
  models::bounds::Bounder bounder;
  models::MlpOf<double> model;
  verify::Verifier verifier;
  Band band;
  Witnesses witnesses;
};

/// What one worker needs; nothing in it is shared but the task, where it writes about its own
/// samples alone.
class Prover {
 public:
  explicit Prover(Task& task)
      : task_(task),
        data_(task.data),
        plan_(task.plan),
        band_(task.band),
        judge_(task.model, task.network.output, kBlock),
        tape_(task.bounder.make_tape(kBlock)),
        x_(kBlock, data_.images.cols()),
        margins_(kBlock, task.network.num_classes() - 1),
        rounding_(task.network.num_classes()) {
    const attacks::Limits& adversary = plan_.adversary;
    if (adversary.any()) view_.emplace(adversary, data_.shape, data_.range);
    const bool equal =
        std::ranges::all_of(adversary.scale, [](float s) { return s == 0.0F || s == 1.0F; });
    if (equal && info_of(plan_.norm).each_value) common_lattice_ = adversary.lattice;
  }

  /// What bounds alone say about samples first … first + count - 1; count <= kBlock.
  void bound(std::size_t first, std::size_t count) {
    look(first, count);
    bound_curve(first, count);
    if (plan_.radius == Radius::kBisect) bound_radius(first, count);
  }

  /// Whether there is something left that only a search can tell.
  [[nodiscard]] bool open(std::size_t n) const {
    const reports::record::CertifiedSample& sample = band_.samples()[n];
    if (sample.attacked <= 0.0 || plan_.limits.nodes == 0) return false;
    return plan_.radius == Radius::kBisect ||
           std::ranges::any_of(plan_.epsilons, [&](double e) { return band_.undecided(n, e); });
  }

  /// Attack and search, where bounds alone do not decide.
  void decide(std::size_t n) {
    decide_between(n, 0, plan_.epsilons.size());
    if (plan_.radius == Radius::kBisect) decide_radius(n);
  }

 private:
  void look(std::size_t first, std::size_t count) {
    std::vector<judge::Finding> findings(count);
    judge_.look(data_.images.view().slice(first, count), Labels(data_.labels).subspan(first, count),
                findings);
    for (std::size_t k = 0; k < count; ++k) {
      band_.predict(first + k, findings[k].label);
      if (!plan_.attacked.empty()) {
        band_.attack(first + k, plan_.attacked[first + k], "the sweep's attack");
      }
    }
  }

  /// Halves the budgets of every sample between what is certified and what is not.
  void bound_curve(std::size_t first, std::size_t count) {
    std::vector<std::size_t> low(count, 0);  // budgets below this one are certified
    std::vector<std::size_t> high(count, plan_.epsilons.size());
    std::vector<double> radii;
    for (;;) {
      asked_.clear();
      radii.clear();
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t n = first + k;
        while (high[k] > low[k] && band_.attacked(n, plan_.epsilons[high[k] - 1])) --high[k];
        if (low[k] >= high[k]) continue;
        asked_.push_back(n);
        radii.push_back(plan_.epsilons[(low[k] + high[k]) / 2]);
      }
      if (asked_.empty()) return;
      ask(radii);
      for (const std::size_t n : asked_) {
        const std::size_t k = n - first;
        const std::size_t middle = (low[k] + high[k]) / 2;
        (band_.certified(n, plan_.epsilons[middle]) ? low[k] : high[k]) =
            band_.certified(n, plan_.epsilons[middle]) ? middle + 1 : middle;
      }
    }
  }

  /// Doubles the radius until the bounds give up, then halves the gap. The curve gives both ends
  /// where it can.
  void bound_radius(std::size_t first, std::size_t count) {
    constexpr int kMostSteps = 60;
    constexpr double kClose = 1e-5;  // of the radius
    const double start = std::ldexp(diameter(plan_, data_), -10);
    const double largest = diameter(plan_, data_);
    std::vector<double> bad(count);
    const auto good = [&](std::size_t k) {
      return std::max(0.0, band_.samples()[first + k].certified);
    };
    for (std::size_t k = 0; k < count; ++k) {
      const reports::record::CertifiedSample& sample = band_.samples()[first + k];
      const auto above = std::ranges::upper_bound(plan_.epsilons, sample.certified);
      bad[k] = above == plan_.epsilons.end() ? sample.attacked : std::min(*above, sample.attacked);
    }
    std::vector<double> radii;
    for (int step = 0; step < kMostSteps; ++step) {
      asked_.clear();
      radii.clear();
      for (std::size_t k = 0; k < count; ++k) {
        if (bad[k] - good(k) <= kClose * good(k) || good(k) >= largest) continue;
        asked_.push_back(first + k);
        radii.push_back(std::isfinite(bad[k]) ? 0.5 * (good(k) + bad[k])
                                              : std::max(start, 2.0 * good(k)));
      }
      if (asked_.empty()) return;
      ask(radii);
      for (std::size_t a = 0; a < asked_.size(); ++a) {
        if (band_.undecided(asked_[a], radii[a])) bad[asked_[a] - first] = radii[a];
      }
    }
  }

  /// Bounds alone: whether each of the asked samples keeps its answer within its radius.
  void ask(std::span<const double> radii) {
    if (interrupted) throw Interrupted{};
    labels_.clear();
    reaches_.clear();
    for (std::size_t a = 0; a < asked_.size(); ++a) {
      const std::size_t n = asked_[a];
      std::ranges::copy(data_.images.row(n), x_.row(a).begin());
      labels_.push_back(data_.labels[n]);
      const double reach = attacks::ThreatModel{plan_.norm, radii[a], data_.range}.reach();
      reaches_.push_back(lattice_reach(common_lattice_, data_.range, reach));
    }
    models::bounds::Regions regions{.x = std::as_const(x_).view().slice(0, asked_.size()),
                                    .radii = reaches_,
                                    .ball = ball_of(plan_.norm),
                                    .share = plan_.adversary.scale};
    if (plan_.clip == Clip::kToRange) regions.clip = data_.range;
    task_.bounder.enclose(regions, tape_);
    margins_.reshape(asked_.size(), margins_.cols());
    task_.bounder.margins(labels_, tape_, margins_.view());
    for (std::size_t a = 0; a < asked_.size(); ++a) {
      if (holds(a)) band_.certify(asked_[a], radii[a], "crown");
    }
  }

  /// All margins of region a are beyond what a forward pass can be wrong by.
  [[nodiscard]] bool holds(std::size_t a) {
    const verify::Soundness soundness = plan_.limits.soundness;
    if (!std::ranges::all_of(margins_.row(a), &models::bounds::Bounded::positive)) return false;
    if (soundness == verify::Soundness::kReal) return true;
    task_.bounder.rounding(tape_, a, verify::unit_of(soundness), rounding_);
    const auto label = static_cast<std::size_t>(labels_[a]);
    for (std::size_t other = 0; other < margins_.cols(); ++other) {
      const std::size_t target = other < label ? other : other + 1;
      const double needed = (rounding_[label] + rounding_[target]) * (1.0 + 1e-9);
      if (!(margins_.row(a)[other].low() > needed)) return false;
    }
    return true;
  }

  /// Decides the undecided ones of the budgets first … end - 1, from the middle of them.
  void decide_between(std::size_t n, std::size_t first, std::size_t end) {
    while (first < end && band_.certified(n, plan_.epsilons[first])) ++first;
    while (first < end && band_.attacked(n, plan_.epsilons[end - 1])) --end;
    if (first >= end) return;
    const std::size_t middle = (first + end) / 2;
    decide_at(n, plan_.epsilons[middle]);
    decide_between(n, first, middle);
    decide_between(n, middle + 1, end);
  }

  /// Halves the gap between the two ends until they are within a thousandth; where the search gives
  /// up it goes on below, for the lower end, and leaves the upper one.
  void decide_radius(std::size_t n) {
    constexpr int kMostSteps = 40;
    constexpr double kClose = 1e-3;
    const double largest = diameter(plan_, data_);
    double bad = std::numeric_limits<double>::infinity();
    for (int step = 0; step < kMostSteps; ++step) {
      const reports::record::CertifiedSample& sample = band_.samples()[n];
      const double good = std::max(0.0, sample.certified);
      const double end = std::min(bad, sample.attacked);
      if (end - good <= kClose * good || good >= largest) return;
      const double asked = std::isfinite(end)
                               ? 0.5 * (good + end)
                               : std::min(largest, std::max(std::ldexp(largest, -10), 2.0 * good));
      decide_at(n, asked);
      if (band_.undecided(n, asked)) bad = asked;
    }
  }

  void decide_at(std::size_t n, double epsilon) {
    const attacks::ThreatModel threat{plan_.norm, epsilon, domain()};
    const verify::Query query = query_of(n, threat);
    verify::Answer answer = task_.verifier.decide(query, plan_.limits);
    band_.spend(n, answer.nodes);
    if (answer.verdict == verify::Verdict::kRobust) return band_.certify(n, epsilon, answer.method);
    if (answer.verdict == verify::Verdict::kAttacked && confirmed(n, threat, answer.witness))
      return;
    // A counterexample that the judge does not share differs from one by rounding.
    const verify::Reason reason =
        answer.verdict == verify::Verdict::kAttacked ? verify::Reason::kRounding : answer.reason;
    band_.leave(n, answer.bound, verify::name_of(reason));
  }

  [[nodiscard]] Box domain() const {
    constexpr float kMost = std::numeric_limits<float>::max();
    return plan_.clip == Clip::kToRange ? data_.range : Box{-kMost, kMost};
  }

  /// The label against every other class, over all that judge and attacks call inside.
  [[nodiscard]] verify::Query query_of(std::size_t n, const attacks::ThreatModel& threat) const {
    verify::Query query{.single_precision = true};
    const Row x = data_.images.row(n);
    const double reach = threat.reach();
    const std::vector<float>& scale = plan_.adversary.scale;
    for (std::size_t d = 0; d < x.size(); ++d) {
      const auto at = static_cast<double>(x[d]);
      double share = scale.empty() ? 1.0 : static_cast<double>(scale[d]);
      double radius = reach;
      if (plan_.adversary.lattice > 0.0 && share > 0.0) {
        radius = lattice_reach(plan_.adversary.lattice, data_.range,
                               models::bounds::outward_high(reach * share));
        share = 1.0;
      }
      query.lower.push_back(std::max(static_cast<double>(threat.domain.lower),
                                     models::bounds::low_end(at, radius, share)));
      query.upper.push_back(std::min(static_cast<double>(threat.domain.upper),
                                     models::bounds::high_end(at, radius, share)));
    }
    if (!info_of(threat.norm).each_value) {
      query.ball = {
          ball_of(threat.norm), {x.begin(), x.end()}, models::bounds::outward_high(reach), scale};
    }
    query.admit = [this, x, threat](std::span<double> candidate) {
      std::vector<float> moved(candidate.begin(), candidate.end());
      admit(threat, x, moved);
      std::ranges::copy(moved, candidate.begin());
    };
    const std::size_t classes = task_.network.num_classes();
    const auto label = static_cast<std::size_t>(data_.labels[n]);
    for (std::size_t target = 0; target < classes; ++target) {
      if (target == label) continue;
      verify::Requirement& margin = query.clauses.emplace_back().emplace_back();
      margin.weights.assign(classes, 0.0);
      margin.weights[label] = 1.0;
      margin.weights[target] = -1.0;
    }
    return query;
  }

  /// To where the adversary may be.
  void admit(const attacks::ThreatModel& threat, Row x, MutableRow moved) const {
    if (!view_) return attacks::project(threat, x, moved);
    std::vector<float> origin(view_->size());
    std::vector<float> z(view_->size());
    view_->narrow(x, origin);
    view_->narrow(moved, z);
    attacks::project({threat.norm, threat.epsilon, view_->domain()}, origin, z);
    view_->widen(threat, x, z, moved);
  }

  /// The judge's own ball, box, lattice and label.
  bool confirmed(std::size_t n, const attacks::ThreatModel& threat,
                 std::span<const double> witness) {
    std::vector<float> candidate(witness.begin(), witness.end());
    const Row x = data_.images.row(n);
    const attacks::Limits& adversary = plan_.adversary;
    const double distance = judge::measure(x, candidate, adversary.scale)[threat.norm];
    if (!(distance <= threat.reach()) || !judge::inside(threat.domain, candidate)) return false;
    if (adversary.lattice > 0.0 && !judge::on_lattice(adversary.lattice, candidate)) return false;
    judge::Finding finding;
    judge_.look({candidate.data(), 1, candidate.size()}, Labels(data_.labels).subspan(n, 1),
                {&finding, 1});
    if (finding.label < 0 || finding.label == data_.labels[n]) return false;
    band_.attack(n, distance, "the proof's counterexample");
    task_.witnesses.add({n, threat.epsilon, distance, std::move(candidate)});
    return true;
  }

  Task& task_;
  const datasets::Dataset& data_;
  const CertifyPlan& plan_;
  Band& band_;
  judge::Judge judge_;
  models::bounds::BoundTape tape_;
  Tensor x_;
  TensorOf<models::bounds::Bounded> margins_;
  std::vector<double> rounding_;
  std::optional<attacks::View> view_;  // of the adversary, where it has limits
  double common_lattice_ = 0.0;        // by which all radii are shortened alike
  std::vector<std::size_t> asked_;     // samples
  std::vector<int> labels_;
  std::vector<double> reaches_;
};

}  // namespace

Norm ball_of(Norm norm) {
  constexpr const auto& kBounded = models::bounds::kBoundedNorms;
  if (std::ranges::find(kBounded, norm) != kBounded.end()) return norm;
  fail_usage("--norm {}: nothing can be certified in it; allowed are {}", to_string(norm),
             listed(kBounded, "and"));
}

std::vector<double> usual_epsilons(Norm norm, std::size_t features) {
  constexpr double kDigits = 0.025;  // the usual step in linf for digits
  const double scale = info_of(norm).usual_step(features) / kDigits;
  std::vector<double> out;
  for (const double epsilon : {0.01, 0.02, 0.03, 0.05, 0.1}) {
    out.push_back(std::round(epsilon * scale * 1e12) / 1e12);  // 0.3, not 0.30000000000000004
  }
  return out;
}

CertifyResult certify(const models::Network& network, const datasets::Dataset& data,
                      const CertifyPlan& plan, const CertifyProgress& progress) {
  static_cast<void>(ball_of(plan.norm));
  Task task{.network = network,
            .data = data,
            .plan = plan,
            .bounder = models::bounds::Bounder(network),
            .model = models::MlpOf<double>(network),
            .verifier = verify::Verifier(network),
            .band = Band(plan.norm, data),
            .witnesses = Witnesses(data.size())};
  const std::size_t blocks = (data.size() + kBlock - 1) / kBlock;
  std::vector<std::unique_ptr<Prover>> provers(std::max<std::size_t>(1, plan.threads));
  const auto prover = [&](std::size_t worker) -> Prover& {
    if (!provers[worker]) provers[worker] = std::make_unique<Prover>(task);
    return *provers[worker];
  };
  std::vector<std::size_t> open;  // samples
  std::size_t done = 0;
  std::mutex mutex;  // guards open, done and progress
  for_each_block(blocks, provers.size(), [&](std::size_t worker, std::size_t block) {
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min(kBlock, data.size() - first);
    prover(worker).bound(first, count);
    const std::lock_guard lock(mutex);
    for (std::size_t n = first; n < first + count; ++n) {
      if (prover(worker).open(n)) {
        open.push_back(n);
      } else {
        ++done;
      }
    }
    progress(done, data.size());
  });
  if (interrupted) throw Interrupted{};
  std::ranges::sort(open);
  for_each_block(open.size(), provers.size(), [&](std::size_t worker, std::size_t block) {
    prover(worker).decide(open[block]);
    const std::lock_guard lock(mutex);
    progress(++done, data.size());
  });
  if (interrupted) throw Interrupted{};
  CertifyResult result{.curve = task.band.curve(plan.epsilons),
                       .samples = task.band.samples(),
                       .witnesses = task.witnesses.take()};
  for (const reports::record::CertifiedSample& sample : result.samples) {
    result.clean_correct += sample.predicted == sample.label ? 1 : 0;
  }
  return result;
}

}  // namespace gibbon::eval::certify

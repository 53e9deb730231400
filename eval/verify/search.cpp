// SPDX-License-Identifier: MIT
#include "eval/verify/search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <utility>

#include "base/parallel.hpp"
#include "eval/verify/branching.hpp"
#include "eval/verify/leaf.hpp"
#include "models/kernels/gemm.hpp"

namespace gibbon::eval::verify {
namespace {

constexpr std::size_t kTaken = 16;  // nodes that are split at a time
constexpr std::size_t kBlock = 8;   // children that one worker bounds side by side

struct Node {
  double bound = 0.0;
  std::uint64_t number = 0;
  std::shared_ptr<const Intervals> intervals;  // the splits since then come on top
  std::shared_ptr<const Choices> choices;
  std::vector<Split> splits;
  Branch branch;
  std::size_t bytes = 0;  ///< while it is open
};

/// Open nodes: the one with the least bound first; where they fill the memory, what comes on top
/// of it is finished newest first.
class Frontier {
 public:
  explicit Frontier(std::size_t memory) : memory_(memory) {}

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return best_first_.size() + newest_first_.size(); }
  [[nodiscard]] double least_bound() const;
  void push(Node node);
  Node take();

 private:
  struct Later {
    bool operator()(const Node& a, const Node& b) const {
      return a.bound != b.bound ? a.bound > b.bound : a.number > b.number;
    }
  };

  std::size_t memory_;
  std::size_t bytes_ = 0;
  std::uint64_t pushed_ = 0;
  std::priority_queue<Node, std::vector<Node>, Later> best_first_;
  std::vector<Node> newest_first_;
};

double Frontier::least_bound() const {
  double least = std::numeric_limits<double>::infinity();
  if (!best_first_.empty()) least = best_first_.top().bound;
  for (const Node& node : newest_first_) least = std::min(least, node.bound);
  return least;
}

void Frontier::push(Node node) {
  const auto share = [](std::size_t bytes, long owners) {
    return bytes / static_cast<std::size_t>(owners);
  };
  node.number = ++pushed_;
  node.bytes = sizeof(Node) + node.splits.size() * sizeof(Split) +
               share(node.choices->size() * sizeof(float), node.choices.use_count()) +
               share(2 * node.intervals->lower.size() * sizeof(double), node.intervals.use_count());
  if (bytes_ + node.bytes > memory_) {
    node.bytes = 0;
    newest_first_.push_back(std::move(node));
    return;
  }
  bytes_ += node.bytes;
  best_first_.push(std::move(node));
}

Node Frontier::take() {
  Node out;
  if (newest_first_.empty()) {
    out = best_first_.top();
    best_first_.pop();
  } else {
    out = std::move(newest_first_.back());
    newest_first_.pop_back();
  }
  bytes_ -= out.bytes;
  return out;
}

enum class Fate { kProved, kOpen, kAttacked, kStuck };

/// A child and what became of it.
struct Child {
  Node node;
  Fate fate = Fate::kOpen;
  Reason reason = Reason::kNone;
  std::vector<double> witness;
};

void cut(const LocalNetwork& network, const Split& split, Intervals& intervals) {
  const std::size_t neuron = network.layers[split.layer].first + split.index;
  double& end = (split.above ? intervals.lower : intervals.upper)[neuron];
  end = split.above ? std::max(end, split.point) : std::min(end, split.point);
}

/// A new split takes the place of an older one at the same neuron's same end.
void add_split(const Split& split, std::vector<Split>& splits) {
  for (Split& old : splits) {
    if (old.layer == split.layer && old.index == split.index && old.above == split.above) {
      old = split;
      return;
    }
  }
  splits.push_back(split);
}

/// Per worker.
class Bounding {
 public:
  Bounding(const SearchProblem& problem, const Deadline& deadline)
      : problem_(problem),
        network_(problem.network),
        deadline_(deadline),
        batch_(network_, kBlock * problem.forms.size(), deadline),
        tightener_(network_, 1, deadline) {}

  void bound(std::span<Child> children);

 private:
  [[nodiscard]] Intervals intervals_of(const Node& node) const;
  bool prepare(Child& child, Enclosure& enclosure);
  void judge(Child& child, std::size_t first_row);
  [[nodiscard]] bool attacked(Child& child, std::size_t row);
  void finish_leaf(Child& child, const Enclosure& enclosure);
  [[nodiscard]] Affine affine(const Form& form, const Intervals& intervals) const;
  [[nodiscard]] std::vector<double> input_units(std::span<const double> x) const;

  const SearchProblem& problem_;
  const LocalNetwork& network_;
  Deadline deadline_;
  DualBatch batch_;
  Tightener tightener_;
};

Intervals Bounding::intervals_of(const Node& node) const {
  Intervals out = *node.intervals;
  for (const Split& split : node.splits) cut(network_, split, out);
  return out;
}

/// Intervals under the child's splits; the layers above the newest split are bounded again where
/// that costs little beside the search for multipliers. False: the child is empty.
bool Bounding::prepare(Child& child, Enclosure& enclosure) {
  const Intervals intervals = intervals_of(child.node);
  if (child.node.splits.empty()) {
    enclosure = Enclosure(network_, intervals);
    return true;
  }
  const LocalLayer& at = network_.layers[child.node.branch.layer];
  const std::size_t neuron = at.first + child.node.branch.index;
  if (intervals.lower[neuron] > intervals.upper[neuron]) return false;
  enclosure = Enclosure(network_, intervals);
  const std::size_t above = child.node.branch.layer + 1;
  std::size_t rows = 0;
  bool smooth = false;
  for (std::size_t k = above; k < network_.layers.size(); ++k) {
    const LocalLayer& layer = network_.layers[k];
    smooth = smooth || layer.activation.info->follow != nullptr;
    for (std::size_t i = 0; i < layer.alive.size(); ++i) {
      if (layer.bends(intervals.lower[layer.first + i], intervals.upper[layer.first + i]))
        rows += 2;
    }
  }
  constexpr std::size_t kCheap = 48;
  if (rows == 0 || (!smooth && rows > kCheap)) return true;
  const Ascent once{.iterations = 0};
  if (!tightener_.tighten(above, child.node.splits, once, enclosure)) return false;
  child.node.intervals = std::make_shared<Intervals>(enclosure.intervals());
  return true;
}

void Bounding::bound(std::span<Child> children) {
  std::vector<Enclosure> enclosures(children.size());
  std::vector<std::size_t> open;
  batch_.clear();
  for (std::size_t c = 0; c < children.size(); ++c) {
    if (!prepare(children[c], enclosures[c])) {
      children[c].fate = Fate::kProved;  // nothing is in there
      continue;
    }
    open.push_back(c);
    for (std::size_t f = 0; f < problem_.forms.size(); ++f) {
      batch_.add(problem_.forms[f], enclosures[c], children[c].node.splits,
                 *children[c].node.choices, problem_.targets[f]);
    }
  }
  if (open.empty()) return;
  // More steps per node make fewer nodes, but not fewer steps in all.
  batch_.optimise({.iterations = 10, .multiplier_rate = 0.15});
  for (std::size_t o = 0; o < open.size(); ++o) judge(children[open[o]], o * problem_.forms.size());
}

/// Proved as soon as one form is; else its best form says how good it is and where to go on.
void Bounding::judge(Child& child, std::size_t first_row) {
  std::size_t best = first_row;
  for (std::size_t f = 0; f < problem_.forms.size(); ++f) {
    const std::size_t row = first_row + f;
    if (batch_.proved(row)) {
      child.fate = Fate::kProved;
      return;
    }
    if (batch_.bound(row) > batch_.bound(best)) best = row;
  }
  for (std::size_t f = 0; f < problem_.forms.size(); ++f) {
    if (attacked(child, first_row + f)) return;
  }
  child.node.bound = std::max(child.node.bound, batch_.bound(best));
  child.node.choices = std::make_shared<Choices>(batch_.choices(best));
  child.node.splits.assign(batch_.splits(best).begin(), batch_.splits(best).end());
  const std::vector<Branch> branches = best_branches(network_, batch_, best, 1);
  if (!branches.empty()) {
    child.node.branch = branches.front();
    child.fate = Fate::kOpen;
    return;
  }
  finish_leaf(child, batch_.enclosure(best));
}

std::vector<double> Bounding::input_units(std::span<const double> x) const {
  std::vector<double> out(problem_.query.lower.size());
  for (std::size_t j = 0; j < out.size(); ++j) {
    const double low = network_.lower[j];
    const double high = network_.upper[j];
    const bool turned = network_.stretch[j] < 0.0;
    // Corners stay corners; points between keep their place.
    const double share = high > low ? std::clamp((x[j] - low) / (high - low), 0.0, 1.0) : 0.0;
    const double from_low = turned ? 1.0 - share : share;
    out[j] = from_low <= 1e-12 ? problem_.query.lower[j]
             : from_low >= 1.0 - 1e-12
                 ? problem_.query.upper[j]
                 : problem_.query.lower[j] +
                       from_low * (problem_.query.upper[j] - problem_.query.lower[j]);
  }
  return out;
}

/// The network itself at the minimiser of the relaxation.
bool Bounding::attacked(Child& child, std::size_t row) {
  std::vector<double> h;
  for (std::size_t k = 0; k < network_.layers.size(); ++k) {
    const LocalLayer& layer = network_.layers[k];
    std::vector<double> z(layer.width());
    if (k == 0) {
      std::ranges::copy(batch_.z(row, 0), z.begin());
    } else {
      models::kernels::multiply_fused(RowsOf<const double>{h.data(), 1, h.size()},
                                      layer.turned.view(), RowsOf<double>{z.data(), 1, z.size()});
      for (std::size_t i = 0; i < z.size(); ++i) z[i] += layer.bias[i];
    }
    h.resize(z.size());
    layer.activation.forward(std::span<const double>(z), std::span<double>(h));
    for (std::size_t i = layer.alive.size(); i < h.size(); ++i) h[i] = 0.0;
  }
  if (network_.layers.empty()) h.assign(batch_.minimiser(row).begin(), batch_.minimiser(row).end());
  for (const Form& form : problem_.forms) {
    double value = form.constant;
    for (std::size_t i = 0; i < h.size(); ++i) value += form.coefficients[i] * h[i];
    if (!(value <= 1e-9 * (1.0 + form.magnitude))) return false;
  }
  auto found = problem_.replay.confirm(problem_.query, input_units(batch_.minimiser(row)));
  if (!found) return false;
  child.fate = Fate::kAttacked;
  child.witness = std::move(*found);
  return true;
}

/// A form as it is where all its activations are straight: the lower lines, which are the upper
/// ones.
Affine Bounding::affine(const Form& form, const Intervals& intervals) const {
  std::vector<double> c = form.coefficients;
  Affine out{.constant = form.constant};
  for (std::size_t k = form.layers; k-- > 0;) {
    const LocalLayer& layer = network_.layers[k];
    for (std::size_t i = 0; i < c.size(); ++i) {
      const std::size_t neuron = layer.first + i;
      const models::bounds::Relaxation lines = layer.activation.relax(
          intervals.lower[neuron], intervals.upper[neuron], models::bounds::SlopeRule::kAdaptive);
      out.constant += c[i] * lines.lower.intercept;
      c[i] *= lines.lower.slope;
      out.constant += c[i] * layer.bias[i];
    }
    std::vector<double> next(layer.weight.cols());
    models::kernels::multiply_fused(RowsOf<const double>{c.data(), 1, c.size()},
                                    layer.weight.view(),
                                    RowsOf<double>{next.data(), 1, next.size()});
    c.swap(next);
  }
  out.slope = std::move(c);
  return out;
}

/// Nothing bends any more: a linear program over the box, one constraint per split. Its point is
/// replayed, its multipliers are the β of a bound that is evaluated soundly.
void Bounding::finish_leaf(Child& child, const Enclosure& enclosure) {
  const Intervals& intervals = enclosure.intervals();
  child.fate = Fate::kStuck;
  child.reason = Reason::kRounding;
  for (const LocalLayer& layer : network_.layers) {
    for (std::size_t i = 0; i < layer.alive.size(); ++i) {
      if (!layer.bends(intervals.lower[layer.first + i], intervals.upper[layer.first + i]))
        continue;
      child.reason = Reason::kResolution;
      return;
    }
  }
  if (network_.ball != Norm::kLinf) return;
  std::vector<Affine> objectives;
  for (const Form& form : problem_.forms) objectives.push_back(affine(form, intervals));
  std::vector<Affine> constraints;
  for (const Split& split : child.node.splits) {
    const double sign = split.above ? 1.0 : -1.0;
    Affine z = affine(network_.neuron(split.layer, split.index, sign), intervals);
    z.constant -= sign * split.point;
    constraints.push_back(std::move(z));
  }
  const LeafSolution solution =
      solve_leaf(objectives, constraints, network_.lower, network_.upper, deadline_);
  if (!solution.solved) return;
  if (solution.feasible && solution.value <= 1e-7) {
    if (auto found = problem_.replay.confirm(problem_.query, input_units(solution.point))) {
      child.fate = Fate::kAttacked;
      child.witness = std::move(*found);
      return;
    }
  }
  // One form from all, with the program's weights; any one will do if the leaf is empty.
  Form mixed = problem_.forms[0];
  double target = problem_.targets[0];
  if (solution.feasible && problem_.forms.size() > 1) {
    for (double& c : mixed.coefficients) c *= solution.weights[0];
    mixed.constant *= solution.weights[0];
    mixed.magnitude *= solution.weights[0];
    mixed.error *= solution.weights[0];
    target *= solution.weights[0];
    for (std::size_t f = 1; f < problem_.forms.size(); ++f) {
      const Form& form = problem_.forms[f];
      const double w = solution.weights[f];
      for (std::size_t i = 0; i < form.coefficients.size(); ++i) {
        mixed.coefficients[i] += w * form.coefficients[i];
      }
      mixed.constant += w * form.constant;
      mixed.magnitude += std::abs(w) * form.magnitude;
      mixed.error += w * form.error;
      target += w * problem_.targets[f];
    }
    // The mixing itself rounds, a few times per coefficient.
    mixed.error = 2.0 * mixed.error + 1e-12 * (1.0 + mixed.magnitude);
  }
  double factor = 1.0;
  for (int attempt = 0; attempt < (solution.feasible ? 1 : 40); ++attempt) {
    std::vector<Split> splits = child.node.splits;
    for (std::size_t s = 0; s < splits.size(); ++s) {
      splits[s].multiplier = factor * solution.multipliers[s];
    }
    DualBatch last(network_, 1, deadline_);
    last.add(mixed, enclosure, splits, {}, target);
    last.settle();
    if (last.bound(0) > target) {
      child.fate = Fate::kProved;
      return;
    }
    factor *= 4.0;
  }
}

}  // namespace

Answer search(const SearchProblem& problem, const SearchRoot& root, const SearchLimits& limits) {
  std::vector<std::unique_ptr<Bounding>> workers(std::max<std::size_t>(1, limits.threads));
  Frontier open(limits.memory);
  Answer answer{.method = "branch-and-bound"};
  const auto settle = [&](Verdict verdict, Reason reason) {
    answer.verdict = verdict;
    answer.reason = reason;
    answer.open = open.size();
    if (!open.empty()) answer.bound = open.least_bound();
    return answer;
  };
  {
    // The root once more, as its own child: what it is split at is decided where all others are.
    Child first;
    first.node = {.bound = -std::numeric_limits<double>::infinity(),
                  .intervals = root.intervals,
                  .choices = root.choices};
    Bounding& bounding = *(workers[0] = std::make_unique<Bounding>(problem, limits.deadline));
    bounding.bound({&first, 1});
    if (first.fate == Fate::kAttacked) answer.witness = std::move(first.witness);
    if (first.fate == Fate::kAttacked) return settle(Verdict::kAttacked, Reason::kNone);
    if (first.fate == Fate::kStuck) return settle(Verdict::kUndecided, first.reason);
    if (first.fate == Fate::kProved) return settle(Verdict::kRobust, Reason::kNone);
    open.push(std::move(first.node));
  }
  std::vector<Child> children;
  while (!open.empty()) {
    if (interrupted) throw Interrupted{};
    if (limits.deadline.passed()) return settle(Verdict::kUndecided, Reason::kTime);
    if (answer.nodes >= limits.nodes) return settle(Verdict::kUndecided, Reason::kNodes);
    children.clear();
    for (std::size_t taken = 0; taken < kTaken && !open.empty(); ++taken) {
      const Node parent = open.take();
      for (const bool above : {true, false}) {
        Child child{.node = parent};
        add_split({.layer = parent.branch.layer,
                   .index = parent.branch.index,
                   .above = above,
                   .point = parent.branch.point},
                  child.node.splits);
        children.push_back(std::move(child));
      }
    }
    answer.nodes += children.size();
    const std::size_t blocks = (children.size() + kBlock - 1) / kBlock;
    try {
      for_each_block(blocks, workers.size(), [&](std::size_t worker, std::size_t block) {
        if (!workers[worker]) {
          workers[worker] = std::make_unique<Bounding>(problem, limits.deadline);
        }
        const std::size_t first = block * kBlock;
        workers[worker]->bound(
            std::span(children).subspan(first, std::min(kBlock, children.size() - first)));
      });
    } catch (const TimeOver&) {
      // Children that were not bounded stay open, with their parents' bounds.
    }
    if (interrupted) throw Interrupted{};
    Reason stuck = Reason::kNone;
    for (Child& child : children) {
      if (child.fate == Fate::kAttacked) {
        answer.witness = std::move(child.witness);
        return settle(Verdict::kAttacked, Reason::kNone);
      }
      if (child.fate == Fate::kStuck) {
        stuck = child.reason;
        answer.bound = child.node.bound;
      }
    }
    if (stuck != Reason::kNone) {
      answer.verdict = Verdict::kUndecided;
      answer.reason = stuck;
      answer.open = open.size() + 1;
      return answer;
    }
    for (Child& child : children) {
      if (child.fate == Fate::kOpen) open.push(std::move(child.node));
    }
  }
  return settle(Verdict::kRobust, Reason::kNone);
}

}  // namespace gibbon::eval::verify

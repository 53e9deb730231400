// SPDX-License-Identifier: MIT
// Square: random search that changes one square window at a time and keeps what lowers the margin.
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget
// Access    scores; `queries` forward passes per sample at most
// Method    linf: start from stripes ±ε; set a random window to x ± ε, one sign per channel.
//           l2, l1: start from tiles of pyramids; pour what is left of the budget and the length of
//           a second window, which becomes x, into the first, turned towards a pyramid pattern. The
//           window shrinks on a fixed timetable.
// Property  stays on the boundary of the ball; needs no gradients, so masking them is no defence
// Source    Andriushchenko et al. 2020, arXiv:1912.00049, algorithms 1 to 3; l1: Croce &
//           Hein 2021, arXiv:2103.01208, section 4
// Differs   windows and signs are each sample's own and may touch the last row and column;
//           proposals that change nothing are redrawn free of charge; features without order: the
//           window is a random subset, l2's pattern a random direction. Success within the rounding
//           that incremental scores gather is confirmed by one more, whole pass. A known
//           start is tried before the own one, but not searched from: large windows come first

#include <array>
#include <cmath>
#include <limits>

#include "attacks/attack.hpp"
#include "attacks/search/windows.hpp"

namespace gibbon::attacks {
namespace {

/// Scores of shifted() points were seen to be off by 5e-6 of the largest logit after 5000 queries,
/// whole passes in float32 by 6e-7; a margin above this share of it is beyond doubt.
constexpr float kDoubt = 1e-4F;
/// A window of one sign changes nothing with a probability of 1/2 at most: after so many in a row
/// there is nothing that can change.
constexpr int kRedraws = 100;

/// Share of the features in a window, halved on the paper's timetable for 10,000 queries.
double share(double p, int query) {
  constexpr std::array kHalved{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
  for (const int limit : kHalved) {
    if (query > limit) p /= 2.0;
  }
  return p;
}

/// One run on one block of samples.
class Search {
 public:
  Search(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows point, int queries,
         double p)
      : oracle_(oracle),
        problem_(problem),
        point_(point),
        queries_(queries),
        p_(p),
        active_(work, problem.size()),
        windows_(problem.shape, problem.x.cols, work),
        rng_(work.take<Rng>(problem.size())),
        done_(work.take<std::uint8_t>(problem.size())),
        loss_(work.take<float>(problem.size())),
        first_(work.take<float>(problem.size())),
        late_(work.take<float>(problem.size())),
        spent_(work.take<double>(problem.size())),
        upper_(work.rows(is_linf() ? problem.size() : 0, problem.x.cols)),
        lower_(work.rows(is_linf() ? problem.size() : 0, problem.x.cols)),
        move_(work.take<double>(problem.x.cols)),
        changes_(work.take<models::Change>(problem.x.rows * problem.x.cols)),
        ends_(work.take<std::uint32_t>(problem.size())),
        doubtful_(work.take<std::uint32_t>(problem.size())) {}

  void run() {
    std::ranges::copy(problem_.x.flat(), point_.data);
    for (std::uint32_t n = 0; n < problem_.size(); ++n) {
      rng_[n] = Rng(problem_.seed, problem_.ids[n], "square");
      done_[n] = problem_.epsilons[n] == 0.0 ? 1 : 0;
    }
    try_known_starts();
    start();
    for (int query = 1; !active_.empty(); ++query) step(query);
  }

 private:
  [[nodiscard]] bool is_linf() const { return problem_.norm == Norm::kLinf; }

  /// What falls: the margin of the label, or minus that of the target.
  [[nodiscard]] float loss(Row logits, std::uint32_t n) const {
    const float m = margin(logits, problem_.labels[n]);
    return problem_.targeted ? -m : m;
  }

  [[nodiscard]] bool won(Row logits, std::uint32_t n) const {
    return succeeded(logits, problem_.labels[n], problem_.targeted);
  }

  void broken(std::uint32_t n) {
    done_[n] = 1;
    if (problem_.seen != nullptr) ++problem_.seen->first_run;
  }

  /// The head of each round: who has another query?
  void drop_done() {
    active_.keep_if([&](std::size_t, std::uint32_t n) {
      if (done_[n] != 0 || !oracle_.affords(n, 1)) return false;
      const std::uint64_t spent = oracle_.forwards()[n];
      const auto most = static_cast<std::uint64_t>(queries_);
      if (spent <= most - most / 10) late_[n] = loss_[n];
      if (spent < most) return true;
      if (problem_.seen != nullptr) {
        ++problem_.seen->exhausted;
        if (late_[n] - loss_[n] > 0.01F * (first_[n] - loss_[n])) ++problem_.seen->unconverged;
      }
      return false;
    });
  }

  void try_known_starts() {
    if (problem_.starts.rows == 0) return;
    std::size_t count = 0;
    for (std::uint32_t n = 0; n < problem_.size(); ++n) {
      if (std::ranges::equal(problem_.starts.row(n), problem_.x.row(n))) continue;
      if (done_[n] != 0 || !oracle_.affords(n, 1)) continue;
      std::ranges::copy(problem_.starts.row(n), point_.row(n).begin());
      project(problem_.threat(n), problem_.x.row(n), point_.row(n));
      doubtful_[count++] = n;
    }
    if (count == 0) return;
    const Owners owners = doubtful_.first(count);
    const Rows logits = oracle_.logits(oracle_.pack(point_, owners), owners);
    for (std::size_t k = 0; k < count; ++k) {
      if (won(logits.row(k), owners[k])) broken(owners[k]);
    }
  }

  void start() {
    drop_done();
    if (active_.empty()) return;
    if (!is_linf() && windows_.picture()) windows_.resize(tile(), tile());
    for (const std::uint32_t n : active_.items()) {
      std::ranges::copy(problem_.x.row(n), point_.row(n).begin());
      if (is_linf()) {
        start_linf(n);
      } else {
        start_tiles(n);
      }
    }
    anchor(active_.items());
    for (const std::uint32_t n : active_.items()) first_[n] = loss_[n];
  }

  /// Scores of whole points, by a pass that gathers no rounding.
  void anchor(Owners owners) {
    const Rows logits = oracle_.anchor(oracle_.pack(point_, owners), owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      const std::uint32_t n = owners[k];
      loss_[n] = loss(logits.row(k), n);
      if (won(logits.row(k), n)) broken(n);
    }
  }

  void start_linf(std::uint32_t n) {
    const ThreatModel threat = problem_.threat(n);
    const Row x = problem_.x.row(n);
    const auto reach = [&](float far, MutableRow bound) {
      std::ranges::fill(bound, far);
      project(threat, x, bound);
    };
    reach(threat.domain.upper, upper_.row(n));
    reach(threat.domain.lower, lower_.row(n));
    // One sign for a column and channel; without a picture every feature is its own column.
    const std::size_t stripes =
        windows_.picture() ? problem_.shape.width * problem_.shape.channels : x.size();
    for (std::size_t stripe = 0; stripe < stripes; ++stripe) {
      const Row bound = sign(n) > 0.0 ? upper_.row(n) : lower_.row(n);
      for (std::size_t d = stripe; d < x.size(); d += stripes) point_.row(n)[d] = bound[d];
    }
  }

  /// What a move of one feature adds to spent_: its square in l2, its size in l1.
  [[nodiscard]] double share_of(double move) const {
    return problem_.norm == Norm::kL2 ? move * move : std::abs(move);
  }
  /// The length that such a sum stands for.
  [[nodiscard]] double length_of(double sum) const {
    return problem_.norm == Norm::kL2 ? std::sqrt(sum) : sum;
  }

  double sign(std::uint32_t n) { return (rng_[n].bits() >> 63U) != 0 ? 1.0 : -1.0; }

  [[nodiscard]] std::size_t tile() const {
    return std::max<std::size_t>(1, std::min(problem_.shape.height, problem_.shape.width) / 5);
  }

  void start_tiles(std::uint32_t n) {
    const std::span<double> delta = move_;
    std::ranges::fill(delta, 0.0);
    if (windows_.picture()) {
      const std::size_t side = tile();
      const std::size_t top = problem_.shape.height % side / 2;
      const std::size_t left = problem_.shape.width % side / 2;
      for (std::size_t row = top; row + side <= problem_.shape.height; row += side) {
        for (std::size_t column = left; column + side <= problem_.shape.width; column += side) {
          windows_.place(row, column);
          const std::span<const float> pattern = windows_.pattern(rng_[n]);
          for (std::size_t g = 0; g < windows_.groups(); ++g) {
            const double s = sign(n);
            const auto features = windows_.group(g);
            for (std::size_t k = 0; k < features.size(); ++k) {
              delta[features[k]] = s * double{pattern[k]};
            }
          }
        }
      }
    } else {
      for (double& d : delta) d = sign(n);
    }
    double sum = 0.0;
    for (const double d : delta) sum += share_of(d);
    const ThreatModel threat = problem_.threat(n);
    const Row x = problem_.x.row(n);
    const double scale = threat.epsilon / length_of(sum);
    for (std::size_t d = 0; d < x.size(); ++d) {
      point_.row(n)[d] = static_cast<float>(double{x[d]} + scale * delta[d]);
    }
    project(threat, x, point_.row(n));
    spent_[n] = share_of(distance(problem_.norm, x, point_.row(n)));
  }

  /// One query for every sample that is left.
  void step(int query) {
    drop_done();
    windows_.resize(share(p_, query), is_linf() ? search::Windows::Sides::kAny
                                                : search::Windows::Sides::kOddFromThree);
    used_ = 0;
    std::size_t place = 0;
    active_.keep_if([&](std::size_t, std::uint32_t n) {
      const std::size_t before = used_;
      for (int draw = 0; draw < kRedraws && used_ == before; ++draw) {
        if (is_linf()) {
          propose_linf(n);
        } else {
          propose_pour(n);
        }
      }
      if (used_ != before) ends_[place++] = static_cast<std::uint32_t>(used_);
      return used_ != before;
    });
    if (active_.empty()) return;
    judge(oracle_.shifted(changes_.first(used_), ends_.first(place), active_.items()));
  }

  void judge(Rows logits) {
    std::size_t doubtful = 0;
    for (std::size_t k = 0; k < active_.size(); ++k) {
      const std::uint32_t n = active_[k];
      const Row z = logits.row(k);
      const float now = loss(z, n);
      const bool wins = won(z, n);
      if (!(now < loss_[n] || wins || std::isnan(loss_[n]))) continue;
      loss_[n] = now;
      oracle_.adopt(k);
      double added = 0.0;
      const std::size_t begin = k == 0 ? 0 : ends_[k - 1];
      for (const models::Change& change : changes_.subspan(begin, ends_[k] - begin)) {
        const double x{problem_.x.row(n)[change.feature]};
        const double from = double{change.from} - x;
        const double to = double{change.to} - x;
        added += share_of(to) - share_of(from);
        point_.row(n)[change.feature] = change.to;
      }
      spent_[n] += added;
      if (!wins) continue;
      float largest = 0.0F;
      for (const float value : z) largest = std::max(largest, std::abs(value));
      const bool sure = now < -kDoubt * largest;
      if (sure || !oracle_.affords(n, 1)) {
        broken(n);
      } else {
        doubtful_[doubtful++] = n;
      }
    }
    if (doubtful > 0) anchor(doubtful_.first(doubtful));
  }

  void change(std::uint32_t feature, float from, float to) {
    changes_[used_] = {feature, from, to};
    used_ += from != to ? 1U : 0U;  // no branch: black pixels make it a coin toss
  }

  void propose_linf(std::uint32_t n) {
    windows_.draw(rng_[n]);
    const Row point = point_.row(n);
    for (std::size_t g = 0; g < windows_.groups(); ++g) {
      const Row bound = sign(n) > 0.0 ? upper_.row(n) : lower_.row(n);
      for (const std::uint32_t d : windows_.group(g)) change(d, point[d], bound[d]);
    }
  }

  void propose_pour(std::uint32_t n) {
    windows_.draw_pair(rng_[n]);
    const std::span<const float> pattern = windows_.pattern(rng_[n]);
    const Row x = problem_.x.row(n);
    const Row point = point_.row(n);
    const ThreatModel threat = problem_.threat(n);
    const double unused = std::max(0.0, share_of(threat.epsilon) - spent_[n]);
    double whole = 0.0;
    for (const float value : pattern) whole += share_of(double{value});
    const double unit = 1.0 / length_of(whole);
    const auto delta = [&](std::uint32_t d) { return double{point[d]} - double{x[d]}; };
    double freed = 0.0;
    for (std::size_t g = 0; g < windows_.groups(); ++g) {
      double first = 0.0;
      double second = 0.0;
      for (const std::uint32_t d : windows_.group(g)) first += share_of(delta(d));
      for (const std::uint32_t d : windows_.others(g)) second += share_of(delta(d));
      freed += first + second;
      const double available =
          length_of(first + second + unused / static_cast<double>(windows_.groups()));
      const double s = sign(n);
      const double old = first > 0.0 ? 1.0 / length_of(first) : 0.0;
      const auto features = windows_.group(g);
      const std::span<double> move = move_.subspan(g * windows_.count(), windows_.count());
      double sum = 0.0;
      for (std::size_t k = 0; k < features.size(); ++k) {
        move[k] = s * unit * double{pattern[k]} + old * delta(features[k]);
        sum += share_of(move[k]);
      }
      const double scale = sum > 0.0 ? available / length_of(sum) : 0.0;
      for (double& value : move) value *= scale;
    }
    pour(n, spent_[n] - freed);
  }

  /// The window becomes x + move_, a little less where float32 would leave the ball, and the others
  /// x; `outside` is what the rest has spent.
  void pour(std::uint32_t n, double outside) {
    const Row x = problem_.x.row(n);
    const Row point = point_.row(n);
    const ThreatModel threat = problem_.threat(n);
    // A tenth of the allowance for float32 is left to the sums.
    const double most = threat.epsilon * (1.0 + 0.9e-6);
    const std::size_t before = used_;
    double scale = 1.0;
    double spare = 1e-7;
    for (int round = 0; round < 8; ++round) {
      used_ = before;
      double inside = 0.0;
      for (std::size_t g = 0; g < windows_.groups(); ++g) {
        const auto features = windows_.group(g);
        const double* const move = move_.data() + g * windows_.count();
        for (std::size_t k = 0; k < features.size(); ++k) {
          const std::uint32_t d = features[k];
          const float to = std::clamp(static_cast<float>(double{x[d]} + scale * move[k]),
                                      threat.domain.lower, threat.domain.upper);
          const double moved = double{to} - double{x[d]};
          inside += share_of(moved);
          change(d, point[d], to);
        }
      }
      if (outside + inside <= share_of(most)) {
        for (std::size_t g = 0; g < windows_.groups(); ++g) {
          for (const std::uint32_t d : windows_.others(g)) change(d, point[d], x[d]);
        }
        return;
      }
      const double room = std::max(0.0, share_of(threat.epsilon) - outside);
      scale *= length_of(room / inside) * (1.0 - spare);
      spare *= 4.0;
    }
    used_ = before;
  }

  Oracle& oracle_;
  const Problem& problem_;
  MutableRows point_;  // the best so far
  int queries_;
  double p_;
  Active active_;
  search::Windows windows_;
  std::span<Rng> rng_;
  std::span<std::uint8_t> done_;
  std::span<float> loss_;    // at point_
  std::span<float> first_;   // at the start
  std::span<float> late_;    // when nine tenths of the queries were spent
  std::span<double> spent_;  // l2: ||point - x||²; l1: ||point - x||
  MutableRows upper_;        // linf: x ± ε, clipped
  MutableRows lower_;
  std::span<double> move_;
  std::span<models::Change> changes_;  // proposals of all active samples, the first used_ of them
  std::span<std::uint32_t> ends_;
  std::size_t used_ = 0;
  std::span<std::uint32_t> doubtful_;
};

class Square final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"queries", "maximum number of points per sample, including the start", &queries_, 1,
             1000000},
            {"p", "share of the features in the first windows", &p_, 1e-4, 1.0}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return queries_; }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    Search(oracle, problem, work, candidate, queries_, p_).run();
  }

  int queries_ = 5000;
  double p_ = 0.8;
};

}  // namespace

const AttackInfo& square_info() {
  static const AttackInfo info{
      .name = "square",
      .aliases = "square-attack",
      .summary = "Square attack: random search over windows, scores only.",
      .formula = "x' = x' with a random window at x ± ε, kept if the margin falls",
      .source = "Andriushchenko et al. 2020, arXiv:1912.00049",
      .kind = Kind::kFixedBudget,
      .access = Access::kScores,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = true,
      .make = make_attack<Square>,
  };
  return info;
}

}  // namespace gibbon::attacks

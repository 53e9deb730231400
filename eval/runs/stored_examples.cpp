// SPDX-License-Identifier: MIT
#include "eval/runs/stored_examples.hpp"

#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "datasets/arrays/npz.hpp"
#include "eval/judge/judge.hpp"

namespace gibbon::eval::runs {
namespace {

constexpr double kUnits = 4.0 * 0x1p-24;  // of |x| + |x'| + ε; see settle_examples()

/// Hands over what is stored, by dataset index.
class Stored final : public attacks::Attack {
 public:
  explicit Stored(const StoredExamples& stored) : stored_(stored) {
    for (std::size_t n = 0; n < stored.data.size(); ++n)
      places_.emplace_back(stored.data.ids[n], n);
    std::ranges::sort(places_);
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(attacks::Oracle& /*oracle*/, const attacks::Problem& problem,
              attacks::Workspace& /*work*/, MutableRows candidate) const override {
    for (std::size_t n = 0; n < problem.size(); ++n) {
      const auto place = std::ranges::lower_bound(places_, problem.ids[n], {},
                                                  &std::pair<std::uint64_t, std::size_t>::first);
      std::ranges::copy(stored_.points.row(place->second), candidate.row(n).begin());
    }
  }

  const StoredExamples& stored_;
  std::vector<std::pair<std::uint64_t, std::size_t>> places_;  // id, row
};

const attacks::AttackInfo& stored_info() {
  static const attacks::AttackInfo info{
      .name = "stored",
      .summary = "Adversarial examples from a file, made for any model.",
      .formula = "x' = x_adv",
      .source = "a file",
      .kind = attacks::Kind::kMinimalDistance,
      .access = attacks::Access::kNone,
      .norms = {attacks::kNorms.begin(), attacks::kNorms.end()},
      .targeted = false,
      .make = nullptr,
  };
  return info;
}

std::string times(std::span<const std::size_t> shape) {
  return fmt::format("{}", fmt::join(shape, " × "));
}

/// How far a value is from the range; 0 inside.
double beyond(Box range, float value) {
  return std::max({0.0, double{range.lower} - double{value}, double{value} - double{range.upper}});
}

/// What rounding may have added to a value at the edge of the range.
double edge_slack(Box range) {
  return kUnits * std::max(std::abs(double{range.lower}), std::abs(double{range.upper}));
}

/// Reads and checks one file.
class Loader {
 public:
  explicit Loader(const std::filesystem::path& path) : path_(path), file_(path) {}

  StoredExamples load() {
    StoredExamples out{.file = path_.string(), .data = {}, .points = {}};
    datasets::Dataset& data = out.data;
    data.name = file_.has("dataset") ? text("dataset") : path_.filename().string();
    data.split = file_.has("split") ? text("split") : "stored";
    data.shape = shape(data.notes);
    data.sha256 = sha256_hex(read_file(path_));
    const std::size_t n = file_.at("x").shape[0];
    if (file_.has("range")) data.range = range();
    data.images = points("x", n, data);
    require_inside(data);
    out.points = points("x_adv", n, data);
    data.labels = labels(n);
    data.ids = ids(n);
    data.class_names = class_names(data.labels);
    if (file_.has("norm")) out.norm = norm();
    out.epsilon_stated = file_.has("epsilon");
    out.epsilon = out.epsilon_stated ? epsilon(out.norm) : largest_distance(out);
    return out;
  }

 private:
  [[noreturn]] void fail(
      std::string_view array, const std::string& what, const std::string& allowed,
      std::string_view advice = "save the examples again with 'gibbon sweep --save'") const {
    fail_input("{}: {} {}; allowed is {}; {}", path_.string(), array, what, allowed, advice);
  }

  /// 'f' float, 'i' and 'u' integer, 'b' bool, 'U' text.
  [[nodiscard]] char type_of(std::string_view name) const {
    const std::string& descr = file_.at(name).descr;
    return descr.size() < 2 ? '?' : descr[1];
  }

  [[nodiscard]] bool is_integer(std::string_view name) const {
    return type_of(name) == 'i' || type_of(name) == 'u';
  }

  [[nodiscard]] std::string text(std::string_view name) const {
    const std::vector<std::string> texts = file_.texts(name);
    if (texts.size() != 1) fail(name, fmt::format("has {} texts", texts.size()), "one");
    return texts.front();
  }

  [[nodiscard]] std::vector<double> sized(std::string_view name, std::size_t count) const {
    std::vector<double> values = file_.numbers(name);
    if (values.size() != count) {
      fail(name, fmt::format("has {} values", values.size()), fmt::format("{}", count));
    }
    return values;
  }

  [[nodiscard]] datasets::Shape shape(std::vector<std::string>& notes) const {
    const std::vector<std::size_t>& x = file_.at("x").shape;
    const std::string allowed = "N × D, N × H × W or N × H × W × C with C = 1 or 3";
    if (x.size() < 2 || x.size() > 4) {
      fail("x", fmt::format("has {} dimensions", x.size()), allowed);
    }
    if (std::ranges::count(x, std::size_t{0}) > 0) {
      fail("x", fmt::format("is {}: contains no samples", times(x)), allowed);
    }
    if (x.size() == 2) return {1, x[1], 1, false};
    if (x.size() == 3) return {x[1], x[2], 1, true};
    if (x[3] == 1 || x[3] == 3) return {x[1], x[2], x[3], true};
    if (x[1] == 1) {  // channels first or last: with one channel the values are in the same order
      notes.push_back(fmt::format("x of {} is {}, channels first: taken as {} × {} × {}.",
                                  path_.filename().string(), times(x), x[0], x[2], x[3]));
      return {x[2], x[3], 1, true};
    }
    // The model may have been trained on either order of the values.
    fail("x", fmt::format("is {}{}", times(x), x[1] == 3 ? ", channels first" : ""), allowed,
         "save x.transpose(0, 2, 3, 1) for a model that takes channels last, or x.reshape(len(x), "
         "-1) for one that takes the values in this order; the same for x_adv");
  }

  [[nodiscard]] Box range() const {
    const std::vector<double> ends = sized("range", 2);
    if (!(std::isfinite(ends[0]) && std::isfinite(ends[1]) && ends[0] < ends[1])) {
      fail("range", fmt::format("is [{}, {}]", ends[0], ends[1]), "a lower and an upper end");
    }
    return {static_cast<float>(ends[0]), static_cast<float>(ends[1])};
  }

  /// What the integers of an image are divided by: 255 where the range is [0, 1].
  [[nodiscard]] double divisor(std::string_view name, std::span<const double> values,
                               datasets::Dataset& data) const {
    if (type_of(name) == 'f') return 1.0;
    if (!is_integer(name)) {
      fail(name, fmt::format("has elements of type '{}'", file_.at(name).descr),
           "float32, float64 or 8-bit levels (uint8)");
    }
    if (data.range.lower != 0.0F || data.range.upper != 1.0F) return 1.0;
    const auto [low, high] = std::ranges::minmax(values);
    if (low < 0.0 || high > 255.0) {
      fail(name, fmt::format("has integers from {} to {}", low, high),
           "0 … 255, or float32 in [0, 1]", "divide by what makes them [0, 1]");
    }
    if (high <= 1.0) {
      fail(name, fmt::format("has integers of at most {}, of [0, 1] or of 0 … 255", high),
           "float32 for [0, 1]", fmt::format("save {}.astype('float32')", name));
    }
    data.notes.push_back(
        fmt::format("{} of {} has integers ('{}'): taken as 0 … 255 and divided "
                    "by 255, as the range is [0, 1].",
                    name, path_.filename().string(), file_.at(name).descr));
    return 255.0;
  }

  [[nodiscard]] Tensor points(std::string_view name, std::size_t n, datasets::Dataset& data) const {
    const auto& reference = file_.at("x");
    const auto& array = file_.at(name);
    if (array.shape != reference.shape) {
      fail(name, fmt::format("is {}", times(array.shape)),
           fmt::format("{}, the shape of x", times(reference.shape)));
    }
    const std::vector<double> values = file_.numbers(name);
    const double by = divisor(name, values, data);
    Tensor out(n, values.size() / n);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!std::isfinite(values[k])) {
        fail(name, fmt::format("has {} in sample {}", values[k], k / out.cols()), "finite numbers");
      }
      // As to_unit_range() has it: the quotient of two float32.
      out.flat()[k] = by == 1.0 ? static_cast<float>(values[k])
                                : static_cast<float>(values[k]) / static_cast<float>(by);
    }
    return out;
  }

  /// Clean samples lie in the range; what rounding took out of it is brought back.
  void require_inside(datasets::Dataset& data) const {
    for (std::size_t k = 0; k < data.images.flat().size(); ++k) {
      float& value = data.images.flat()[k];
      const double excess = beyond(data.range, value);
      if (excess == 0.0) continue;
      if (excess > edge_slack(data.range)) {
        fail("x", fmt::format("has {} in sample {}", value, k / data.images.cols()),
             fmt::format("[{}, {}], the valid range", data.range.lower, data.range.upper),
             "divide x and x_adv by 255 if they are 0 … 255; or store the range the model takes "
             "as an array, range = [lower, upper]");
      }
      value = std::clamp(value, data.range.lower, data.range.upper);
    }
  }

  [[nodiscard]] std::vector<int> labels(std::size_t n) const {
    constexpr double kMost = 1024.0;
    const auto& array = file_.at("labels");
    if (array.shape.size() == 2 && array.shape[0] == n && array.shape[1] > 1) {
      fail("labels", fmt::format("is {}, as one-hot labels are", times(array.shape)),
           fmt::format("{} class numbers", n), "save labels.argmax(axis=1)");
    }
    const std::vector<double> values = sized("labels", n);
    if (!is_integer("labels")) {
      fail("labels", fmt::format("has elements of type '{}'", array.descr), "integers 0, 1, …",
           "save labels.astype('int64')");
    }
    std::vector<int> out;
    for (std::size_t k = 0; k < n; ++k) {
      if (values[k] < 0.0 || values[k] >= kMost) {
        fail("labels", fmt::format("[{}] is {}", k, values[k]), "a class 0, 1, …");
      }
      out.push_back(static_cast<int>(values[k]));
    }
    return out;
  }

  [[nodiscard]] std::vector<std::uint64_t> ids(std::size_t n) const {
    std::vector<std::uint64_t> out;
    if (!file_.has("ids")) {
      for (std::size_t k = 0; k < n; ++k) out.push_back(k);
      return out;
    }
    constexpr double kExact = 0x1p53;  // from here on two integers may be one double
    const std::vector<double> values = sized("ids", n);
    std::set<std::uint64_t> seen;
    for (std::size_t k = 0; k < n; ++k) {
      if (!(values[k] >= 0.0 && values[k] < kExact && values[k] == std::floor(values[k]))) {
        fail("ids", fmt::format("[{}] is {}", k, values[k]), "an integer from 0 to 2^53 - 1",
             "leave ids out to number the samples");
      }
      out.push_back(static_cast<std::uint64_t>(values[k]));
      if (!seen.insert(out.back()).second) {
        fail("ids", fmt::format("[{}] is {} for the second time", k, out.back()),
             "each id once: they tell samples apart", "leave ids out to number the samples");
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<std::string> class_names(const std::vector<int>& labels) const {
    const auto largest = static_cast<std::size_t>(std::ranges::max(labels));
    std::vector<std::string> names;
    if (file_.has("class_names")) {
      names = file_.texts("class_names");
      if (largest >= names.size()) {
        fail("labels", fmt::format("has class {}", largest),
             fmt::format("at most {} by class_names", static_cast<double>(names.size()) - 1.0));
      }
      return names;
    }
    for (std::size_t c = 0; c <= largest; ++c) names.push_back(std::to_string(c));
    return names;
  }

  [[nodiscard]] attacks::Norm norm() const {
    const std::string name = text("norm");
    if (const NormInfo* known = known_norm(name); known != nullptr) return known->norm;
    fail("norm", fmt::format("is '{}'", name), listed(kNorms));
  }

  [[nodiscard]] double epsilon(attacks::Norm norm) const {
    const double epsilon = sized("epsilon", 1)[0];
    if (!(epsilon >= 0.0 && std::isfinite(epsilon))) {
      fail("epsilon", fmt::format("is {}", epsilon), "a number >= 0");
    }
    if (info_of(norm).each_value && epsilon > 1.0 && type_of("x_adv") != 'f' &&
        !file_.has("range")) {
      fail("epsilon", fmt::format("is {}, of integers that are divided by 255", epsilon),
           "ε in [0, 1]", fmt::format("save epsilon = {}/255", epsilon));
    }
    return epsilon;
  }

  [[nodiscard]] static double largest_distance(const StoredExamples& stored) {
    double largest = 0.0;
    for (std::size_t n = 0; n < stored.data.size(); ++n) {
      largest = std::max(
          largest, attacks::distance(stored.norm, stored.data.images.row(n), stored.points.row(n)));
    }
    return largest;
  }

  std::filesystem::path path_;
  datasets::arrays::NpzFile file_;
};

/// Points that lie outside for one reason.
struct Outside {
  std::size_t count = 0;
  double most = 0.0;

  void add(double excess) {
    ++count;
    most = std::max(most, excess);
  }
  /// All of n, or more than three and one in twenty.
  [[nodiscard]] bool are_many(std::size_t n) const {
    return count == n || (count > 3 && 20 * count > n);
  }
};

/// Whether rounding may have taken the point out of the ball of ε.
bool within_rounding(attacks::Norm norm, double epsilon, Row x, Row point) {
  thread_local std::vector<double> slacks;
  slacks.resize(x.size());
  bool every = true;
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double slack = kUnits * (std::abs(double{x[d]}) + std::abs(double{point[d]}) + epsilon);
    every = every && std::abs(double{point[d]} - double{x[d]}) <= epsilon + slack;
    slacks[d] = slack;
  }
  const NormInfo& info = info_of(norm);
  if (info.each_value) return every;
  return info.distance(x, point) <= epsilon + (info.counts ? 0.0 : info.length(slacks));
}

/// Clips what rounding took out of the range; false when the point lies farther out.
bool settle_in_range(Box range, MutableRow point, Outside& outside) {
  double most = 0.0;
  for (const float value : point) most = std::max(most, beyond(range, value));
  if (most > edge_slack(range)) {
    outside.add(most);
    return false;
  }
  for (float& value : point) value = std::clamp(value, range.lower, range.upper);
  return true;
}

/// Projects onto the first ball that rounding took the point out of.
void settle_in_ball(const StoredExamples& stored, std::span<const double> epsilons, Row x,
                    MutableRow point, Outside& rounded, Outside& outside) {
  const double distance = attacks::distance(stored.norm, x, point);
  for (const double epsilon : epsilons) {
    const attacks::ThreatModel threat{stored.norm, epsilon, stored.data.range};
    if (distance <= threat.reach()) return;
    if (epsilon == 0.0 || !within_rounding(stored.norm, epsilon, x, point)) continue;
    rounded.add(distance - epsilon);
    attacks::project(threat, x, point);
    return;
  }
  outside.add(distance - epsilons.back());
}

}  // namespace

StoredExamples load_examples(const std::filesystem::path& path) { return Loader(path).load(); }

void settle_examples(StoredExamples& stored, std::span<const double> epsilons) {
  const std::size_t n = stored.data.size();
  const Box range = stored.data.range;
  Outside of_range;
  Outside of_ball;
  Outside rounded;
  for (std::size_t k = 0; k < n; ++k) {
    const MutableRow point = stored.points.row(k);
    if (!settle_in_range(range, point, of_range)) continue;
    settle_in_ball(stored, epsilons, stored.data.images.row(k), point, rounded, of_ball);
  }
  const std::string in_range = fmt::format(
      "{} of {} stored examples lie outside the valid range [{}, {}], by at most {:.2g}",
      of_range.count, n, range.lower, range.upper, of_range.most);
  const std::string ball =
      fmt::format("the {} ball of ε = {}", attacks::to_string(stored.norm), epsilons.back());
  const std::string in_ball =
      fmt::format("{} of {} stored examples lie outside {}, by at most {:.2g}", of_ball.count, n,
                  ball, of_ball.most);
  if (of_range.are_many(n)) {
    fail_input(
        "{}: x_adv: {}; divide x_adv by what x was divided by, e.g. 255, or store the range the "
        "model "
        "takes as an array, range = [lower, upper]",
        stored.file, in_range);
  }
  // Fewer than the file promises, or asked for a smaller ε than it has.
  const bool contradicts = stored.epsilon_stated && epsilons.back() >= stored.epsilon;
  if (of_ball.count == n || (contradicts && of_ball.are_many(n))) {
    fail_input(
        "{}: x_adv: {}; give the ε they were made for in units of x, e.g. --epsilons {:.9g}, or "
        "check "
        "the arrays norm and epsilon",
        stored.file, in_ball, epsilons.back() + of_ball.most);
  }
  if (rounded.count > 0) {
    stored.data.notes.push_back(fmt::format(
        "{} of {} stored examples lay outside {} by no more than float32 rounding (at most "
        "{:.2g}); they were projected into it.",
        rounded.count, n, epsilons.size() == 1 ? ball : "the ball of an ε", rounded.most));
  }
  if (of_range.count > 0) {
    stored.data.notes.push_back(in_range + "; they count as not broken.");
  }
  if (of_ball.count > 0) stored.data.notes.push_back(in_ball + "; they count as not broken.");
}

sweep::Entry stored_entry(const StoredExamples& stored, const std::string& name) {
  return sweep::single_entry({.text = name,
                              .info = &stored_info(),
                              .attack = std::make_shared<Stored>(stored),
                              .target = {}});
}

}  // namespace gibbon::eval::runs

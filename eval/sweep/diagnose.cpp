// SPDX-License-Identifier: MIT
#include "eval/sweep/diagnose.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <set>

#include "eval/sweep/clean_doubts.hpp"
#include "eval/sweep/targets.hpp"
#include "reports/gate/paired.hpp"

namespace gibbon::eval::sweep {
namespace {

using reports::record::CurvePoint;
using Sentences = std::vector<std::string>;

constexpr double kNoteworthy = 0.002;  // of all samples: 0.2 points
// Of "these two attacks break equally many"; a run compares a few dozen pairs and budgets.
constexpr double kLevel = 0.01;

double percent(double fraction) { return 100.0 * fraction; }

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Clopper & Pearson at 95 %: of k of n, exact also for rare things.
/// Observations count runs, of which a sample may have several: k is taken as n at most.
reports::record::Interval exact95(std::uint64_t k, std::uint64_t n) {
  using boost::math::binomial;
  k = std::min(k, n);
  if (n == 0) return {};
  const auto trials = static_cast<double>(n);
  const auto hits = static_cast<double>(k);
  return {.low = k == 0 ? 0.0 : binomial::find_lower_bound_on_p(trials, hits, 0.025),
          .high = k >= n ? 1.0 : binomial::find_upper_bound_on_p(trials, hits, 0.025)};
}

/// "12.0-34.5"
std::string in_percent(const reports::record::Interval& interval) {
  return fmt::format("{:.1f}-{:.1f}", percent(interval.low), percent(interval.high));
}

/// "steps=80 (now 40)" of the first option in `names` that the attack has, raised by `factor`;
/// empty when it has none of them, or has no room above.
std::string raised(const AttackSpec& spec, std::initializer_list<std::string_view> names,
                   double factor) {
  const std::vector<attacks::Field> fields = spec.attack->fields();
  for (const std::string_view name : names) {
    const auto field = std::ranges::find(fields, name, &attacks::Field::name);
    if (field == fields.end() || !std::holds_alternative<int*>(field->value)) continue;
    const int now = *std::get<int*>(field->value);
    const double more = std::min(field->high, factor * now);
    if (more <= now) continue;
    return fmt::format("{}={:.0f} (now {})", name, more, now);
  }
  return {};
}

/// " Try steps=80 (now 40), restarts=4 (now 1).": more effort of the first member that can have it.
std::string try_more(const Pair& pair) {
  for (const AttackSpec* member : pair.members) {
    const std::string steps = raised(*member, {"steps", "queries"}, 2.0);
    const std::string restarts = raised(*member, {"restarts"}, 4.0);
    if (steps.empty() && restarts.empty()) continue;
    return fmt::format(" Try {}{}{} of {}.", steps, steps.empty() || restarts.empty() ? "" : ", ",
                       restarts, member->info->name);
  }
  return " Try another attack.";
}

/// The rows of one pair.
std::span<const reports::record::CurvePoint> rows_of(const SweepResult& result,
                                                     const SweepPlan& plan, std::size_t pair) {
  return std::span(result.curve).subspan(pair * plan.epsilons.size(), plan.epsilons.size());
}

bool is_iterated(const Pair& pair) { return !pair.row_by_row(); }

bool is_minimal(const Pair& pair) {
  return std::ranges::all_of(
      pair.members, [](const AttackSpec* m) { return attacks::info_of(m->info->kind).nearest; });
}

bool sees_gradients(const AttackSpec& spec) {
  return spec.info->access == attacks::Access::kGradients;
}

bool is_untargeted(const Pair& pair) {
  return std::ranges::all_of(
      pair.members, [](const AttackSpec* m) { return m->target.kind == Target::Kind::kNone; });
}

void add_declared(const SweepResult& result, double declared, Sentences& out) {
  const std::uint64_t n = result.curve.front().n;
  const double clean = share(result.clean_correct, n);
  const reports::record::Interval interval = reports::record::wilson95(result.clean_correct, n);
  const bool chance = declared >= interval.low && declared <= interval.high;
  if (chance || std::abs(declared - clean) <= 0.1) return;
  out.push_back(fmt::format(
      "Clean accuracy is {:.1f} % (95 % interval {} %), but the model file declares {:.1f} %: "
      "the input range or normalization may be wrong, or the data differ. Try 'gibbon data "
      "show'.",
      percent(clean), in_percent(interval), percent(declared)));
}

void add_model_signs(const SweepResult& result, const ModelSigns& signs, Sentences& out) {
  const std::uint64_t n = result.curve.front().n;
  if (signs.random) {
    out.push_back(
        "Five passes over the same samples differ by more than 1e-4: the model is randomized, so a "
        "single gradient is unreliable. Try autoattack:version=rand, or apgd-ce with eot=20.");
  }
  if (signs.probabilities) {
    out.push_back(
        "The scores lie in [0, 1] and add up to 1: these look like probabilities, and a second "
        "softmax on top hides gradients. Give the logits as the model's output.");
  }
  if (signs.declared) add_declared(result, *signs.declared, out);
  out.insert(out.end(), signs.doubts.begin(), signs.doubts.end());
  if (signs.zero_gradients > 0) {
    out.push_back(
        fmt::format("{} of {} samples have an exactly zero gradient: gradient attacks cannot work "
                    "there, and their robust accuracy is too high. Try 'gibbon crosscheck', and an "
                    "attack that needs no gradient "
                    "(square, hopskipjump).",
                    signs.zero_gradients, n));
  }
  if (signs.cancelled > 0) {
    out.push_back(
        fmt::format("{} of {} samples lose the true-class term of the plain float32 gradient (p_y "
                    "- 1 rounds to 0). gibbon does not use that term; other tools may count these "
                    "samples as robust.",
                    signs.cancelled, n));
  }
}

/// Candidates that no attack should hand over.
void add_misbehaviour(const SweepResult& result, const SweepPlan& plan, Sentences& out) {
  const std::size_t size = plan.epsilons.size() * result.finished;
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    std::uint64_t outside = 0;
    std::uint64_t nameless = 0;
    for (const auto& r : std::span(result.samples).subspan(p * size, size)) {
      outside += r.inside_ball == 0 || r.inside_box == 0 ? 1U : 0U;
      nameless += r.found_label < 0 ? 1U : 0U;
    }
    const std::string name = fmt::format("{} ({})", result.pairs[p].entry->text,
                                         attacks::to_string(result.pairs[p].norm));
    const AttackSpec& first = *result.pairs[p].members.front();
    const bool is_file = first.info->make == nullptr;  // who loaded it says what is outside
    if (outside > 0 && !is_file) {
      out.push_back(
          fmt::format("{} proposed {} points outside the ball or the valid range; they count as "
                      "not broken. This is a bug of the attack; please report it.",
                      name, outside));
    }
    if (nameless > 0) {
      out.push_back(fmt::format(
          "The model output is not finite for {} candidates of {}; they count as not broken. "
          "Its weights or its normalization overflow; try 'gibbon crosscheck'.",
          nameless, name));
    }
  }
}

void add_carried(const SweepResult& result, Sentences& out) {
  for (const reports::record::CurvePoint& p : result.curve) {
    if (p.carried == 0) continue;
    out.push_back(
        fmt::format("At ε = {2}, {0} ({1}) broke {3} samples fewer than at a smaller ε; these "
                    "count as broken. A larger ε should not break fewer samples: a step of full "
                    "size overshoots. Try an iterated attack.",
                    p.attack, p.norm, p.epsilon, p.carried));
  }
}

/// What of one pair and budget is out, by sample.
std::vector<std::uint8_t> outcomes(const SweepResult& result, const SweepPlan& plan,
                                   std::size_t pair, std::size_t k) {
  const std::size_t n = result.finished;
  const auto row = std::span(result.samples).subspan((pair * plan.epsilons.size() + k) * n, n);
  const bool carried = rows_of(result, plan, pair)[k].carried > 0;
  const bool alone = result.pairs[pair].row_by_row() && !carried;  // the row is that very budget's
  std::vector<std::uint8_t> right;
  for (const reports::record::SampleRecord& r : row) {
    const bool broken = alone ? r.fooled != 0 || r.clean_label != r.label : r.broken != 0;
    right.push_back(broken ? 0 : 1);
  }
  return right;
}

/// Where the weak of two attacks leaves fewer samples than the strong one.
struct Gap {
  std::size_t k = 0;  ///< budget
  reports::gate::Paired paired;
};

/// The widest gap that is wider than `least` of all samples and more than chance: by the samples
/// that only one of both breaks.
std::optional<Gap> widest_gap(const SweepResult& result, const SweepPlan& plan, std::size_t weak,
                              std::size_t strong, double least) {
  std::optional<Gap> widest;
  for (std::size_t k = 0; k < plan.epsilons.size(); ++k) {
    if (plan.epsilons[k] == 0.0) continue;
    const auto left_by_strong = rows_of(result, plan, strong)[k].correct;
    if (rows_of(result, plan, weak)[k].correct >= left_by_strong) continue;
    const auto paired = reports::gate::count_paired(outcomes(result, plan, strong, k),
                                                    outcomes(result, plan, weak, k));
    if (paired.drop() <= least || (widest && paired.drop() <= widest->paired.drop())) continue;
    if (reports::gate::mcnemar_p(paired) <= kLevel) widest = {k, paired};
  }
  return widest;
}

/// What it means when the weak of two attacks leaves fewer samples than the strong one.
struct Oddity {
  double least;           ///< share of all samples from which on it is worth a sentence
  std::string_view text;  ///< with {strong} {left} {weak} {weak_left} {gap} {norm} {epsilon} {more}
};

/// Nullopt: nothing odd about it.
std::optional<Oddity> oddity_of(const Pair& weak, const Pair& strong) {
  const bool strong_sees =
      std::ranges::any_of(strong.members, [](auto* m) { return sees_gradients(*m); });
  if (weak.is_control()) {
    return Oddity{
        0.0,
        "At ε = {epsilon} ({norm}), {left} samples are robust to {strong}, but only {weak_left} to "
        "{weak}{gap}. Noise did better than an attack: its gradients may be masked or "
        "zero. Try another attack and 'gibbon crosscheck'."};
  }
  if (!is_untargeted(weak) || !is_iterated(strong) || !strong_sees) return std::nullopt;
  if (!is_iterated(weak)) {
    return Oddity{
        kNoteworthy,
        "At ε = {epsilon} ({norm}), {left} samples are robust to {strong}, but only {weak_left} to "
        "the single step {weak}{gap}. An iterated attack should not do worse: its "
        "step may be too small or its gradients misleading.{more}"};
  }
  if (weak.members.front()->info->access == attacks::Access::kNone) {
    return Oddity{
        kNoteworthy,
        "At ε = {epsilon} ({norm}), {left} samples are robust to {strong}, but only {weak_left} to "
        "the stored examples {weak}{gap}. Surrogate examples beat direct ones: the "
        "gradients may be masked. Do not trust the gradient attacks alone; try "
        "autoattack."};
  }
  if (std::ranges::none_of(weak.members, [](auto* m) { return sees_gradients(*m); })) {
    return Oddity{
        kNoteworthy,
        "At ε = {epsilon} ({norm}), {left} samples are robust to {strong}, but only {weak_left} to "
        "{weak}, which sees no gradient{gap}. Queries found what gradients missed: "
        "the gradients may be masked. Do not trust the gradient attacks alone; try "
        "autoattack."};
  }
  if (is_minimal(weak) && !is_minimal(strong) && !strong.entry->ensemble) {
    return Oddity{
        kNoteworthy,
        "At ε = {epsilon} ({norm}), {left} samples are robust to {strong}, but only {weak_left} to "
        "{weak}{gap}. Two attacks disagree; the worst case counts both.{more}"};
  }
  return std::nullopt;
}

/// Weak attacks that do better than strong ones, each where it shows most.
void add_upside_down(const SweepResult& result, const SweepPlan& plan, Sentences& out) {
  for (std::size_t s = 0; s < result.pairs.size(); ++s) {
    const Pair& strong = result.pairs[s];
    if (strong.is_control() || !is_untargeted(strong)) continue;
    for (std::size_t w = 0; w < result.pairs.size(); ++w) {
      if (w == s || result.pairs[w].norm != strong.norm) continue;
      const std::optional<Oddity> odd = oddity_of(result.pairs[w], strong);
      if (!odd) continue;
      const std::optional<Gap> gap = widest_gap(result, plan, w, s, odd->least);
      if (!gap) continue;
      const reports::record::CurvePoint& strong_point = rows_of(result, plan, s)[gap->k];
      const reports::record::CurvePoint& weak_point = rows_of(result, plan, w)[gap->k];
      const std::string by = fmt::format(
          " ({} samples broken only by the latter, {} only by the former; 95 % interval of the "
          "difference "
          "{} points)",
          gap->paired.lost, gap->paired.gained,
          in_percent(reports::gate::drop_interval(gap->paired)));
      out.push_back(
          fmt::format(fmt::runtime(odd->text), fmt::arg("strong", strong_point.attack),
                      fmt::arg("left", strong_point.correct), fmt::arg("weak", weak_point.attack),
                      fmt::arg("weak_left", weak_point.correct), fmt::arg("gap", by),
                      fmt::arg("norm", weak_point.norm), fmt::arg("epsilon", weak_point.epsilon),
                      fmt::arg("more", try_more(strong))));
    }
  }
}

/// Samples that a member of a pair broke at some budget.
std::uint64_t broken_by(const SweepResult& result, std::size_t pair, std::size_t member) {
  const std::size_t budgets = result.samples.size() / (result.pairs.size() * result.finished);
  const auto of_pair = std::span(result.samples)
                           .subspan(pair * budgets * result.finished, budgets * result.finished);
  std::vector<char> broken(result.finished, 0);
  for (std::size_t k = 0; k < of_pair.size(); ++k) {
    if (of_pair[k].member == static_cast<int>(member)) broken[k % result.finished] = 1;
  }
  return static_cast<std::uint64_t>(std::ranges::count(broken, char{1}));
}

/// Inside an ensemble: samples that only an attack without gradients broke.
void add_black_box(const SweepResult& result, Sentences& out) {
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    const Pair& pair = result.pairs[p];
    bool gradients_before = false;
    for (std::size_t m = 0; m < pair.members.size(); ++m) {
      if (sees_gradients(*pair.members[m])) {
        gradients_before = true;
        continue;
      }
      const std::uint64_t broken = broken_by(result, p, m);
      const reports::record::Interval interval = exact95(broken, result.finished);
      if (!gradients_before || interval.low <= kNoteworthy) continue;
      out.push_back(
          fmt::format("In {} ({}), {} broke {} of {} samples (95 % interval {} %) that survived "
                      "every gradient attack before it. Queries found what gradients missed: the "
                      "gradients may be masked. Inspect the model before you trust the figure.",
                      pair.entry->text, attacks::to_string(pair.norm), pair.members[m]->text,
                      broken, result.finished, in_percent(interval)));
    }
  }
}

/// What an attack says of its own work.
void add_observation(const AttackSpec& spec, const std::string& name,
                     const attacks::Observations& seen, std::size_t n, Sentences& out) {
  constexpr double kManyRise = 0.25;     // of the samples it failed on
  constexpr double kManyRestart = 0.01;  // of all samples
  const auto advice = [](const std::string& option) {
    return option.empty() ? std::string() : fmt::format(" Try {}.", option);
  };
  if (const auto interval = exact95(seen.unconverged, seen.exhausted);
      seen.unconverged > 0 && interval.low > kManyRise) {
    out.push_back(fmt::format(
        "{}: the loss still rose in the last tenth of the iterations on {} of the {} samples that "
        "did not break (95 % interval {} %). The attack has not converged.{}",
        name, seen.unconverged, seen.exhausted, in_percent(interval),
        advice(raised(spec, {"steps", "queries"}, 2.0))));
  }
  if (const auto interval = exact95(std::min<std::uint64_t>(seen.restarts, n), n);
      interval.low > kManyRestart) {
    out.push_back(
        fmt::format("{}: restarts broke {} samples that survived the first start ({} broke at "
                    "once), {} % of all by the 95 % interval. More restarts may help.{}",
                    name, seen.restarts, seen.first_run, in_percent(interval),
                    advice(raised(spec, {"restarts"}, 2.0))));
  }
}

/// One attack may be a member of several entries: it speaks once.
void add_observations(const SweepResult& result, Sentences& out) {
  std::set<std::string> spoken;
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    for (std::size_t m = 0; m < result.pairs[p].members.size(); ++m) {
      const AttackSpec& spec = *result.pairs[p].members[m];
      const std::string name =
          fmt::format("{} ({})", spec.text, attacks::to_string(result.pairs[p].norm));
      if (spoken.contains(name)) continue;
      const std::size_t before = out.size();
      add_observation(spec, name, result.tallies[p][m].seen, result.finished, out);
      if (out.size() > before) spoken.insert(name);
    }
  }
}

/// Targeted attacks do nothing to samples of the class they aim at.
void add_own_targets(const SweepResult& result, const SweepPlan& plan, Sentences& out) {
  const std::size_t size = plan.epsilons.size() * result.finished;
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    const Pair& pair = result.pairs[p];
    const auto row = std::span(result.samples).subspan(p * size, result.finished);
    const auto count =
        std::ranges::count_if(row, [&](const auto& r) { return aims_only_at(pair, r.label); });
    if (count == 0) continue;
    out.push_back(
        fmt::format("{} ({}): the target is the true class of {} of the {} samples; they cannot be "
                    "attacked and count as robust. Leave them out.",
                    pair.entry->text, attacks::to_string(pair.norm), count, row.size()));
  }
}

void add_remarks(const SweepResult& result, const ModelSigns& signs, Sentences& out) {
  for (const Pair& pair : result.pairs) {
    for (const AttackSpec* member : pair.members) {
      std::string remark = member->attack->remark(signs.classes);
      if (!remark.empty() && std::ranges::count(out, remark) == 0) out.push_back(std::move(remark));
    }
  }
}

void add_unlimited_budget(const SweepResult& result, const ModelSigns& signs, Sentences& out) {
  for (const reports::record::CurvePoint& p : result.curve) {
    const NormInfo* norm = known_norm(p.norm);
    if (p.kind != reports::record::RowKind::kAttack || norm == nullptr || !norm->each_value ||
        p.epsilon < 1.0 || p.targeted_n > 0) {
      continue;
    }
    const reports::record::Interval interval = reports::record::wilson95(p.correct, p.n);
    if (interval.low <= 1.0 / static_cast<double>(signs.classes)) continue;
    out.push_back(fmt::format(
        "{} ({}) at ε = {}: robust accuracy is {:.1f} % (95 % interval {} %) although every image "
        "was allowed: the attack is weak, the model is not robust. Try an iterated attack.",
        p.attack, p.norm, p.epsilon, percent(p.accuracy()), in_percent(interval)));
  }
}

void add_wide_intervals(const SweepResult& result, Sentences& out) {
  double widest = 0.0;
  for (const reports::record::CurvePoint& p : result.curve) {
    const auto interval = reports::record::wilson95(p.correct, p.n);
    widest = std::max(widest, interval.high - interval.low);
  }
  if (widest <= 0.1) return;
  out.push_back(
      fmt::format("The widest 95 % interval spans {:.1f} points: n = {} is too small to "
                  "conclude. Try more --samples.",
                  percent(widest), result.curve.front().n));
}

void add_rounding(const SweepResult& result, Sentences& out) {
  const reports::record::CurvePoint* worst = nullptr;
  const auto lost = [](const reports::record::CurvePoint& p) {
    return p.correct_rounded - std::min(p.correct_rounded, p.correct);
  };
  for (const reports::record::CurvePoint& p : result.curve) {
    if (p.has_rounded && p.epsilon > 0.0 && (worst == nullptr || lost(p) > lost(*worst)))
      worst = &p;
  }
  if (worst == nullptr || lost(*worst) == 0) return;
  out.push_back(
      fmt::format("{} adversarial examples of {} ({}) at ε = {} are no longer adversarial as 8-bit "
                  "images. Use the 8-bit column for images on disk, the other one for tensors.",
                  lost(*worst), worst->attack, worst->norm, worst->epsilon));
}

}  // namespace

ModelSigns look_at_model(const models::Classifier& model,
                         const std::map<std::string, std::string>& metadata,
                         const datasets::Dataset& data) {
  constexpr std::size_t kLooked = 64;
  constexpr int kPasses = 5;  // a model that draws one of two answers is caught 15 times of 16
  ModelSigns signs{
      .classes = model.num_classes(), .doubts = doubt_clean_accuracy(model, data), .declared = {}};
  const std::size_t rows = std::min({kLooked, data.size(), model.most_rows()});
  if (rows == 0) return signs;
  models::Tape tape = model.make_tape(rows);
  const Rows x = data.images.view().slice(0, rows);
  const Rows first = model.forward(x, tape);
  const std::vector<float> logits(first.flat().begin(), first.flat().end());
  signs.probabilities = true;
  for (std::size_t n = 0; n < rows; ++n) {
    double sum = 0.0;
    for (const float z : first.row(n)) {
      sum += static_cast<double>(z);
      signs.probabilities = signs.probabilities && z >= 0.0F && z <= 1.0F;
    }
    signs.probabilities = signs.probabilities && std::abs(sum - 1.0) < 1e-4;
  }
  for (int pass = 1; pass < kPasses; ++pass) {
    const Rows again = model.forward(x, tape);
    for (std::size_t k = 0; k < logits.size(); ++k) {
      signs.random = signs.random || std::abs(again.flat()[k] - logits[k]) > 1e-4F;
    }
  }
  const auto declared = metadata.find("gibbon.validation_accuracy");
  if (declared != metadata.end()) {
    const double accuracy = std::strtod(declared->second.c_str(), nullptr);
    if (std::isfinite(accuracy) && accuracy > 0.0) signs.declared = accuracy;
  }
  return signs;
}

Sentences diagnose(const SweepResult& result, const SweepPlan& plan, const ModelSigns& signs) {
  Sentences out;
  if (result.curve.empty()) return out;
  add_model_signs(result, signs, out);
  add_misbehaviour(result, plan, out);
  add_own_targets(result, plan, out);
  add_remarks(result, signs, out);
  add_carried(result, out);
  add_upside_down(result, plan, out);
  add_black_box(result, out);
  add_observations(result, out);
  add_unlimited_budget(result, signs, out);
  add_rounding(result, out);
  add_wide_intervals(result, out);
  return out;
}

}  // namespace gibbon::eval::sweep

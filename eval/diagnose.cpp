#include "eval/diagnose.hpp"

#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

namespace gibbon::eval {
namespace {

using reports::CurvePoint;
using Sentences = std::vector<std::string>;

constexpr double kNoteworthy = 0.002;  // of all samples: 0.2 points

double percent(double fraction) { return 100.0 * fraction; }

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// The rows of one pair.
std::span<const CurvePoint> rows_of(const SweepResult& result, const SweepPlan& plan,
                                    std::size_t pair) {
  return std::span(result.curve).subspan(pair * plan.epsilons.size(), plan.epsilons.size());
}

bool is_iterated(const Pair& pair) { return !pair.row_by_row(); }

bool is_minimal(const Pair& pair) {
  return std::ranges::all_of(pair.members, [](const AttackSpec* m) {
    return m->info->kind == attacks::Kind::kMinimalDistance;
  });
}

bool sees_gradients(const AttackSpec& spec) {
  return spec.info->access == attacks::Access::kGradients;
}

bool is_untargeted(const Pair& pair) {
  return std::ranges::all_of(
      pair.members, [](const AttackSpec* m) { return m->target.kind == Target::Kind::kNone; });
}

void add_model_signs(const SweepResult& result, const ModelSigns& signs, Sentences& out) {
  const std::uint64_t n = result.curve.front().n;
  if (signs.random) {
    out.push_back(
        "Five passes over the same samples differ by more than 1e-4: the model is random, and one "
        "gradient is not its gradient. Try autoattack:version=rand, or apgd-ce with eot=20.");
  }
  if (signs.probabilities) {
    out.push_back(
        "The scores lie in [0, 1] and add up to 1: these look like probabilities, and a second "
        "softmax on top hides gradients. Give the logits as the model's output.");
  }
  if (signs.declared && std::abs(*signs.declared - share(result.clean_correct, n)) > 0.1) {
    out.push_back(fmt::format(
        "Clean accuracy is {:.1f} %, but the model file declares {:.1f} %: input range or "
        "normalisation may be wrong, or these are other data. Try 'gibbon data show'.",
        percent(share(result.clean_correct, n)), percent(*signs.declared)));
  }
  if (signs.zero_gradients > 0) {
    out.push_back(fmt::format(
        "{} of {} samples have an exactly zero gradient: gradient attacks are blind there, and "
        "their figures too high. Try 'gibbon crosscheck', and an attack that needs no gradient "
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
    if (outside > 0) {
      out.push_back(
          fmt::format("{} handed over {} candidates outside ball or box; they count as not broken. "
                      "The attack is at fault; please report it.",
                      name, outside));
    }
    if (nameless > 0) {
      out.push_back(fmt::format(
          "The model answers {} candidates of {} with no finite number; they count as not broken. "
          "Its weights or its normalisation overflow; try 'gibbon crosscheck'.",
          nameless, name));
    }
  }
}

void add_carried(const SweepResult& result, Sentences& out) {
  for (const CurvePoint& p : result.curve) {
    if (p.carried == 0) continue;
    out.push_back(
        fmt::format("{} ({}) at ε = {} left {} more samples standing than at a smaller ε; they are "
                    "carried as broken. More budget should not do less damage: a step of full size "
                    "overshoots. Try an iterated attack.",
                    p.attack, p.norm, p.epsilon, p.carried));
  }
}

/// The budget at which `weak` leaves fewest samples compared with `strong`; null when it never
/// leaves `least` of all samples less.
const CurvePoint* widest_gap(std::span<const CurvePoint> weak, std::span<const CurvePoint> strong,
                             double least, std::size_t& at) {
  double widest = 0.0;
  const CurvePoint* found = nullptr;
  for (std::size_t k = 0; k < weak.size(); ++k) {
    if (weak[k].epsilon == 0.0 || weak[k].correct >= strong[k].correct) continue;
    const double gap = share(strong[k].correct - weak[k].correct, weak[k].n);
    if (gap <= least || gap <= widest) continue;
    widest = gap;
    found = &weak[k];
    at = k;
  }
  return found;
}

/// What it means when the weak of two attacks leaves fewer samples than the strong one.
struct Oddity {
  double least;           ///< share of all samples from which on it is worth a sentence
  std::string_view text;  ///< with {strong} {left} {weak} {weak_left} {fewer} {norm} {epsilon}
};

/// Nullopt: nothing odd about it.
std::optional<Oddity> oddity_of(const Pair& weak, const Pair& strong) {
  const bool strong_sees =
      std::ranges::any_of(strong.members, [](auto* m) { return sees_gradients(*m); });
  if (weak.is_control()) {
    return Oddity{0.0,
                  "{strong} ({norm}) at ε = {epsilon} leaves {left} samples correct, {weak} only "
                  "{weak_left}. Noise did better than an attack: its gradients may be masked or "
                  "zero. Try another attack and 'gibbon crosscheck'."};
  }
  if (!is_untargeted(weak) || !is_iterated(strong) || !strong_sees) return std::nullopt;
  if (!is_iterated(weak)) {
    return Oddity{kNoteworthy,
                  "{strong} ({norm}) at ε = {epsilon} leaves {left} samples correct, the single "
                  "step {weak} only {weak_left}. An iterated attack should not do worse: its step "
                  "may be too small or its gradients misleading. Try more steps, another step size "
                  "or random starts."};
  }
  if (weak.members.front()->info->access == attacks::Access::kNone) {
    return Oddity{kNoteworthy,
                  "{strong} ({norm}) at ε = {epsilon} leaves {left} samples correct, the stored "
                  "examples {weak} only {weak_left}. Surrogate examples beat direct ones: the "
                  "gradients are likely masked. Do not trust the gradient attacks alone; try "
                  "autoattack."};
  }
  if (std::ranges::none_of(weak.members, [](auto* m) { return sees_gradients(*m); })) {
    return Oddity{kNoteworthy,
                  "{strong} ({norm}) at ε = {epsilon} leaves {left} samples correct, {weak}, which "
                  "sees no gradient, only {weak_left}. Queries found what gradients missed: the "
                  "gradients are likely masked. Do not trust the gradient attacks alone; try "
                  "autoattack."};
  }
  if (is_minimal(weak) && !is_minimal(strong) && !strong.entry->ensemble) {
    return Oddity{
        kNoteworthy,
        "{weak} ({norm}) finds examples within ε = {epsilon} for {fewer} samples on which "
        "{strong} failed. Two attacks disagree; the worst case counts both. Try more "
        "steps or restarts of {strong}."};
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
      const auto strong_rows = rows_of(result, plan, s);
      std::size_t k = 0;
      const CurvePoint* p = widest_gap(rows_of(result, plan, w), strong_rows, odd->least, k);
      if (p == nullptr) continue;
      out.push_back(fmt::format(fmt::runtime(odd->text), fmt::arg("strong", strong_rows[k].attack),
                                fmt::arg("left", strong_rows[k].correct),
                                fmt::arg("weak", p->attack), fmt::arg("weak_left", p->correct),
                                fmt::arg("fewer", strong_rows[k].correct - p->correct),
                                fmt::arg("norm", p->norm), fmt::arg("epsilon", p->epsilon)));
    }
  }
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
      const std::uint64_t broken = result.tallies[p][m].broken;
      if (!gradients_before || share(broken, result.finished) <= kNoteworthy) continue;
      out.push_back(fmt::format(
          "In {} ({}), {} broke {} samples that every gradient attack before it had left. Queries "
          "found what gradients missed: the gradients are likely masked. Look at the model before "
          "the figure.",
          pair.entry->text, attacks::to_string(pair.norm), pair.members[m]->text, broken));
    }
  }
}

void add_observations(const SweepResult& result, Sentences& out) {
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    for (std::size_t m = 0; m < result.pairs[p].members.size(); ++m) {
      const attacks::Observations& seen = result.tallies[p][m].seen;
      const std::string name = fmt::format("{} ({})", result.pairs[p].members[m]->text,
                                           attacks::to_string(result.pairs[p].norm));
      if (seen.unconverged > 0 && share(seen.unconverged, seen.exhausted) > 0.25) {
        out.push_back(
            fmt::format("{}: on {} of the {} samples it failed on, the loss still rose in the last "
                        "tenth of its "
                        "steps. It has not converged. Double the steps.",
                        name, seen.unconverged, seen.exhausted));
      }
      if (share(seen.restarts, result.finished) > 0.01) {
        out.push_back(fmt::format(
            "{}: further starts broke {} samples that the first one left ({} broke at once). "
            "Starts matter here. Try more restarts.",
            name, seen.restarts, seen.first_run));
      }
    }
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
  for (const CurvePoint& p : result.curve) {
    if (p.kind != "attack" || p.norm != "linf" || p.epsilon < 1.0 || p.targeted_n > 0) continue;
    if (p.accuracy() <= 1.0 / static_cast<double>(signs.classes)) continue;
    out.push_back(fmt::format(
        "{} (linf) at ε = {} leaves {:.1f} % correct although any image was allowed: the attack is "
        "limited, not the model strong. Try an iterated attack.",
        p.attack, p.epsilon, percent(p.accuracy())));
  }
}

void add_wide_intervals(const SweepResult& result, Sentences& out) {
  double widest = 0.0;
  for (const CurvePoint& p : result.curve) {
    const auto interval = reports::wilson95(p.correct, p.n);
    widest = std::max(widest, interval.high - interval.low);
  }
  if (widest <= 0.1) return;
  out.push_back(
      fmt::format("The widest 95 % interval spans {:.1f} points: n = {} is too small to "
                  "conclude. Try more --samples.",
                  percent(widest), result.curve.front().n));
}

void add_rounding(const SweepResult& result, Sentences& out) {
  const CurvePoint* worst = nullptr;
  const auto lost = [](const CurvePoint& p) {
    return p.correct_rounded - std::min(p.correct_rounded, p.correct);
  };
  for (const CurvePoint& p : result.curve) {
    if (p.has_rounded && p.epsilon > 0.0 && (worst == nullptr || lost(p) > lost(*worst)))
      worst = &p;
  }
  if (worst == nullptr || lost(*worst) == 0) return;
  out.push_back(
      fmt::format("{} examples of {} ({}) at ε = {} vanish when saved as 8-bit images. For images "
                  "on disk use the 8-bit column; for tensors the other.",
                  lost(*worst), worst->attack, worst->norm, worst->epsilon));
}

}  // namespace

ModelSigns look_at_model(const models::Network& network, const models::Classifier& model,
                         const datasets::Dataset& data) {
  constexpr std::size_t kLooked = 64;
  ModelSigns signs{.classes = network.num_classes(), .declared = {}};
  const std::size_t rows = std::min(kLooked, data.size());
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
  for (int pass = 1; pass < 5; ++pass) {
    const Rows again = model.forward(x, tape);
    for (std::size_t k = 0; k < logits.size(); ++k) {
      signs.random = signs.random || std::abs(again.flat()[k] - logits[k]) > 1e-4F;
    }
  }
  const auto declared = network.metadata.find("gibbon.validation_accuracy");
  if (declared != network.metadata.end()) {
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

}  // namespace gibbon::eval

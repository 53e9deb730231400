#include <cmath>
#include <fmt/format.h>

#include "eval/curve.hpp"

// The bench's doubts about its own figures (Carlini et al. 2019, arXiv:1902.06705, section 5): each
// sentence says what was seen, what it may mean and what to try.
namespace gibbon::eval {
namespace {

using reports::CurvePoint;

double percent(double fraction) { return 100.0 * fraction; }

void add_carried(std::span<const CurvePoint> curve, std::vector<std::string>& out) {
  for (const CurvePoint& p : curve) {
    if (p.carried == 0) continue;
    out.push_back(
        fmt::format("{} ({}) at ε = {} left {} more samples standing than at a smaller ε; they are "
                    "carried as broken. "
                    "More budget should not do less damage: a step of full size overshoots. Try an "
                    "iterated attack.",
                    p.attack, p.norm, p.epsilon, p.carried));
  }
}

void add_weaker_than_noise(std::span<const CurvePoint> curve, std::vector<std::string>& out) {
  for (const CurvePoint& attack : curve) {
    if (attack.kind != "attack" || attack.epsilon == 0.0 || attack.targeted_n > 0) continue;
    for (const CurvePoint& noise : curve) {
      if (noise.kind != "control" || noise.norm != attack.norm || noise.epsilon != attack.epsilon ||
          noise.correct >= attack.correct) {
        continue;
      }
      out.push_back(fmt::format(
          "{} ({}) at ε = {} leaves {} samples correct, {} only {}. Noise did better than an "
          "attack: its "
          "gradients may be masked or zero. Try another attack and 'gibbon crosscheck'.",
          attack.attack, attack.norm, attack.epsilon, attack.correct, noise.attack, noise.correct));
    }
  }
}

void add_unlimited_budget(std::span<const CurvePoint> curve, std::size_t classes,
                          std::vector<std::string>& out) {
  for (const CurvePoint& p : curve) {
    if (p.kind != "attack" || p.norm != "linf" || p.epsilon < 1.0) continue;
    if (p.accuracy() <= 1.0 / static_cast<double>(classes)) continue;
    out.push_back(fmt::format(
        "{} (linf) at ε = {} leaves {:.1f} % correct although any image was allowed: the attack is "
        "limited, not the model strong. Try an iterated attack.",
        p.attack, p.epsilon, percent(p.accuracy())));
  }
}

void add_wide_intervals(std::span<const CurvePoint> curve, std::vector<std::string>& out) {
  double widest = 0.0;
  for (const CurvePoint& p : curve) {
    const auto interval = reports::wilson95(p.correct, p.n);
    widest = std::max(widest, interval.high - interval.low);
  }
  if (widest <= 0.1) return;
  out.push_back(
      fmt::format("The widest 95 % interval spans {:.1f} points: n = {} is too small to "
                  "conclude. Try more --samples.",
                  percent(widest), curve.front().n));
}

void add_rounding(std::span<const CurvePoint> curve, std::vector<std::string>& out) {
  const CurvePoint* worst = nullptr;
  const auto lost = [](const CurvePoint& p) {
    return p.correct_rounded - std::min(p.correct_rounded, p.correct);
  };
  for (const CurvePoint& p : curve) {
    if (p.has_rounded && p.epsilon > 0.0 && (worst == nullptr || lost(p) > lost(*worst)))
      worst = &p;
  }
  if (worst == nullptr || lost(*worst) == 0) return;
  out.push_back(
      fmt::format("{} examples of {} ({}) at ε = {} vanish when saved as 8-bit images. For images "
                  "on disk use the "
                  "8-bit column; for tensors the other.",
                  lost(*worst), worst->attack, worst->norm, worst->epsilon));
}

}  // namespace

std::vector<std::string> diagnose(std::span<const CurvePoint> curve,
                                  std::span<const reports::SampleRecord> samples,
                                  std::size_t cancelled, std::size_t classes) {
  std::vector<std::string> out;
  if (curve.empty()) return out;
  if (cancelled > 0) {
    out.push_back(
        fmt::format("{} of {} samples lose the true-class term of the plain float32 gradient (p_y "
                    "- 1 rounds to 0). "
                    "gibbon does not use that term; other tools may count these samples as robust.",
                    cancelled, curve.front().n));
  }
  // The largest budget says most about gradients that are exactly zero.
  for (std::size_t row = 0; row < curve.size(); ++row) {
    const CurvePoint& p = curve[row];
    const bool last = row + 1 == curve.size() || curve[row + 1].attack != p.attack ||
                      curve[row + 1].norm != p.norm;
    if (p.kind != "attack" || !last || p.epsilon == 0.0) continue;
    std::size_t unmoved = 0;
    for (std::size_t k = row * p.n; k < (row + 1) * p.n; ++k) {
      const auto& r = samples[k];
      if (r.clean_label == r.label && r.label != r.target && r.linf == 0.0) ++unmoved;
    }
    if (unmoved == 0) continue;
    out.push_back(fmt::format(
        "{} ({}) could not move {} samples at all: their gradient is exactly zero, and gradient "
        "attacks "
        "are blind there. Try 'gibbon crosscheck', or an attack that needs no gradient.",
        p.attack, p.norm, unmoved));
  }
  add_carried(curve, out);
  add_weaker_than_noise(curve, out);
  add_unlimited_budget(curve, classes, out);
  add_rounding(curve, out);
  add_wide_intervals(curve, out);
  return out;
}

}  // namespace gibbon::eval

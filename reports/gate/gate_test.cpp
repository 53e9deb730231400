// SPDX-License-Identifier: MIT
#include "reports/gate/gate.hpp"

#include <gmock/gmock.h>

#include "reports/gate/gate_cases.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::gate {
namespace {

using record::cases::message_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

using Level = Finding::Level;

const PointResult& point(const GateResult& result, const std::string& name) {
  const auto found = std::ranges::find(result.points, name, &PointResult::name);
  if (found == result.points.end()) throw std::logic_error("no point " + name);
  return *found;
}

/// usual_distance, but `count` samples that stood everywhere break at 0.1.
std::function<double(std::size_t)> dropping(std::size_t count) {
  return [count](std::size_t k) {
    const double usual = cases::usual_distance(k);
    return std::isinf(usual) && k / 100 * 50 + (k % 100 - 50) < count ? 0.1 : usual;
  };
}

TEST(Gate, AnIdenticalRunPasses) {
  const Snapshot run = cases::snapshot({});
  const GateResult result = judge(&run, run, {});
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.verdict(), "PASS");
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.points.size(), 7U);
  for (const PointResult& p : result.points) EXPECT_EQ(p.verdict, Verdict::kUnchanged) << p.name;
}

TEST(Gate, ARealDropIsSeenAndANearMissIsOpen) {
  const Snapshot before = cases::snapshot({.n = 10000});
  const Snapshot worse = cases::snapshot({.n = 10000, .sha256 = "new", .distance = dropping(100)});
  const GateResult result = judge(&before, worse, {});
  EXPECT_EQ(point(result, "clean").verdict, Verdict::kUnchanged);
  EXPECT_EQ(point(result, "pgd linf 0.1").verdict, Verdict::kWorse);
  EXPECT_EQ(point(result, "pgd linf 0.1").paired.lost, 100U);
  EXPECT_EQ(point(result, "noise linf 0.1").verdict, Verdict::kUnchanged);
  EXPECT_EQ(point(result, "noise linf 0.2").verdict, Verdict::kWorse);
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(result.verdict(), HasSubstr("FAIL: pgd linf 0.1 worse, pgd linf 0.2 worse"));
  EXPECT_THAT(result.findings.front().text,
              HasSubstr("80.00 % -> 79.00 %, -1.00 points (95 % interval"));

  // The same drop in a tenth of the samples is no evidence, and the gate says what would be.
  const Snapshot few = cases::snapshot({});
  const Snapshot fewer = cases::snapshot({.sha256 = "new", .distance = dropping(7)});
  const GateResult open = judge(&few, fewer, {});
  EXPECT_EQ(point(open, "pgd linf 0.1").verdict, Verdict::kCannotTell);
  EXPECT_TRUE(open.passed());
  ASSERT_TRUE(point(open, "pgd linf 0.1").needed.has_value());
  EXPECT_GT(*point(open, "pgd linf 0.1").needed, 1000U);
  EXPECT_THAT(open.findings.front().text, HasSubstr("samples would tell"));
  EXPECT_EQ(open.findings.front().level, Level::kWarning);
  EXPECT_FALSE(judge(&few, fewer, {.strict = true}).passed());
}

TEST(Gate, ABetterModelPassesButTheSameModelMayNotImprove) {
  const Snapshot before = cases::snapshot({.n = 10000, .distance = dropping(200)});
  const Snapshot better = cases::snapshot({.n = 10000, .sha256 = "new"});
  const GateResult improved = judge(&before, better, {});
  EXPECT_TRUE(improved.passed());
  EXPECT_EQ(point(improved, "pgd linf 0.1").verdict, Verdict::kBetter);
  EXPECT_EQ(improved.findings.front().level, Level::kNote);

  const Snapshot same = cases::snapshot({.n = 10000});
  const GateResult weaker = judge(&before, same, {});
  EXPECT_FALSE(weaker.passed());
  EXPECT_THAT(weaker.verdict(), HasSubstr("pgd linf 0.1 attack weaker"));
  const GateResult stronger = judge(&same, before, {});
  EXPECT_FALSE(stronger.passed());
  EXPECT_THAT(stronger.findings.front().text, HasSubstr("the attacks became stronger"));
}

/// A run that certifies every `step`-th sample that stands at 0.1.
Snapshot certified(std::size_t step, const std::string& sha256) {
  const cases::Toy toy{.n = 10000, .sha256 = sha256, .distance = cases::usual_distance};
  record::Run run = cases::run_of(toy);
  record::Certificates& proved = run.certificates.emplace_back();
  proved = {.norm = "linf", .level = "level D", .curve = {{.epsilon = 0.1, .n = toy.n}}};
  for (std::size_t k = 0; k < toy.n; ++k) {
    const record::SampleRecord& record = run.records(0)[k];
    const bool holds = toy.distance(k) > 0.1 && k % step == 0;
    proved.samples.push_back(
        {.id = record.id, .label = record.label, .certified = holds ? 0.1 : -1.0});
    proved.curve[0].certified += holds ? 1U : 0U;
  }
  return snapshot_of(run);
}

TEST(Gate, FewerCertifiedFailAndMoreDoNot) {
  const Snapshot before = certified(2, "old");
  const GateResult fewer = judge(&before, certified(4, "new"), {});
  EXPECT_EQ(fewer.verdict(), "FAIL: certified linf 0.1 fewer certified");
  const GateResult less_proved = judge(&before, certified(4, "old"), {});
  EXPECT_THAT(less_proved.findings.front().text, HasSubstr("the proofs became weaker"));
  for (const char* sha256 : {"old", "new"}) {
    const GateResult more = judge(&before, certified(1, sha256), {});
    EXPECT_TRUE(more.passed()) << "a better proof is no weaker attack";
    EXPECT_EQ(point(more, "certified linf 0.1").verdict, Verdict::kBetter);
  }
  const Snapshot without = cases::snapshot({.n = 10000});
  EXPECT_THAT(
      record::cases::message_of<record::Refusal>([&] { return judge(&before, without, {}); }),
      HasSubstr("certificates linf: "));
  EXPECT_TRUE(measure(parse_requirement("certified linf 0.1 >= 0.3"), before).met());
}

TEST(Gate, AWeakerAttackFailsWhateverTheModelDoes) {
  const Snapshot before = cases::snapshot({});
  Snapshot now = cases::snapshot({.sha256 = "new"});
  now.strength = {cases::strength_of(20)};
  const GateResult weaker = judge(&before, now, {});
  EXPECT_FALSE(weaker.passed());
  EXPECT_THAT(weaker.verdict(), HasSubstr("pgd linf 0.04 on the reference network attack weaker"));
  EXPECT_EQ(weaker.strength[0].weaker, 12U);

  now.strength = {cases::strength_of(44)};
  const GateResult stronger = judge(&before, now, {});
  EXPECT_TRUE(stronger.passed());
  EXPECT_EQ(stronger.findings.front().what, "attack stronger");
  EXPECT_EQ(stronger.findings.front().level, Level::kWarning);

  now.strength = {cases::strength_of(30)};
  EXPECT_THAT(judge(&before, now, {}).findings, IsEmpty()) << "two samples are chance";

  now.strength.clear();
  EXPECT_EQ(judge(&before, now, {}).findings.front().what, "not measured");

  now.strength = {cases::strength_of(32)};
  now.strength[0].epsilons = {0.05};
  EXPECT_THAT(record::cases::message_of<record::Refusal>([&] { return judge(&before, now, {}); }),
              HasSubstr("another reference network"));
}

TEST(Gate, DistancesThatGrowShowAWeakerAttack) {
  const Snapshot before = cases::snapshot({});
  Snapshot now = before;
  for (double& d : now.strength[0].nearest) d *= 1.005;
  EXPECT_TRUE(judge(&before, now, {}).passed()) << "rounding of another machine";
  for (double& d : now.strength[0].nearest) d *= 1.02;
  const GateResult result = judge(&before, now, {});
  EXPECT_EQ(result.findings.front().subject, "pgd linf distance on the reference network");
  EXPECT_FALSE(result.passed());
}

TEST(Gate, EveryDifferenceInTheConditionsIsNamedAtOnce) {
  const Snapshot before = cases::snapshot({});
  const auto refusal = [&](const Snapshot& now) {
    return record::cases::message_of<record::Refusal>([&] { return judge(&before, now, {}); });
  };
  EXPECT_THAT(refusal(cases::snapshot({.n = 500, .epsilons = {0.0, 0.1}})),
              AllOf(HasSubstr("sample ids: 100-1099 in the baseline, 100-599 in this run"),
                    HasSubstr("epsilons: [0.0,0.1,0.2] in the baseline, [0.0,0.1] in this run")));
  for (const char* key : {"data sha256", "labels sha256", "attacks", "norms", "seed", "exhaustive",
                          "max-queries", "limits"}) {
    Snapshot now = cases::snapshot({});
    now.conditions[key] = "other";
    EXPECT_THAT(refusal(now), HasSubstr(std::string(key) + ": "));
  }
  record::Run run = cases::run_of({});
  for (record::SampleRecord& r : run.samples)
    if (r.id == 150) r.label = r.clean_label = 2;
  EXPECT_THAT(refusal(snapshot_of(run)), HasSubstr("labels sha256"));
}

TEST(Gate, RequirementsStandAlone) {
  const Snapshot now = cases::snapshot({});
  const auto demand = [&](const std::string& text) {
    return judge(nullptr, now, {.requirements = {parse_requirement(text)}});
  };
  EXPECT_TRUE(demand("clean >= 0.95").passed());
  EXPECT_FALSE(demand("clean >= 0.951").passed());
  EXPECT_EQ(demand("pgd linf 0.2 >= 0.6").verdict(), "FAIL: pgd linf 0.2 >= 0.6 missed");
  EXPECT_THAT(demand("pgd linf 0.2 >= 0.6").findings[0].text,
              HasSubstr("500 of 1,000 = 0.5000 (95 % interval 0.4691-0.5309)"));
  EXPECT_TRUE(demand("worst-case linf 51/255>=.5").passed());
  const auto refusal = [&](const std::string& text) {
    return record::cases::message_of<record::Refusal>([&] { return demand(text); });
  };
  EXPECT_THAT(refusal("pgd linf 0.3 >= 0.1"), HasSubstr("allowed are clean, pgd linf 0.1, pgd"));
  EXPECT_THAT(refusal("clean = 0.9"), HasSubstr("expected '>=' or '>'"));
  EXPECT_THAT(refusal("clean >= 95"), HasSubstr("nor a percentage as 94%"));
  EXPECT_THAT(refusal("clean >= 101%"), HasSubstr("nor a percentage as 94%"));
  EXPECT_THAT(refusal("clean >= nan"), HasSubstr("not a number in [0, 1]"));
  EXPECT_THAT(refusal("pgd linf >= 0.5"), HasSubstr("expected an ε"));
  EXPECT_THAT(refusal("linf 0.1 >= 0.5"), HasSubstr("expected an attack before the ε"));
  EXPECT_THAT(refusal("pgd linf 1/0 >= 0.5"), HasSubstr("expected an ε"));
}

TEST(Gate, RequirementsKnowMoreThanAndPercent) {
  const Snapshot now = cases::snapshot({});
  const auto met = [&](const std::string& text) {
    return measure(parse_requirement(text), now).met();
  };
  EXPECT_TRUE(met("clean >= 95%"));
  EXPECT_TRUE(met("clean >= 95 %"));
  EXPECT_TRUE(met("clean > 94.9%"));
  EXPECT_FALSE(met("clean > 95%"));
  EXPECT_FALSE(met("clean > 0.95"));
  EXPECT_TRUE(met("PGD Linf 0.2 >= 50%"));
  EXPECT_TRUE(met("pgd 0.2 >= 0.5")) << "the run has one norm";
  EXPECT_EQ(parse_requirement("pgd inf 0.2 > 7%").name(), "pgd linf 0.2 > 0.07");
  // Every share is met by itself, whatever its last bit is.
  for (std::uint64_t k = 0; k <= 1000; ++k) {
    RequirementResult exact{
        .requirement = parse_requirement(fmt::format("clean >= {}.{}%", k / 10, k % 10)),
        .n = 1000,
        .correct = k};
    EXPECT_TRUE(exact.met()) << k;
    exact.requirement.bound = Requirement::Bound::kMoreThan;
    EXPECT_FALSE(exact.met()) << k;
  }

  Snapshot two = now;
  for (Point& point : two.points)
    if (point.attack == "noise") {
      point.attack = "pgd";
      point.norm = "l2";
    }
  EXPECT_THAT(message_of<record::Refusal>(
                  [&] { return measure(parse_requirement("pgd 0.2 >= 0.5"), two); }),
              HasSubstr("say which norm: pgd linf 0.2 or pgd l2 0.2"));
  EXPECT_TRUE(measure(parse_requirement("pgd linf 0.2 >= 0.5"), two).met());
}

TEST(Gate, RequirementsCanBeOfAClass) {
  record::Run run = cases::run_of({});
  run.provenance["data"]["classes"] = {"cat", "tench, Tinca tinca", "dog", "4"};
  for (record::SampleRecord& r : run.samples) {
    if (r.id < 300) continue;
    r.clean_label = static_cast<std::int16_t>(r.clean_label == r.label ? 2 : 0);
    r.label = 2;
  }
  const Snapshot now = snapshot_of(run);
  const auto measured = [&](const std::string& text) {
    return measure(parse_requirement(text), now);
  };
  for (const char* name : {"1", "tench", "Tinca tinca"}) {
    const RequirementResult tench = measured(fmt::format("class {}: pgd 0.1 >= 80%", name));
    EXPECT_EQ(tench.n, 200U) << name;
    EXPECT_EQ(tench.correct, 160U);
    EXPECT_TRUE(tench.met());
    EXPECT_EQ(tench.interval.low, record::wilson95(160, 200).low);
  }
  EXPECT_EQ(measured("class DOG: clean > 0.9").correct, 760U);
  EXPECT_EQ(measured("class 2: clean > 0.9").requirement.name(), "class 2: clean > 0.9");
  const auto refusal = [&](const std::string& text) {
    return message_of<record::Refusal>([&] { return measured(text); });
  };
  EXPECT_THAT(refusal("class 3: clean > 0.9"),
              HasSubstr("no sample of class '3'; its classes are tench, Tinca tinca, dog"));
  EXPECT_THAT(refusal("class 3 clean > 0.9"), HasSubstr("expected ':' after the class"));
  EXPECT_THAT(refusal("class : clean > 0.9"), HasSubstr("expected a class before ':'"));
  EXPECT_THAT(refusal("class 1: pgd >= 0.5"), HasSubstr("expected an ε"));
}

TEST(Gate, SpeedIsJudgedByRatioAndOnlyWhereItWasMeasured) {
  const Snapshot before = cases::snapshot({});
  Snapshot now = before;
  now.speed[0].ratio = 1.6;
  EXPECT_TRUE(judge(&before, now, {}).passed()) << "nobody asked";
  EXPECT_TRUE(judge(&before, now, {.max_slowdown = 1.7}).passed());
  EXPECT_EQ(judge(&before, now, {.max_slowdown = 1.5}).verdict(), "FAIL: pgd linf slower");
  now.speed[0].seconds = 0.4;
  const GateResult brief = judge(&before, now, {.max_slowdown = 1.5});
  EXPECT_TRUE(brief.passed());
  EXPECT_EQ(brief.findings[0].what, "too short");
  now.speed.clear();
  EXPECT_THAT(record::cases::message_of<record::Refusal>(
                  [&] { return judge(&before, now, {.max_slowdown = 1.5}); }),
              HasSubstr("--max-slowdown 1.5: this run was not timed"));
}

TEST(Gate, ChangedSamplesAreListed) {
  const Snapshot before = cases::snapshot({.n = 100});
  const Snapshot now = cases::snapshot({.n = 100, .distance = dropping(1)});
  const auto points = compare_points(before, now, {});
  EXPECT_THAT(points[1].lost, testing::ElementsAre(150U));
  EXPECT_THAT(points[1].gained, IsEmpty());
  EXPECT_THAT(points[3].lost, IsEmpty()) << points[3].name;
  EXPECT_THAT(points[4].lost, testing::ElementsAre(150U)) << points[4].name;
  EXPECT_THAT(compare_points(now, before, {})[1].gained, testing::ElementsAre(150U));
}

TEST(Gate, ARowThatRepeatsAnotherCountsOnce) {
  const auto judge_without = [](Snapshot first, Snapshot second) {
    for (Snapshot* snapshot : {&first, &second})
      std::erase_if(snapshot->points,
                    [](const Point& p) { return p.kind == record::RowKind::kWorstCase; });
    return judge(&first, second, {});
  };
  const Snapshot before = cases::snapshot({.n = 10000});
  const Snapshot now = cases::snapshot({.n = 10000, .sha256 = "new", .distance = dropping(60)});
  const GateResult all = judge(&before, now, {});
  const GateResult few = judge_without(before, now);
  EXPECT_EQ(point(all, "worst-case linf 0.1").repeats, "pgd linf 0.1");
  EXPECT_EQ(point(all, "worst-case linf 0.1").verdict, point(all, "pgd linf 0.1").verdict);
  EXPECT_EQ(point(all, "pgd linf 0.1").repeats, "");
  EXPECT_EQ(point(all, "pgd linf 0.1").adjusted, point(few, "pgd linf 0.1").adjusted);
  EXPECT_EQ(all.findings.size(), few.findings.size());

  // A single sample that only another attack breaks makes it a row of its own.
  Snapshot own = now;
  std::ranges::find(own.points, record::RowKind::kWorstCase, &Point::kind)->right[299] = 0;
  EXPECT_EQ(point(judge(&before, own, {}), "worst-case linf 0.1").repeats, "");
}

TEST(Gate, PointsOfOneAttackAreToldTogether) {
  const Snapshot before = cases::snapshot({.n = 10000});
  const Snapshot now = cases::snapshot({.n = 10000, .sha256 = "new", .distance = [](std::size_t k) {
                                          const std::size_t rank = k % 1000;
                                          if (rank == 60) return 0.1;
                                          return rank == 70 ? 0.2 : cases::usual_distance(k);
                                        }});
  const GateResult result = judge(&before, now, {.criteria = {.margin = 0.0}});
  const auto heads = headlines(result);
  ASSERT_EQ(heads.front().subject, "2 of 2 points of pgd linf");
  EXPECT_THAT(heads.front().text, testing::StartsWith("largest at pgd linf 0.2: 50.00 % -> 49.80"));
  EXPECT_EQ(heads.front().samples.substr(0, 35), "newly broken: samples 160, 170, 116");
  EXPECT_EQ(result.findings.front().subject, "pgd linf 0.1") << "each of them is still there";
}

TEST(Gate, AdviceNamesTheCommandsAndSpeaksOfEveryKindOnce) {
  const Snapshot before = cases::snapshot({.n = 10000});
  const Snapshot now = cases::snapshot({.n = 10000, .sha256 = "new", .distance = dropping(100)});
  const std::vector<Advice> worse =
      advice(judge(&before, now, {.places = {.run = "'my run'", .baseline = "b.json"}}));
  ASSERT_EQ(worse.size(), 1U);
  EXPECT_EQ(worse[0].what, "worse");
  EXPECT_EQ(worse[0].steps.front().command, "gibbon compare 'my run' b.json -o changes.html");
  EXPECT_EQ(worse[0].steps.back().command, "gibbon baseline 'my run' -o b.json --force");
  EXPECT_THAT(worse[0].steps[1].text, HasSubstr("sha256 old… in the baseline, new… in this run"));

  Snapshot weaker = before;
  weaker.strength = {cases::strength_of(20)};
  weaker.environment["kernels"] = "avx2";
  const std::vector<Advice> attack = advice(judge(&before, weaker, {}));
  ASSERT_EQ(attack.size(), 1U);
  EXPECT_EQ(attack[0].what, "attack weaker");
  EXPECT_THAT(attack[0].steps[1].text,
              HasSubstr("kernels: \"reference\" in the baseline, \"avx2\" in this run"));

  EXPECT_THAT(advice(judge(&before, before, {})), IsEmpty());
  const Snapshot near = cases::snapshot({.n = 10000, .sha256 = "new", .distance = dropping(35)});
  const std::vector<Advice> open = advice(judge(&before, near, {.strict = true}));
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].what, "cannot tell");
}

TEST(Gate, ComparesWhatBothHave) {
  const Snapshot a = cases::snapshot({});
  const Snapshot b = cases::snapshot({.epsilons = {0.0, 0.2, 0.3}});
  EXPECT_EQ(compare_points(a, b, {}).size(), 4U);
  EXPECT_NO_THROW(require_same_samples(a, b));
  EXPECT_THAT(record::cases::message_of<record::Refusal>([&] {
                require_same_samples(a, cases::snapshot({.n = 10}));
                return 0;
              }),
              HasSubstr("not the same samples: sample ids"));
}

}  // namespace
}  // namespace gibbon::reports::gate

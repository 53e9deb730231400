// SPDX-License-Identifier: MIT
// The elements and attributes that Jenkins, GitLab and their like read, in the order of Ant's
// writer: junit.xsd beside this file.
#include <algorithm>
#include <fmt/format.h>

#include "reports/gate/formats.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

enum class Outcome { kPassed, kFailed, kSkipped };

struct Case {
  std::string group;  ///< the class name: where viewers fold
  std::string name;
  Outcome outcome = Outcome::kPassed;
  std::string what;
  std::string text;
};

/// A case about `subject`, which is the subject of its findings or their group: the gravest
/// decides.
Case case_of(const GateResult& result, const std::string& group, const std::string& subject,
             std::string Finding::*key = &Finding::subject) {
  Case test{.group = group, .name = subject};
  const auto found = std::ranges::find(result.findings, subject, key);
  if (found == result.findings.end()) return test;
  if (found->level == Finding::Level::kFailure) test.outcome = Outcome::kFailed;
  if (found->level == Finding::Level::kWarning) test.outcome = Outcome::kSkipped;
  test.what = found->what;
  test.text = found->samples.empty() ? found->text : found->text + "; " + found->samples;
  return test;
}

std::vector<Case> cases_of(const GateResult& result) {
  std::vector<Case> cases;
  const auto add = [&](const std::string& group, const std::string& subject) {
    cases.push_back(case_of(result, group, subject));
  };
  for (const PointResult& p : result.points) {
    add("points", p.name);
    if (p.repeats.empty()) continue;
    cases.back().outcome = Outcome::kSkipped;
    cases.back().what = "repeats " + p.repeats;
    cases.back().text = "the outcomes of every sample are the same in both runs";
  }
  for (const RequirementResult& r : result.requirements) add("requirements", r.requirement.name());
  std::string entry;
  for (const StrengthResult& r : result.strength) {
    if (r.entry == entry) continue;
    entry = r.entry;
    cases.push_back(case_of(result, "strength", entry, &Finding::group));
  }
  if (result.strength.empty() && !result.points.empty()) add("strength", "attack strength");
  for (const SpeedResult& r : result.speed) {
    add("speed", r.entry);
    if (r.verdict == SpeedResult::Verdict::kTooShort) cases.back().outcome = Outcome::kSkipped;
  }
  return cases;
}

std::string to_xml(const Case& test) {
  const std::string head = fmt::format(R"(    <testcase classname="gibbon.{}" name="{}" time="0")",
                                       test.group, record::escape_html(test.name));
  switch (test.outcome) {
    case Outcome::kPassed: return head + "/>\n";
    case Outcome::kFailed:
      return head + fmt::format(
                        ">\n      <failure type=\"{0}\" message=\"{0}\">{1}</failure>\n    "
                        "</testcase>\n",
                        record::escape_html(test.what), record::escape_html(test.text));
    case Outcome::kSkipped: break;
  }
  return head + fmt::format(">\n      <skipped message=\"{}: {}\"/>\n    </testcase>\n",
                            record::escape_html(test.what), record::escape_html(test.text));
}

}  // namespace

std::string to_junit(const GateResult& result) {
  const std::vector<Case> cases = cases_of(result);
  const std::string counts =
      fmt::format(R"(tests="{}" failures="{}" errors="0" skipped="{}" time="0")", cases.size(),
                  std::ranges::count(cases, Outcome::kFailed, &Case::outcome),
                  std::ranges::count(cases, Outcome::kSkipped, &Case::outcome));
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gibbon check\" {0}>\n"
      "  <testsuite name=\"{1}\" {0}>\n",
      counts, record::escape_html(result.title));
  for (const Case& test : cases) text += to_xml(test);
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace gibbon::reports::gate

// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/gate/gate.hpp"
#include "reports/table/table.hpp"

namespace gibbon::reports::gate {

/// For a terminal: what matters first, then a line per point, then PASS or FAIL.
[[nodiscard]] std::string to_text(const GateResult& result, table::Colour colour);

/// For a job summary: the same as Markdown. Names are escaped.
[[nodiscard]] std::string to_markdown(const GateResult& result);

/// JUnit's XML (junit.xsd): a test case per point, requirement, attack on the reference network and
/// timed entry; "cannot tell" and what could not be judged count as skipped unless they failed.
[[nodiscard]] std::string to_junit(const GateResult& result);

/// GitHub workflow commands, a line per failure and warning: "::error title=…::…".
[[nodiscard]] std::string to_annotations(const GateResult& result);

/// Everything in the result, for other programs: {"schema": 1, "passed": …}.
[[nodiscard]] std::string to_json(const GateResult& result);

/// Two runs side by side, without a verdict on the whole: the points both have.
[[nodiscard]] std::string compare_text(const Snapshot& first, const Snapshot& second,
                                       const Criteria& criteria);
/// Likewise as Markdown.
[[nodiscard]] std::string compare_markdown(const Snapshot& first, const Snapshot& second,
                                           const Criteria& criteria);

}  // namespace gibbon::reports::gate

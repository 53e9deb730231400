// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/gate/gate.hpp"
#include "reports/gate/tables.hpp"
#include "reports/table/table.hpp"

namespace gibbon::reports::gate {

/// For a terminal: failures and warnings, what to do about them, and the whole in one line.
[[nodiscard]] std::string to_text(const GateResult& result, table::Colour colour);

/// What comes after it, or is folded away: the table of points, the rule, requirements, strength
/// and notes.
[[nodiscard]] std::string details_text(const GateResult& result, Rows rows);

/// For a job summary: both as Markdown, the details folded. Names are escaped.
[[nodiscard]] std::string to_markdown(const GateResult& result);

/// JUnit's XML (junit.xsd): a test case per point (attack, norm, ε), requirement, attack on the
/// reference network and timed entry. One that fails does so once: points that repeat another,
/// "cannot tell" and what could not be judged are skipped.
[[nodiscard]] std::string to_junit(const GateResult& result);

/// GitHub workflow commands, a line per failure and warning: "::error title=…::…". At most ten,
/// since GitHub shows no more of a step; the tenth then says how many there are beside.
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

// SPDX-License-Identifier: MIT
// Hundreds of graphs drawn at random: the reader's network against plain loops that follow the
// specification.
#include "models/onnx/random_graphs.hpp"

namespace gibbon::models::onnx {
namespace {

// Both are in double, from the same float32 weights; values stay below some 1e3, sums have up to a
// few thousand terms. Where a perceptron has steps folded into its float32 weights, it says so, and
// differs by their roundings.
TEST(RandomGraphs, AreWhatTheSpecificationSays) {
  constexpr std::uint64_t kGraphs = 400;
  std::map<std::string, int> seen;
  int folded = 0;
  for (std::uint64_t seed = 1; seed <= kGraphs; ++seed) {
    SCOPED_TRACE(seed);
    RandomGraph graph(seed);
    for (const auto& node : graph.model().proto().graph().node()) ++seen[node.op_type()];
    const std::vector<double> x = graph.input();
    const std::vector<double> got = answer(graph.model(), x);
    const bool rounded = !graph.model().read_file().rounded.empty();
    folded += rounded ? 1 : 0;
    const std::vector<double> want = PlainEvaluator(graph.model().proto().graph()).run(x);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t k = 0; k < want.size(); ++k) {
      EXPECT_NEAR(got[k], want[k], (rounded ? 1e-6 : 1e-9) * (1.0 + std::abs(want[k])))
          << "score " << k;
    }
  }
  EXPECT_LT(folded, 40) << "perceptrons among them";
  EXPECT_EQ(seen.size(), 33U) << "operators that are drawn";
  for (const auto& [op, count] : seen) EXPECT_GE(count, 10) << op;
}

}  // namespace
}  // namespace gibbon::models::onnx

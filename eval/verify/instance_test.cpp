// SPDX-License-Identifier: MIT
#include "eval/verify/instance.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "eval/verify/instances.hpp"
#include "eval/verify/verifier.hpp"
#include "eval/verify/vnnlib.hpp"

namespace gibbon::eval::verify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::ThrowsMessage;

/// One input, two outputs: y = (x, 1 - x) behind `activation`.
models::Network seesaw(const std::string& activation = "identity") {
  models::Network network;
  network.layers.push_back(
      {.weight = {2, 1}, .bias = {0.0F, 1.0F}, .activation = models::make_activation(activation)});
  network.layers[0].weight.row(0)[0] = 1.0F;
  network.layers[0].weight.row(1)[0] = -1.0F;
  return network;
}

/// Unsafe: `unsafe`, for x in [0, 0.3].
Property property(const std::string& unsafe, const std::string& box = "") {
  return parse_vnnlib("(declare-const X_0 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)" +
                          (box.empty() ? "(assert (>= X_0 0))(assert (<= X_0 0.3))" : box) +
                          "(assert " + unsafe + ")",
                      "p.vnnlib");
}

Outcome decide(const models::Network& network, const Property& asked, Limits limits = {}) {
  const Verifier verifier(network);
  return verify(network, asked, limits, [&](const Query& query, const Limits& left) {
    return verifier.decide(query, left);
  });
}

/// An engine that always gives this answer.
Outcome with(const Answer& answer, const Property& asked, Limits limits = {}) {
  return verify(seesaw(), asked, limits, [&](const Query&, const Limits&) { return answer; });
}
Answer counterexample(double x) {
  return {.verdict = Verdict::kAttacked, .witness = {x}, .method = "a lie"};
}

TEST(VerifyProperty, KnownAnswersOfASmallNetwork) {
  // y0 >= y1 from x = 0.5 on.
  EXPECT_EQ(decide(seesaw(), property("(>= Y_0 Y_1)")).result, Result::kUnsat);
  const std::string wide = "(assert (>= X_0 0))(assert (<= X_0 0.75))";
  const Outcome sat = decide(seesaw(), property("(>= Y_0 Y_1)", wide));
  ASSERT_EQ(sat.result, Result::kSat);
  EXPECT_GE(sat.inputs[0], 0.5);
  EXPECT_LE(sat.inputs[0], 0.75);
  EXPECT_THAT(sat.outputs, ElementsAre(sat.inputs[0], 1.0 - sat.inputs[0]));
  // The corner 0.5 alone is unsafe: equality counts.
  EXPECT_EQ(decide(seesaw(), property("(>= Y_0 Y_1)", "(assert (>= X_0 0.5))(assert (<= X_0 0.5))"))
                .result,
            Result::kSat);
  // Both half-spaces of a conjunction at once: nowhere, though each holds somewhere.
  EXPECT_EQ(decide(seesaw(), property("(and (>= Y_0 0.7)(>= Y_1 0.7))", wide)).result,
            Result::kUnsat);
  // The second of two boxes.
  const Property boxes = property(
      "(or (and (<= X_0 0.25)(>= X_0 0)(<= X_0 0.25)(>= Y_0 Y_1)) "
      "(and (>= X_0 0.625)(<= X_0 0.75)(>= Y_0 Y_1)))",
      wide);
  const Outcome second = decide(seesaw(), boxes);
  ASSERT_EQ(second.result, Result::kSat);
  EXPECT_GE(second.inputs[0], 0.625);
}

TEST(VerifyProperty, ActivationsBehindTheLastLayerAreHeeded) {
  // relu(x), relu(1 - x) for x in [-3, -1]: y0 = 0 is a tie with its bound, y1 lies in [2, 4].
  const std::string box = "(assert (>= X_0 -3))(assert (<= X_0 -1))";
  EXPECT_EQ(decide(seesaw("relu"), property("(<= Y_0 -1)", box)).result, Result::kUnsat);
  EXPECT_EQ(decide(seesaw("identity"), property("(<= Y_0 -1)", box)).result, Result::kSat);
  EXPECT_EQ(decide(seesaw("relu"), property("(<= Y_0 0)", box)).result, Result::kSat);
  EXPECT_EQ(decide(seesaw("sigmoid"), property("(>= Y_1 0.99)", box)).result, Result::kUnsat);
  EXPECT_EQ(decide(seesaw("sigmoid"), property("(>= Y_1 0.95)", box)).result, Result::kSat);
}

TEST(VerifyProperty, NoEngineIsBelieved) {
  const Property asked = property("(>= Y_0 0.25)");
  EXPECT_EQ(with(counterexample(0.28), asked).result, Result::kSat);
  const Outcome unsafe = with(counterexample(0.1), asked);
  EXPECT_EQ(unsafe.result, Result::kUnknown);
  EXPECT_THAT(unsafe.reason, HasSubstr("does not hold inside the box"));
  EXPECT_THAT(unsafe.inputs, IsEmpty());
  EXPECT_EQ(with(counterexample(std::nan("")), asked).result, Result::kUnknown);
  EXPECT_EQ(with({.verdict = Verdict::kAttacked}, asked).result, Result::kUnknown) << "no witness";
  // Beyond the box: moved to the greatest double that is not above the decimal.
  const Outcome moved = with(counterexample(9.0), asked);
  EXPECT_EQ(moved.result, Result::kSat);
  EXPECT_THAT(moved.inputs, ElementsAre(0.3)) << "as a double 0.3 lies below the decimal";
  // 0.3 itself would be unsafe, the double below it is not: the box as written decides.
  EXPECT_EQ(with(counterexample(std::nextafter(0.3, 1.0)), property("(>= Y_0 0.30000000000000001)"))
                .result,
            Result::kUnknown);
}

TEST(VerifyProperty, InSinglePrecisionAWitnessIsAFloat) {
  const Outcome found =
      with(counterexample(0.3), property("(>= Y_0 0.25)"), {.soundness = Soundness::kFloat32});
  ASSERT_EQ(found.result, Result::kSat);
  EXPECT_EQ(found.inputs[0], static_cast<double>(std::nextafter(0.3F, 0.0F)))
      << "0.3f lies above the decimal";
  // Between two floats there is nothing to show.
  const std::string narrow = "(assert (>= X_0 0.3))(assert (<= X_0 0.30000001))";
  EXPECT_EQ(with(counterexample(0.300000005), property("(>= Y_0 0.25)", narrow),
                 {.soundness = Soundness::kFloat32})
                .result,
            Result::kUnknown);
  EXPECT_EQ(with(counterexample(0.300000005), property("(>= Y_0 0.25)", narrow)).result,
            Result::kSat);
}

TEST(VerifyProperty, WhyThereIsNoVerdict) {
  const Property two = property("(or (and (<= X_0 0.1)(<= Y_0 -1)) (and (>= X_0 0.2)(<= Y_0 -1)))");
  const Answer robust{.verdict = Verdict::kRobust, .method = "crown"};
  EXPECT_EQ(with(robust, two).reason, "proved by crown");
  const auto in_turn = [&](const Answer& first, const Answer& second) {
    std::size_t calls = 0;
    return verify(seesaw(), two, {},
                  [&](const Query&, const Limits&) { return calls++ == 0 ? first : second; });
  };
  const Answer nodes{.reason = Reason::kNodes, .bound = -0.5, .nodes = 7, .open = 3};
  const Answer time{.reason = Reason::kTime};
  EXPECT_EQ(in_turn(nodes, robust).result, Result::kUnknown);
  EXPECT_EQ(in_turn(nodes, robust).nodes, 7U);
  EXPECT_THAT(in_turn(nodes, robust).reason, HasSubstr("least bound -0.5, 3 parts open"));
  EXPECT_EQ(in_turn(robust, time).result, Result::kTimeout);
  EXPECT_EQ(in_turn(nodes, time).result, Result::kTimeout);
  EXPECT_EQ(in_turn(time, nodes).result, Result::kTimeout);
  EXPECT_EQ(in_turn(time, counterexample(0.0)).result, Result::kTimeout) << "it breaks nothing";
  // The time is shared: nothing is left for the second box.
  std::size_t asked = 0;
  const Outcome late = verify(seesaw(), two, {.seconds = 1e-3}, [&](const Query&, const Limits& l) {
    EXPECT_LE(l.seconds, 1e-3);
    ++asked;
    const Deadline whole = Deadline::in(1e-3);
    while (!whole.passed()) continue;
    return robust;
  });
  EXPECT_EQ(late.result, Result::kTimeout);
  EXPECT_LE(asked, 1U);
}

TEST(VerifyProperty, OperatorsBehindTheLogits) {
  models::ModelFile file{.network = seesaw(), .final_op = "Softmax"};
  const Property pairwise = property("(>= Y_0 Y_1)");
  const Property number = property("(>= Y_0 0.5)");
  EXPECT_EQ(network_for(file, "m", pairwise).layers[0].activation.info->name, "identity");
  EXPECT_THAT([&] { static_cast<void>(network_for(file, "m.onnx", number)); },
              ThrowsMessage<Error>(StartsWith("m.onnx: it ends in Softmax, and the property")));
  const std::vector<double> logits{0.0, std::log(3.0)};
  const auto outputs = [&] {
    const models::Network network = network_for(file, "m", pairwise);
    return file_outputs(file, network, logits);
  };
  EXPECT_NEAR(outputs()[1], 0.75, 1e-15);
  file.final_op = "LogSoftmax";
  EXPECT_NEAR(outputs()[1], std::log(0.75), 1e-15);
  file.final_op = "Sigmoid";
  file.network.output = models::Output::kSigmoid;
  EXPECT_NEAR(outputs()[1], 0.75, 1e-15);
  const models::Network with_sigmoid = network_for(file, "m", number);
  EXPECT_EQ(with_sigmoid.layers[0].activation.info->name, "sigmoid");
  EXPECT_EQ(file_outputs(file, with_sigmoid, logits), logits) << "applied already";
  file.final_op = "";
  EXPECT_EQ(outputs(), logits);
}

// A file of one logit is a network of two scores, and one with the channels first numbers its
// inputs otherwise than data sets do; a property means what the file says.
TEST(VerifyProperty, NamesTheInputsAndOutputsOfTheFile) {
  models::ModelFile file{.network = seesaw(), .final_op = "Sigmoid", .one_logit = true};
  models::Dense& last = file.network.layers.back();
  last.weight = Tensor(2, 2);
  last.weight.row(1)[0] = 1.0F;
  last.weight.row(1)[1] = 10.0F;
  last.bias = {0.0F, 3.0F};
  file.network.normalisation = {.shift = {5.0F, 6.0F}, .scale = {7.0F, 8.0F}};
  file.file_order = {1, 0};
  const models::Network network = network_for(file, "m", property("(>= Y_0 0.5)"));
  EXPECT_EQ(network.architecture(), "2-1");
  EXPECT_EQ(network.layers[0].activation.info->name, "sigmoid");
  EXPECT_EQ(network.layers[0].bias, std::vector<float>{3.0F});
  EXPECT_EQ(network.layers[0].weight.row(0)[0], 10.0F);
  EXPECT_EQ(network.layers[0].weight.row(0)[1], 1.0F);
  EXPECT_EQ(network.normalisation.shift, (std::vector<float>{6.0F, 5.0F}));
  EXPECT_EQ(network.normalisation.scale, (std::vector<float>{8.0F, 7.0F}));
  EXPECT_EQ(file_outputs(file, network, std::vector<double>{0.25}), std::vector<double>{0.25});
}

TEST(VerifyProperty, TheTextOfAResultsFile) {
  EXPECT_EQ(to_results({.result = Result::kUnsat}), "unsat\n");
  EXPECT_EQ(to_results({.result = Result::kTimeout}), "timeout\n");
  EXPECT_EQ(to_results({.result = Result::kUnknown}), "unknown\n");
  EXPECT_EQ(to_results({.result = Result::kSat, .inputs = {0.1, -2.0}, .outputs = {1e-7}}),
            "sat\n((X_0 0.10000000000000001)\n (X_1 -2)\n (Y_0 9.9999999999999995e-08))\n");
}

TEST(Instances, ListsOfTheCompetition) {
  const TemporaryFolder folder;
  const std::filesystem::path list = folder.path() / "instances.csv";
  write_atomically(folder.path() / "b.onnx.gz", "");
  write_atomically(list, "a.onnx,p/q.vnnlib,120\r\n\n b.onnx , r.vnnlib , 0.5\n");
  const std::vector<Instance> read = read_instances(list, std::nullopt);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].network, "a.onnx");
  EXPECT_EQ(read[0].property_path, folder.path() / "p/q.vnnlib");
  EXPECT_EQ(read[0].timeout, 120.0);
  EXPECT_EQ(read[1].network_path, folder.path() / "b.onnx.gz") << "only that is there";
  EXPECT_EQ(read[1].timeout, 0.5);
  EXPECT_EQ(read_instances(list, 3.0)[0].timeout, 3.0);
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_atomically(list, text);
    EXPECT_THAT([&] { static_cast<void>(read_instances(list, std::nullopt)); },
                ThrowsMessage<Error>(HasSubstr(message)));
  };
  refused("", "no instances");
  refused("a,b,1\na.onnx\n", "instances.csv:2: not three columns: 'a.onnx'");
  refused("a,b,1,2", "instances.csv:1: not three columns");
  for (const std::string seconds : {"", "0", "-1", "nan", "inf", "1s", "timeout"}) {
    refused("a,b," + seconds,
            "instances.csv:1: the third column is not a positive number of seconds");
  }
}

TEST(Instances, TablesAndTheirSum) {
  Instance one{.network = "a,b.onnx", .property = "p.vnnlib", .timeout = 2.5};
  const std::vector<InstanceResult> results{
      {.instance = one, .verdict = "sat", .seconds = 0.25, .nodes = 4, .reason = "said \"so\""},
      {.instance = one, .verdict = "error", .seconds = 0.125}};
  EXPECT_EQ(to_csv(results),
            "network,property,timeout,verdict,seconds,nodes,reason\n"
            "\"a,b.onnx\",p.vnnlib,2.5,sat,0.250,4,\"said \"\"so\"\"\"\n"
            "\"a,b.onnx\",p.vnnlib,2.5,error,0.125,0,\n");
  EXPECT_EQ(to_summary(results),
            "2 instances: 0 unsat, 1 sat, 0 timeout, 0 unknown, 1 error; 0.4 s");
}

}  // namespace
}  // namespace gibbon::eval::verify

// SPDX-License-Identifier: MIT
// The standard's own test data, inputs and outputs of every operator, from Debian's
// libonnx-testdata: what is read gives those outputs, and what is not is refused for a reason of a
// short list.
#include <fstream>
#include <map>
#include <set>

#include "base/environment.hpp"
#include "models/onnx/handmade.hpp"
#include "models/onnx/operators.hpp"
#include "models/output.hpp"

namespace gibbon::models::onnx {
namespace {

namespace fs = std::filesystem;
using Proto = ::onnx::TensorProto;

template <class Message>
Message parse(const fs::path& path) {
  Message out;
  std::ifstream in(path, std::ios::binary);
  if (!in || !out.ParseFromIstream(&in)) throw std::runtime_error(path.string());
  return out;
}

/// Numbers of a float32 tensor.
std::vector<double> numbers_of(const Proto& tensor) {
  if (tensor.raw_data().empty()) return {tensor.float_data().begin(), tensor.float_data().end()};
  std::vector<float> floats(tensor.raw_data().size() / sizeof(float));
  std::memcpy(floats.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return {floats.begin(), floats.end()};
}

/// A case as a model of one input: the first of float32, the others are constants.
struct Case {
  Handmade model;
  std::int64_t first_axis = 1;  ///< numbers along the first of several axes
  bool batch = false;           ///< these are samples, each on its own
  std::vector<double> x;
  std::vector<double> y;
  bool softmax = false;  ///< the file's output, else its negative
};

bool knows(const ::onnx::GraphProto& graph) {
  return std::ranges::all_of(graph.node(), [](const ::onnx::NodeProto& node) {
    return node.domain().empty() && find_operator(node.op_type(), kNewestOpset) != nullptr;
  });
}

/// An opset that is read and in which the file's operators are those of its own.
void renew_opset(::onnx::ModelProto& model) {
  auto& imported = *model.mutable_opset_import(0);
  const bool same = std::ranges::all_of(model.graph().node(), [&](const ::onnx::NodeProto& node) {
    const OperatorRule* rule = find_operator(node.op_type(), kOldestOpset);
    return rule != nullptr && rule->since <= imported.version();
  });
  if (imported.version() < kOldestOpset && same) imported.set_version(kOldestOpset);
}

/// False: not one float32 input, or not one float32 output.
bool load(const fs::path& folder, Case& out) {
  out.model.model() = parse<::onnx::ModelProto>(folder / "model.onnx");
  ::onnx::GraphProto& graph = out.model.graph();
  if (!knows(graph) || graph.output_size() != 1) return false;
  renew_opset(out.model.model());
  std::set<std::string> given;
  for (const Proto& tensor : graph.initializer()) given.insert(tensor.name());
  const auto inputs = graph.input();
  graph.clear_input();
  int file = 0;
  for (const ::onnx::ValueInfoProto& input : inputs) {
    if (given.contains(input.name())) continue;
    const fs::path data = folder / "test_data_set_0" / fmt::format("input_{}.pb", file++);
    Proto tensor = parse<Proto>(data);
    if (out.x.empty() && tensor.data_type() == Proto::FLOAT && tensor.dims_size() > 0) {
      *graph.add_input() = input;
      out.x = numbers_of(tensor);
      if (tensor.dims_size() > 1) out.first_axis = tensor.dims(0);
      continue;
    }
    tensor.set_name(input.name());
    *graph.add_initializer() = tensor;
  }
  const Proto y = parse<Proto>(folder / "test_data_set_0" / "output_0.pb");
  if (out.x.empty() || y.data_type() != Proto::FLOAT) return false;
  out.y = numbers_of(y);
  // Samples stay samples, or the first axis is one like the others.
  if (y.dims_size() == 0 || y.dims(0) != out.first_axis) out.first_axis = 1;
  const std::string op = graph.node(graph.node_size() - 1).op_type();
  out.softmax = op == "Softmax" || op == "LogSoftmax";
  if (out.softmax) {  // behind a layer, as it must be
    for (double& v : out.x) v = -v;
    const std::string name = graph.input(0).name();
    graph.mutable_input(0)->set_name("negative");
    out.model.node("Neg", {"negative"}, name);
    graph.mutable_node()->SwapElements(0, graph.node_size() - 1);
    return graph.node_size() == 2;
  }
  std::string last = graph.output(0).name();
  if (out.y.size() > kMaxClasses && out.first_axis == 1) {  // the first thousand scores will do
    out.y.resize(1000);
    out.model.integers("a row", {1, -1});
    out.model.integers("from", {0});
    out.model.integers("to", {1000});
    out.model.integers("along", {1});
    out.model.node("Reshape", {last, "a row"}, "row");
    out.model.node("Slice", {"row", "from", "to", "along"}, "some");
    last = "some";
  }
  out.model.node("Neg", {last}, "negative of the output");  // a last Sigmoid would be taken off
  graph.mutable_output(0)->set_name("negative of the output");
  return true;
}

/// Reads the first axis as an axis of samples.
void make_batch(Case& c) {
  c.batch = true;
  auto& type = *c.model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
  type.mutable_shape()->mutable_dim(0)->set_dim_param("N");
}

void expect_outputs(const Case& c) {
  const std::size_t samples = c.batch ? static_cast<std::size_t>(c.first_axis) : 1;
  const std::size_t size = c.x.size() / samples;
  const std::string final_op = c.model.read_file().final_op;
  std::vector<double> got;
  for (std::size_t n = 0; n < samples; ++n) {
    const auto begin = c.x.begin() + static_cast<std::ptrdiff_t>(n * size);
    std::vector<double> z = answer(c.model, {begin, begin + static_cast<std::ptrdiff_t>(size)});
    if (c.softmax) {
      std::vector<double> p(z.size());
      apply_output_inline<double>(Output::kSoftmax, z, p);
      for (std::size_t k = 0; k < p.size(); ++k)
        z[k] = final_op == "LogSoftmax" ? std::log(p[k]) : p[k];
    } else {
      for (double& v : z) v = -v;
    }
    got.insert(got.end(), z.begin(), z.end());
  }
  ASSERT_EQ(got.size(), c.y.size());
  // The data are float32, and so are the numbers that made them.
  for (std::size_t k = 0; k < got.size(); ++k)
    EXPECT_NEAR(got[k], c.y[k], 2e-5 * (1.0 + std::abs(c.y[k]))) << k;
}

/// Empty: it was read, its first axis in one way or the other.
std::string refusal(Case& c) {
  try {
    static_cast<void>(c.model.read_file());
    return {};
  } catch (const Error& error) {
    if (c.batch || c.first_axis == 1) return error.what();
    make_batch(c);
    return refusal(c);
  }
}

/// What a refusal may say: what pictures and classifiers do not need.
const std::vector<std::string>& reasons() {
  static const std::vector<std::string> all{
      "1024",  // classes
      "dimensions; allowed are samples × features, or samples × channels × rows × columns",
      "it takes batches of",
      "it imports opset 6",
      "the network has no layer",
      "is supported for constants alone",
      "it takes the mean over other axes than rows and columns",
      "it expects samples × channels × rows × columns",
      "is not over the",
      "is not supported",
      "allowed are whole factors from 1 on",
      "dimensions; allowed are 2",
      "a flat input, in an order that data sets do not have",
      "shape mismatch: a constant of shape",
      "transA = 1 expects a column",
      "training_mode = 1",
      "nothing is left of",
      "its exponent",
      "its data type is",
  };
  return all;
}

TEST(Conformance, WithTheStandardsTestData) {
  const std::string given = environment("GIBBON_ONNX_TESTDATA");
  const fs::path root = given.empty() ? "/usr/share/libonnx-testdata/data" : given;
  if (!fs::exists(root / "node")) GTEST_SKIP() << "install libonnx-testdata";
  std::map<std::string, int> compared;  // nodes of each operator
  int cases = 0;
  std::set<std::string> used;  // of the reasons
  for (const std::string part : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    for (const fs::directory_entry& folder : fs::directory_iterator(root / part)) {
      Case c;
      SCOPED_TRACE(folder.path().filename().string());
      try {
        if (!load(folder.path(), c)) continue;
      } catch (const std::runtime_error&) {
        continue;  // sequences, optional values
      }
      if (const std::string why = refusal(c); !why.empty()) {
        const auto found = std::ranges::find_if(
            reasons(), [&](const std::string& reason) { return why.find(reason) != why.npos; });
        EXPECT_NE(found, reasons().end()) << why;
        if (found != reasons().end()) used.insert(*found);
        continue;
      }
      expect_outputs(c);
      ++cases;
      for (const auto& node : c.model.graph().node()) ++compared[node.op_type()];
    }
  }
  EXPECT_GE(cases, 170);
  EXPECT_GE(compared.size(), 43U) << "operators";
  EXPECT_EQ(used.size(), reasons().size()) << "a reason that nothing has any more";
}

}  // namespace
}  // namespace gibbon::models::onnx

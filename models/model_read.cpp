// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <onnx/onnx_pb.h>
#include <unordered_map>
#include <unordered_set>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "base/sha256.hpp"
#include "models/model_file.hpp"
#include "models/onnx/affine_chain.hpp"
#include "models/onnx/constant.hpp"
#include "models/onnx/external.hpp"
#include "models/onnx/flow.hpp"
#include "models/onnx/graph_reader.hpp"
#include "models/onnx/input_shape.hpp"
#include "models/onnx/node_reader.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/proto.hpp"
#include "models/onnx/scale_input.hpp"
#include "models/onnx/scores.hpp"
#include "models/onnx/spelt.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models {
namespace {

/// Follows the one chain of nodes from the input to the output, building the network on the way.
class ChainReader : private onnx::NodeReader {
 public:
  ChainReader(const ::onnx::ModelProto& model, const std::string& file, onnx::Budget& budget,
              onnx::Ending ending, onnx::Flow::Batch batch)
      : NodeReader(model, file, budget), chain_(budget), ending_(ending), batch_(batch) {}

  /// Throws an onnx::NotAChain or onnx::MixesSamples where the file may be read in another way.

  ModelFile read() {
    const ::onnx::GraphProto& graph = model_.graph();
    open();
    at_file([&] { find_input(graph); });
    spelt_ = onnx::spelt_activations(graph, budget_);
    for (const ::onnx::NodeProto& node : graph.node()) {
      reading_deadline.check_time();
      try {
        onnx::check_node(node, opset_);
        name_outputs(node);
        take(node);
      } catch (const onnx::NotAChain&) {
        throw;
      } catch (const onnx::MixesSamples& error) {
        throw onnx::MixesSamples(fmt::format("{}: {}: {}", file_, name_of(node), error.what()));
      } catch (const onnx::Misfit& error) {
        fail_input("{}: {}: {}", file_, name_of(node), error.what());
      }
      if (chain_.take_rounded()) out_.rounded.push_back(name_of(node));
    }
    at_file([&] { finish(graph); });
    return std::move(out_);
  }

 private:
  void find_input(const ::onnx::GraphProto& graph) {
    for (const ::onnx::ValueInfoProto& input : graph.input()) {
      if (constants_.contains(input.name())) continue;  // IR 3 lists initialisers as inputs, too
      if (!current_.empty()) {
        onnx::misfit("two inputs, '{}' and '{}'; allowed is one", onnx::shown(current_),
                     onnx::shown(input.name()));
      }
      if (input.name().empty()) onnx::misfit("its input has no name");
      current_ = input.name();
      names_.insert(current_);
      try {
        flow_ = onnx::Flow(onnx::shape_of_input(graph, input), batch_, budget_);
        out_.bytes = onnx::takes_bytes(input);
      } catch (const onnx::Misfit& error) {
        onnx::misfit("input '{}': {}", onnx::shown(current_), error.what());
      }
    }
    if (current_.empty()) onnx::misfit("it has no input; allowed is one");
    if (!flow_.in_order()) out_.file_order = flow_.order();
    if (out_.bytes) chain_.multiply(std::vector<double>(flow_.width(), 255.0));
    seen_[current_] = flow_.dims();
  }

  /// The constant among a node's two inputs; the other one must be the chain.
  const onnx::Constant& partner(const ::onnx::NodeProto& node) {
    if (node.input_size() == 2) {
      for (int k = 0; k < 2; ++k) {
        const onnx::Constant* other = constant(node.input(1 - k));
        if (node.input(k) == current_ && other != nullptr) {
          return weights(node, other, "its other input");
        }
      }
    }
    not_a_chain();
  }

  void take(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (fold_node(node)) return;
    if (const auto spelt = spelt_.find(node.output(0)); spelt != spelt_.end()) {
      return part_of_activation(node, spelt->second);
    }
    if (op == "Shape" && seen_.contains(node.input(0))) {
      constants_[node.output(0)] = shape_constant(node, seen_[node.input(0)]);
      return;
    }
    const bool either = op == "MatMul" || is_elementwise(op);
    if (node.input(0) != current_ && !(either && node.input(1) == current_)) not_a_chain();
    if (ended_) {
      tail(node);
    } else if (op == "Gemm") {
      gemm(node);
    } else if (op == "MatMul") {
      matmul(node);
    } else if (is_elementwise(op)) {
      elementwise(node, op);
    } else if (op == "BatchNormalization") {
      batch_normalization(node);
    } else if (op == "Softmax" || op == "LogSoftmax") {
      softmax(node);
    } else if (op == "ArgMax") {
      arg_max(node);
    } else if (op == "Transpose") {
      budget_.take({onnx::element_count(flow_.dims()), 2 * sizeof(std::size_t)});
      flow_.transpose(axes_of(node, flow_.dims().size()));
    } else if (is_shape(op)) {
      flow_.set_dims(new_dims(node, flow_.dims()));
    } else {
      activation(node);
    }
    current_ = node.output(0);
    seen_[current_] = flow_.dims();
  }

  /// Of an activation that the file spells out, the last node stands for all.
  void part_of_activation(const ::onnx::NodeProto& node, const onnx::Spelt& spelt) {
    if (spelt.from != current_ || ended_ || !chain_.open()) not_a_chain();
    if (node.output(0) != spelt.output) return;
    chain_.activate(make_activation(spelt.activation));
    // Its constants are float32 numbers, and √2 is none.
    if (spelt.activation == "gelu") out_.rounded.push_back(name_of(node));
    current_ = node.output(0);
    seen_[current_] = flow_.dims();
  }

  [[noreturn]] static void not_a_chain() { throw onnx::NotAChain("it is no chain of layers"); }

  /// Behind the scores only what changes none of them, and the class that they say.
  void tail(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    const bool moves = is_shape(op) && op != "Transpose";
    if (op == "ArgMax" && !label_) {
      arg_max(node);
    } else if (moves && !label_) {
      flow_.set_dims(new_dims(node, flow_.dims()));
    } else if (!moves) {
      onnx::misfit("it comes after the final {}; export the model without it", out_.final_op);
    }
  }

  void arg_max(const ::onnx::NodeProto& node) {
    require_over_classes(node, 0, true);
    require_first_of_equals(node);
    ended_ = label_ = true;
    if (out_.final_op.empty()) out_.final_op = "ArgMax";
  }

  enum class Stored { kInputsFirst, kOutputsFirst };

  /// Appends the layer with this weight; its columns take the features in the order they are in.
  void add_layer(const onnx::Constant& w, Stored stored) {
    if (w.dims.size() != 2) {
      onnx::misfit("its weight has {} dimensions; allowed are 2", w.dims.size());
    }
    const bool turned = stored == Stored::kOutputsFirst;
    const std::size_t outputs = turned ? w.dims[0] : w.dims[1];
    const std::size_t inputs = turned ? w.dims[1] : w.dims[0];
    if (flow_.width() != inputs) {
      onnx::misfit("shape mismatch: its weight is {} × {} and takes {} inputs, but {} arrive",
                   w.dims[0], w.dims[1], inputs, flow_.width());
    }
    Tensor& weight = chain_.product(outputs, inputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) {
        weight.row(o)[flow_.order()[i]] = w.values[turned ? o * inputs + i : i * outputs + o];
      }
    }
  }

  void gemm(const ::onnx::NodeProto& node) {
    const onnx::Constant& w = weights(node, 1, "its second input");
    const bool column = onnx::int_attribute(node, "transA", 0) != 0;
    if (column && !(flow_.is_column() && flow_.dims().size() == 2)) {
      onnx::misfit("transA = 1 expects a column, but {} arrives", onnx::to_text(flow_.dims()));
    }
    const bool outputs_first = onnx::int_attribute(node, "transB", 0) != 0;
    add_layer(w, outputs_first ? Stored::kOutputsFirst : Stored::kInputsFirst);
    if (!column && !(flow_.is_row() && flow_.dims().size() <= 2)) {
      onnx::misfit("it expects a row, but {} arrives", onnx::to_text(flow_.dims()));
    }
    const std::size_t outputs = w.dims[outputs_first ? 0 : 1];
    flow_.leave_rows(outputs);
    const double alpha = static_cast<double>(onnx::float_attribute(node, "alpha", 1.0F));
    if (alpha != 1.0) chain_.multiply(std::vector<double>(outputs, alpha));
    if (node.input_size() < 3 || node.input(2).empty()) return;
    const double beta = static_cast<double>(onnx::float_attribute(node, "beta", 1.0F));
    const onnx::Constant& c = weights(node, 2, "its third input");
    if (c.dims.size() > 2)
      onnx::misfit("its third input has {} dimensions; allowed are 2", c.dims.size());
    std::vector<double> terms = spread(c);
    for (double& term : terms) term *= beta;
    chain_.add(terms);
  }

  /// x · W, or W · x where the file keeps x as a column.
  void matmul(const ::onnx::NodeProto& node) {
    const onnx::Constant& w = partner(node);
    if (node.input(0) == current_) {
      add_layer(w, Stored::kInputsFirst);
      if (!flow_.is_row())
        onnx::misfit("it expects a row, but {} arrives", onnx::to_text(flow_.dims()));
      flow_.leave_rows(w.dims[1]);
    } else {
      add_layer(w, Stored::kOutputsFirst);
      if (!flow_.is_column()) {
        onnx::misfit("it expects a column, but {} arrives", onnx::to_text(flow_.dims()));
      }
      flow_.leave_column(w.dims[0]);
    }
  }

  /// A constant as one value per feature.
  [[nodiscard]] std::vector<double> spread(const onnx::Constant& c) {
    budget_.take({flow_.width(), sizeof(std::size_t) + sizeof(double)});
    std::vector<double> out;
    out.reserve(flow_.width());
    for (const std::size_t place : flow_.broadcast(c.dims)) {
      out.push_back(static_cast<double>(c.values[place]));
    }
    return out;
  }

  void elementwise(const ::onnx::NodeProto& node, const std::string& op) {
    const std::vector<double> values = spread(partner(node));
    const bool constant_first = node.input(0) != current_;
    if (op == "Div" && constant_first) {
      onnx::misfit("a constant divided by the chain is not supported");
    }
    if (op == "Div" && std::ranges::count(values, 0.0) > 0) onnx::misfit("it divides by zero");
    if (op == "Mul" && chain_.empty() && std::ranges::count(values, 0.0) > 0) not_a_chain();
    if (op == "Mul") chain_.multiply(values);
    if (op == "Div") chain_.divide(values);
    if (op == "Sub" && constant_first) {  // c - x = -x + c
      chain_.multiply(std::vector<double>(values.size(), -1.0));
    }
    if (op == "Add" || (op == "Sub" && constant_first)) chain_.add(values);
    if (op == "Sub" && !constant_first) chain_.subtract(values);
  }

  /// (x - mean) / sqrt(variance + epsilon) · gamma + beta, per channel: the second axis.
  void batch_normalization(const ::onnx::NodeProto& node) {
    const std::size_t rank = flow_.dims().size();
    if (rank < 2)
      onnx::misfit("it expects samples × channels, but {} arrives", onnx::to_text(flow_.dims()));
    constexpr std::size_t axis = 1;
    onnx::Dims dims(rank - axis, 1);
    dims[0] = flow_.dims()[axis];
    const Affine affine = batch_normalization_of(node, dims[0]);
    if (chain_.empty() && std::ranges::count(affine.factors, 0.0) > 0) not_a_chain();
    budget_.take({flow_.width(), sizeof(std::size_t) + 2 * sizeof(double)});
    std::vector<double> factors;
    std::vector<double> terms;
    for (const std::size_t channel : flow_.broadcast(dims)) {
      factors.push_back(affine.factors[channel]);
      terms.push_back(affine.terms[channel]);
    }
    chain_.multiply(factors);
    chain_.add(terms);
  }

  /// Taken off, so it must be over the classes of one sample and nothing else.
  void softmax(const ::onnx::NodeProto& node) {
    // Up to opset 12 all axes from this one on are one; from 13 on it stands alone.
    const bool alone = opset_ >= 13;
    require_over_classes(node, alone ? -1 : 1, alone);
    out_.network.output = Output::kSoftmax;
    out_.final_op = node.op_type();
    ended_ = true;
  }

  void require_over_classes(const ::onnx::NodeProto& node, std::int64_t usual, bool alone) {
    if (chain_.empty()) onnx::misfit("it comes before the first layer");
    const onnx::Dims& dims = flow_.dims();
    const std::int64_t given = onnx::int_attribute(node, "axis", usual);
    const std::size_t axis = onnx::to_axes({given}, dims.size()).front();
    const auto from = dims.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::size_t over = onnx::element_count({from, alone ? from + 1 : dims.end()});
    if (over != flow_.width() || (axis == 0 && flow_.may_batch())) {
      onnx::misfit(
          "axis = {} of {} in opset {} is not over the {} classes of one sample; allowed is the "
          "axis of the classes alone; export the model without {}, or with the last axis",
          given, onnx::to_text(dims), opset_, flow_.width(), node.op_type());
    }
  }

  void activation(const ::onnx::NodeProto& node) {
    if (!chain_.open() || !is_activation(node)) not_a_chain();
    chain_.activate(activation_of(node));
  }

  void finish(const ::onnx::GraphProto& graph) {
    if (chain_.empty()) onnx::misfit("no Gemm or MatMul: the network has no layer");
    if (graph.output_size() != 1 || graph.output(0).name() != current_) {
      onnx::misfit("the chain of nodes ends in '{}', which is not the one output of the graph",
                   onnx::shown(current_));
    }
    if (!flow_.in_order()) onnx::misfit("the output is transposed: remove the final Transpose");
    Network& network = out_.network;
    Network built = chain_.finish();
    if (chain_.take_rounded()) out_.rounded.emplace_back("the normalisation");
    network.layers = std::move(built.layers);
    network.normalisation = std::move(built.normalisation);
    for (const auto& entry : model_.metadata_props()) {
      network.metadata[printable(entry.key())] = printable(entry.value());
    }
    // A sigmoid on the scores is an output, not a layer: what is attacked are the scores before it.
    Dense& last = network.layers.back();
    const bool sigmoid = last.activation.info->name == "sigmoid";
    if (ending_ == onnx::Ending::kPair && !(sigmoid && network.num_classes() == 1)) {
      onnx::misfit("its outputs 1 - p and p are not those of one logit");
    }
    if (network.output == Output::kIdentity) {
      if (sigmoid) {
        last.activation = make_activation("identity");
        out_.final_op = ending_ == onnx::Ending::kPair ? "Softmax" : "Sigmoid";
      }
      network.output = sigmoid ? Output::kSigmoid : declared_output();
    }
    if (sigmoid && network.num_classes() == 1) make_two_classes(last);
    if (network.num_classes() > kMaxClasses) {
      onnx::misfit("{} classes; allowed are at most {}", network.num_classes(), kMaxClasses);
    }
    network.check();
  }

  /// 0 and z for one logit z: softmax over them gives 1 - σ(z) and σ(z).
  void make_two_classes(Dense& last) {
    Tensor weight(2, last.weight.cols());
    std::ranges::copy(last.weight.row(0), weight.row(1).begin());
    last.weight = std::move(weight);
    last.bias = {0.0F, last.bias[0]};
    out_.network.output = Output::kSoftmax;
    out_.one_logit = ending_ == onnx::Ending::kAsWritten;
  }

  std::unordered_map<std::string, onnx::Spelt> spelt_;  // by the outputs of their nodes
  onnx::AffineChain chain_;
  onnx::Flow flow_;
  onnx::Ending ending_;
  onnx::Flow::Batch batch_;
  std::string current_;                               // output of the last node of the chain
  std::unordered_map<std::string, onnx::Dims> seen_;  // shapes of the chain's values
  bool ended_ = false;                                // its scores were turned into something
  bool label_ = false;                                // into a class
};

}  // namespace

namespace {

/// A perceptron if it is one, in whatever way its first axis is to be read; else a graph.
ModelFile read_either(const ::onnx::ModelProto& model, const std::string& name,
                      const onnx::Budget& budget, onnx::Ending ending) {
  using Batch = onnx::Flow::Batch;
  const auto chain = [&](Batch batch) {
    onnx::Budget own = budget;
    return ChainReader(model, name, own, ending, batch).read();
  };
  try {
    try {
      return chain(Batch::kFirstAxis);
    } catch (const onnx::MixesSamples& error) {
      try {
        return chain(Batch::kNone);
      } catch (const Error&) {
        fail_input("{}", error.what());
      }
    }
  } catch (const onnx::NotAChain&) {
    onnx::Budget own = budget;
    return onnx::read_graph(model, name, own, ending);
  }
}

bool is_script(const std::filesystem::path& path, std::string_view bytes) {
  const std::string ending = path.extension().string();
  return ending == ".pt" || ending == ".pth" || ending == ".ts" || bytes.starts_with("PK\3\4");
}

ModelFile parse(std::string_view bytes, const std::string& name, const InputScaling& scaling,
                const std::filesystem::path* folder) {
  onnx::Budget budget;
  ::onnx::ModelProto model = onnx::parse_proto(bytes, name, budget);
  std::string elsewhere;  // hashes of data in other files
  onnx::Ending ending{};
  try {
    if (folder != nullptr) elsewhere = onnx::load_external(model, *folder, budget);
    if (!scaling.empty()) onnx::scale_input(model, scaling, name);
    ending = onnx::leave_scores(model);
  } catch (const onnx::Misfit& error) {
    fail_input("{}: {}", name, error.what());
  }
  ModelFile out = read_either(model, name, budget, ending);
  out.sha256 = sha256_hex(bytes);
  if (!elsewhere.empty()) out.sha256 = sha256_hex(out.sha256 + elsewhere);
  if (!scaling.empty()) out.sha256 = sha256_hex(out.sha256 + scaling.text());
  return out;
}

}  // namespace

ModelFile parse_model(std::string_view bytes, const std::string& name,
                      const InputScaling& scaling) {
  return parse(bytes, name, scaling, nullptr);
}

ModelFile read_model(const std::filesystem::path& path, const InputScaling& scaling) {
  const std::filesystem::path folder = path.parent_path();
  std::string bytes = read_file(path);
  if (is_script(path, bytes)) {
    if (!scaling.empty()) {
      fail_usage(
          "{}: --mean, --std and --input-range are for ONNX files; put the normalisation into the "
          "module and export it again",
          path.string());
    }
    ModelFile out{.sha256 = sha256_hex(bytes)};
    out.script = std::make_shared<ScriptFile>(ScriptFile{path.string(), std::move(bytes)});
    return out;
  }
  return parse(bytes, path.string(), scaling, &folder);
}

Network as_written(const ModelFile& file) {
  Network out = file.network;
  if (file.one_logit) {
    Dense& last = out.layers.back();
    Tensor weight(1, last.weight.cols());
    std::ranges::copy(std::as_const(last.weight).row(1), weight.row(0).begin());
    last.weight = std::move(weight);
    last.bias = {last.bias[1]};
    out.output = Output::kSigmoid;
  }
  const auto to_bytes = [](float& v) { v *= 255.0F; };
  if (file.bytes) {
    std::ranges::for_each(out.normalisation.shift, to_bytes);
    std::ranges::for_each(out.normalisation.scale, to_bytes);
  }
  if (file.file_order.empty()) return out;
  const Normalisation n = out.normalisation;
  const Dense first = out.layers.front();
  for (std::size_t k = 0; k < file.file_order.size(); ++k) {
    const std::size_t from = file.file_order[k];
    for (std::size_t o = 0; o < first.weight.rows(); ++o)
      out.layers.front().weight.row(o)[k] = first.weight.row(o)[from];
    if (n.shift.empty()) continue;
    out.normalisation.shift[k] = n.shift[from];
    out.normalisation.scale[k] = n.scale[from];
  }
  return out;
}

}  // namespace gibbon::models

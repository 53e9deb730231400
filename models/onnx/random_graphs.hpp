// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <map>

#include "base/rng.hpp"
#include "models/onnx/handmade.hpp"

// Small graphs drawn at random, and what the ONNX specification says of them in plain loops: it
// shares no code with the reader or the layers. For tests.
namespace gibbon::models::onnx {

/// A tensor as a file has it: samples, channels, rows, columns.
struct Plain {
  std::vector<std::int64_t> dims;
  std::vector<double> values;

  [[nodiscard]] double& at(std::int64_t c, std::int64_t h, std::int64_t w) {
    return values[static_cast<std::size_t>((c * dims[2] + h) * dims[3] + w)];
  }
  [[nodiscard]] double at(std::int64_t c, std::int64_t h, std::int64_t w) const {
    return values[static_cast<std::size_t>((c * dims[2] + h) * dims[3] + w)];
  }
};

inline Plain plain_of(const std::vector<std::int64_t>& dims) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return {dims, std::vector<double>(static_cast<std::size_t>(count))};
}

/// Evaluates the nodes of a file one after another.
class PlainEvaluator {
 public:
  explicit PlainEvaluator(const ::onnx::GraphProto& graph) : graph_(graph) {}

  std::vector<double> run(const std::vector<double>& x) {
    const auto& input = graph_.input(0);
    Plain first;
    for (const auto& dim : input.type().tensor_type().shape().dim())
      first.dims.push_back(dim.has_dim_value() ? dim.dim_value() : 1);
    first.values = x;
    values_[input.name()] = first;
    for (const auto& tensor : graph_.initializer()) {
      Plain weight{{tensor.dims().begin(), tensor.dims().end()}, {}};
      for (const float v : tensor.float_data()) weight.values.push_back(static_cast<double>(v));
      for (const std::int64_t v : tensor.int64_data())
        weight.values.push_back(static_cast<double>(v));
      values_[tensor.name()] = weight;
    }
    for (const ::onnx::NodeProto& node : graph_.node()) values_[node.output(0)] = evaluate(node);
    return values_.at(graph_.output(0).name()).values;
  }

 private:
  using Node = ::onnx::NodeProto;

  static const ::onnx::AttributeProto* find(const Node& node, const std::string& name) {
    for (const auto& a : node.attribute())
      if (a.name() == name) return &a;
    return nullptr;
  }
  static std::vector<std::int64_t> ints(const Node& node, const std::string& name,
                                        std::vector<std::int64_t> usual) {
    const auto* a = find(node, name);
    if (a == nullptr) return usual;
    return {a->ints().begin(), a->ints().end()};
  }
  static std::int64_t whole(const Node& node, const std::string& name, std::int64_t usual) {
    const auto* a = find(node, name);
    return a == nullptr ? usual : a->i();
  }
  static double real(const Node& node, const std::string& name, float usual) {
    const auto* a = find(node, name);
    return static_cast<double>(a == nullptr ? usual : a->f());
  }

  [[nodiscard]] const Plain& in(const Node& node, int k) const { return values_.at(node.input(k)); }

  Plain evaluate(const Node& node) {
    const std::string& op = node.op_type();
    const Plain& x = in(node, 0);
    if (op == "Conv" || op == "MaxPool" || op == "AveragePool") return window(node);
    if (op == "GlobalAveragePool") {
      Plain y = plain_of({1, x.dims[1], 1, 1});
      for (std::int64_t c = 0; c < x.dims[1]; ++c) {
        for (std::int64_t p = 0; p < x.dims[2] * x.dims[3]; ++p)
          y.at(c, 0, 0) += x.at(c, p / x.dims[3], p % x.dims[3]);
        y.at(c, 0, 0) /= static_cast<double>(x.dims[2] * x.dims[3]);
      }
      return y;
    }
    if (op == "Add" || op == "Sub" || op == "Mul" || op == "PRelu") return binary(node);
    if (op == "Sum") {
      Plain y = x;
      for (int k = 1; k < node.input_size(); ++k)
        for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += in(node, k).values[i];
      return y;
    }
    if (op == "Concat") return concat(node);
    if (op == "BatchNormalization") {
      Plain y = x;
      const auto channels = static_cast<std::size_t>(x.dims[1]);
      for (std::size_t k = 0; k < y.values.size(); ++k) {
        const std::size_t c = k / (y.values.size() / channels);
        y.values[k] = (x.values[k] - in(node, 3).values[c]) /
                          std::sqrt(in(node, 4).values[c] + real(node, "epsilon", 1e-5F)) *
                          in(node, 1).values[c] +
                      in(node, 2).values[c];
      }
      return y;
    }
    if (op == "Flatten" || op == "Reshape") {
      Plain y = x;
      const auto total = static_cast<std::int64_t>(x.values.size());
      y.dims = {1, total};
      if (op == "Reshape") {
        y.dims.clear();
        std::int64_t known = 1;
        for (const double dim : in(node, 1).values) {
          y.dims.push_back(static_cast<std::int64_t>(dim));
          if (dim > 0) known *= y.dims.back();
        }
        for (std::int64_t& dim : y.dims)
          if (dim < 0) dim = total / known;
      }
      return y;
    }
    if (op == "Gemm" || op == "MatMul") {
      const Plain& w = in(node, 1);
      const bool turned = op == "Gemm" && whole(node, "transB", 0) != 0;
      const std::int64_t outputs = w.dims[turned ? 0 : 1];
      const std::int64_t inputs = w.dims[turned ? 1 : 0];
      Plain y = plain_of({1, outputs});
      for (std::int64_t o = 0; o < outputs; ++o) {
        double& sum = y.values[static_cast<std::size_t>(o)];
        for (std::int64_t i = 0; i < inputs; ++i)
          sum += x.values[static_cast<std::size_t>(i)] *
                 w.values[static_cast<std::size_t>(turned ? o * inputs + i : i * outputs + o)];
        if (op == "Gemm") sum += in(node, 2).values[static_cast<std::size_t>(o)];
      }
      return y;
    }
    if (op == "Transpose") {
      const std::vector<std::int64_t> perm = ints(node, "perm", {});
      Plain y = plain_of({1, x.dims[static_cast<std::size_t>(perm[1])],
                          x.dims[static_cast<std::size_t>(perm[2])],
                          x.dims[static_cast<std::size_t>(perm[3])]});
      for_each(y, [&](std::int64_t c, std::int64_t h, std::int64_t w) {
        std::int64_t from[4]{};
        from[perm[1]] = c;
        from[perm[2]] = h;
        from[perm[3]] = w;
        return x.at(from[1], from[2], from[3]);
      });
      return y;
    }
    if (op == "Pad") {
      const std::vector<double>& pads = in(node, 1).values;
      const auto pad = [&](std::size_t k) { return static_cast<std::int64_t>(pads[k]); };
      Plain y = plain_of({1, x.dims[1] + pad(1) + pad(5), x.dims[2] + pad(2) + pad(6),
                          x.dims[3] + pad(3) + pad(7)});
      const std::string mode = find(node, "mode") == nullptr ? "constant" : find(node, "mode")->s();
      const auto place = [&](std::int64_t k, std::int64_t size) {
        if (mode == "edge") return std::min(std::max<std::int64_t>(k, 0), size - 1);
        if (mode == "reflect") return k < 0 ? -k : k >= size ? 2 * (size - 1) - k : k;
        return k;
      };
      for_each(y, [&](std::int64_t c, std::int64_t h, std::int64_t w) {
        const std::int64_t a = place(c - pad(1), x.dims[1]);
        const std::int64_t b = place(h - pad(2), x.dims[2]);
        const std::int64_t d = place(w - pad(3), x.dims[3]);
        const bool inside =
            a >= 0 && a < x.dims[1] && b >= 0 && b < x.dims[2] && d >= 0 && d < x.dims[3];
        return inside ? x.at(a, b, d) : in(node, 2).values[0];
      });
      return y;
    }
    if (op == "Resize") {
      const std::vector<double>& scales = in(node, 2).values;
      const auto times = [&](std::size_t k) { return static_cast<std::int64_t>(scales[k]); };
      Plain y = plain_of({1, x.dims[1], x.dims[2] * times(2), x.dims[3] * times(3)});
      for_each(y, [&](std::int64_t c, std::int64_t h, std::int64_t w) {
        return x.at(c, h / times(2), w / times(3));
      });
      return y;
    }
    if (op == "Slice") {
      Plain y = x;
      const auto axis = static_cast<std::size_t>(in(node, 3).values[0]);
      const auto start = static_cast<std::int64_t>(in(node, 1).values[0]);
      y.dims[axis] = static_cast<std::int64_t>(in(node, 2).values[0]) - start;
      y = plain_of(y.dims);
      for_each(y, [&](std::int64_t c, std::int64_t h, std::int64_t w) {
        return x.at(c + (axis == 1 ? start : 0), h + (axis == 2 ? start : 0),
                    w + (axis == 3 ? start : 0));
      });
      return y;
    }
    Plain y = x;
    for (double& v : y.values) v = activation(node, v);
    return y;
  }

  template <class Work>
  static void for_each(Plain& y, const Work& work) {
    for (std::int64_t c = 0; c < y.dims[1]; ++c)
      for (std::int64_t h = 0; h < y.dims[2]; ++h)
        for (std::int64_t w = 0; w < y.dims[3]; ++w) y.at(c, h, w) = work(c, h, w);
  }

  double activation(const Node& node, double v) const {
    const std::string& op = node.op_type();
    if (op == "Relu") return v > 0 ? v : 0;
    if (op == "LeakyRelu") return v > 0 ? v : real(node, "alpha", 0.01F) * v;
    if (op == "Elu") return v > 0 ? v : real(node, "alpha", 1.0F) * (std::exp(v) - 1);
    if (op == "Sigmoid") return 1 / (1 + std::exp(-v));
    if (op == "Tanh") return std::tanh(v);
    if (op == "Softplus") return std::log(1 + std::exp(v));
    if (op == "Erf") return std::erf(v);
    if (op == "Neg") return -v;
    if (op == "HardSigmoid")
      return std::fmax(0, std::fmin(1, real(node, "alpha", 0.2F) * v + real(node, "beta", 0.5F)));
    if (op == "HardSwish") return v * std::fmax(0, std::fmin(1, v / 6 + 0.5));
    if (op == "Clip") return std::fmin(std::fmax(v, in(node, 1).values[0]), in(node, 2).values[0]);
    if (op == "Max") return std::fmax(v, in(node, 1).values[0]);
    if (op == "Min") return std::fmin(v, in(node, 1).values[0]);
    if (op == "Pow") return std::pow(v, in(node, 1).values[0]);
    if (op == "Identity") return v;
    throw std::logic_error("PlainEvaluator: " + op);
  }

  /// NumPy's broadcasting of four axes, or of equal shapes.
  Plain binary(const Node& node) {
    const Plain& a = in(node, 0);
    const Plain& b = in(node, 1);
    const auto of = [&](double u, double v) {
      if (node.op_type() == "PRelu") return u > 0 ? u : v * u;
      return node.op_type() == "Add" ? u + v : node.op_type() == "Sub" ? u - v : u * v;
    };
    Plain y = a;
    if (a.dims == b.dims) {
      for (std::size_t k = 0; k < y.values.size(); ++k) y.values[k] = of(a.values[k], b.values[k]);
      return y;
    }
    if (b.values.size() == 1) {
      for (double& v : y.values) v = of(v, b.values[0]);
      return y;
    }
    Plain wide = b;
    while (wide.dims.size() < 4) wide.dims.insert(wide.dims.begin(), 1);
    for_each(y, [&](std::int64_t c, std::int64_t h, std::int64_t w) {
      return of(a.at(c, h, w), wide.at(wide.dims[1] == 1 ? 0 : c, wide.dims[2] == 1 ? 0 : h,
                                       wide.dims[3] == 1 ? 0 : w));
    });
    return y;
  }

  Plain concat(const Node& node) {
    const auto axis = static_cast<std::size_t>(whole(node, "axis", 1));
    std::vector<std::int64_t> dims = in(node, 0).dims;
    dims[axis] = 0;
    for (int k = 0; k < node.input_size(); ++k) dims[axis] += in(node, k).dims[axis];
    Plain y = plain_of(dims);
    if (dims.size() == 2) {
      y.values.clear();
      for (int k = 0; k < node.input_size(); ++k)
        y.values.insert(y.values.end(), in(node, k).values.begin(), in(node, k).values.end());
      return y;
    }
    std::int64_t begin = 0;
    for (int k = 0; k < node.input_size(); ++k) {
      const Plain& x = in(node, k);
      for (std::int64_t c = 0; c < x.dims[1]; ++c)
        for (std::int64_t h = 0; h < x.dims[2]; ++h)
          for (std::int64_t w = 0; w < x.dims[3]; ++w)
            y.at(c + (axis == 1 ? begin : 0), h + (axis == 2 ? begin : 0),
                 w + (axis == 3 ? begin : 0)) = x.at(c, h, w);
      begin += x.dims[axis];
    }
    return y;
  }

  Plain window(const Node& node) {
    const Plain& x = in(node, 0);
    const bool conv = node.op_type() == "Conv";
    const bool max = node.op_type() == "MaxPool";
    const std::vector<std::int64_t> size =
        conv ? std::vector<std::int64_t>{in(node, 1).dims[2], in(node, 1).dims[3]}
             : ints(node, "kernel_shape", {});
    const std::vector<std::int64_t> stride = ints(node, "strides", {1, 1});
    const std::vector<std::int64_t> pads = ints(node, "pads", {0, 0, 0, 0});
    const std::vector<std::int64_t> dilation = ints(node, "dilations", {1, 1});
    const std::int64_t groups = whole(node, "group", 1);
    const auto places = [&](std::size_t k) {
      const std::int64_t reach = (size[k] - 1) * dilation[k] + 1;
      return (x.dims[k + 2] + pads[k] + pads[k + 2] - reach) / stride[k] + 1;
    };
    const std::int64_t outputs = conv ? in(node, 1).dims[0] : x.dims[1];
    Plain y = plain_of({1, outputs, places(0), places(1)});
    for_each(y, [&](std::int64_t o, std::int64_t row, std::int64_t column) {
      double sum =
          conv && node.input_size() > 2 ? in(node, 2).values[static_cast<std::size_t>(o)] : 0;
      double top = -std::numeric_limits<double>::infinity();
      std::int64_t count = 0;
      const std::int64_t each = x.dims[1] / groups;
      const std::int64_t first = conv ? o / (outputs / groups) * each : o;
      for (std::int64_t i = 0; i < size[0]; ++i) {
        for (std::int64_t j = 0; j < size[1]; ++j) {
          const std::int64_t h = row * stride[0] + i * dilation[0] - pads[0];
          const std::int64_t w = column * stride[1] + j * dilation[1] - pads[1];
          const bool inside = h >= 0 && h < x.dims[2] && w >= 0 && w < x.dims[3];
          count += inside || whole(node, "count_include_pad", 0) != 0 ? 1 : 0;
          if (!inside) continue;
          if (!conv) {
            sum += x.at(o, h, w);
            top = std::fmax(top, x.at(o, h, w));
            continue;
          }
          for (std::int64_t c = 0; c < each; ++c) {
            const auto at = static_cast<std::size_t>(((o * each + c) * size[0] + i) * size[1] + j);
            sum += x.at(first + c, h, w) * in(node, 1).values[at];
          }
        }
      }
      return conv ? sum : max ? top : sum / static_cast<double>(count);
    });
    return y;
  }

  const ::onnx::GraphProto& graph_;
  std::map<std::string, Plain> values_;
};

/// Graph number `seed`: up to a dozen operators between an input and a few scores.
class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : rng_(seed, 0, "random-graphs") {
    model_.opset(14);
    dims_["x"] = {1, below(4) + 1, below(6) + 3, below(6) + 3};
    std::vector<std::int64_t> declared = dims_["x"];
    declared[0] = 0;
    model_.input("x", declared);
    open_ = {"x"};
    for (std::int64_t steps = below(9) + 2; steps > 0; --steps) step();
    finish();
  }

  [[nodiscard]] const Handmade& model() const { return model_; }
  [[nodiscard]] std::vector<double> input() {
    const std::vector<std::int64_t>& dims = dims_.at("x");
    return doubles(dims[1] * dims[2] * dims[3]);
  }

 private:
  /// A whole number from 0 to before `most`.
  std::int64_t below(std::int64_t most) {
    return std::min<std::int64_t>(
        most - 1, static_cast<std::int64_t>(rng_.uniform(0.0F, static_cast<float>(most))));
  }
  std::vector<double> doubles(std::int64_t count) {
    std::vector<double> out;
    for (std::int64_t k = 0; k < count; ++k)
      out.push_back(static_cast<double>(rng_.uniform(-1.0F, 1.0F)));
    return out;
  }
  std::string weight(const std::vector<std::int64_t>& dims, float least = -1.0F) {
    Floats values;
    std::int64_t count = 1;
    for (const std::int64_t dim : dims) count *= dim;
    for (std::int64_t k = 0; k < count; ++k) values.push_back(rng_.uniform(least, 1.0F));
    const std::string name = "w" + std::to_string(++number_);
    model_.tensor(name, dims, values);
    return name;
  }
  std::string whole(const std::vector<std::int64_t>& values) {
    const std::string name = "i" + std::to_string(++number_);
    model_.integers(name, values);
    return name;
  }
  ::onnx::NodeProto& node(const std::string& op, const Names& inputs,
                          const std::vector<std::int64_t>& dims) {
    const std::string name = "v" + std::to_string(++number_);
    dims_[name] = dims;
    open_.push_back(name);
    last_ = name;
    return model_.node(op, inputs, name);
  }
  /// A picture that was made before; mostly the last one.
  std::string some() {
    return below(3) > 0
               ? open_.back()
               : open_[static_cast<std::size_t>(below(static_cast<std::int64_t>(open_.size())))];
  }

  void step() {
    const std::string x = some();
    const std::vector<std::int64_t> d = dims_.at(x);
    switch (below(14)) {
      case 0:
      case 1: return conv(x, d);
      case 2: return pool(x, d);
      case 3: return batch_normalization(x, d);
      case 4: return beside(x, d);
      case 5: return join(x, d);
      case 6: return pad(x, d);
      case 7: return slice(x, d);
      case 8: return resize(x, d);
      case 9: return transpose(x, d);
      case 10: return with_constant(x, d);
      case 11:
        node("GlobalAveragePool", {x}, {1, d[1], 1, 1});
        node("Mul", {x, last_}, d);  // a gate for every channel
        return;
      default: return activation(x, d);
    }
  }

  void conv(const std::string& x, const std::vector<std::int64_t>& d) {
    const std::int64_t groups = d[1] % 2 == 0 && below(2) == 0 ? 2 : 1;
    const std::int64_t outputs = groups * (below(3) + 1);
    const std::int64_t height = below(std::min<std::int64_t>(3, d[2])) + 1;
    const std::int64_t width = below(std::min<std::int64_t>(3, d[3])) + 1;
    const std::vector<std::int64_t> stride{below(2) + 1, below(2) + 1};
    const std::vector<std::int64_t> pads{below(2), below(2), below(2), below(2)};
    const std::vector<std::int64_t> dilation{(height - 1) * 2 < d[2] ? below(2) + 1 : 1,
                                             (width - 1) * 2 < d[3] ? below(2) + 1 : 1};
    Names inputs{x, weight({outputs, d[1] / groups, height, width})};
    if (below(2) == 0) inputs.push_back(weight({outputs}));
    const auto places = [&](std::size_t k, std::int64_t size) {
      return (d[k + 2] + pads[k] + pads[k + 2] - (size - 1) * dilation[k] - 1) / stride[k] + 1;
    };
    ::onnx::NodeProto& made =
        node("Conv", inputs, {1, outputs, places(0, height), places(1, width)});
    set_ints(made, "strides", stride);
    set_ints(made, "pads", pads);
    set_ints(made, "dilations", dilation);
    Handmade::attribute(made, "group").set_i(groups);
  }

  void pool(const std::string& x, const std::vector<std::int64_t>& d) {
    const bool max = below(2) == 0;
    const std::vector<std::int64_t> size{below(std::min<std::int64_t>(2, d[2])) + 1,
                                         below(std::min<std::int64_t>(2, d[3])) + 1};
    const std::vector<std::int64_t> stride{below(2) + 1, below(2) + 1};
    const std::vector<std::int64_t> pads{below(size[0]), below(size[1]), below(size[0]),
                                         below(size[1])};
    const auto places = [&](std::size_t k) {
      return (d[k + 2] + pads[k] + pads[k + 2] - size[k]) / stride[k] + 1;
    };
    ::onnx::NodeProto& made =
        node(max ? "MaxPool" : "AveragePool", {x}, {1, d[1], places(0), places(1)});
    set_ints(made, "kernel_shape", size);
    set_ints(made, "strides", stride);
    set_ints(made, "pads", pads);
    if (!max) Handmade::attribute(made, "count_include_pad").set_i(below(2));
  }

  void batch_normalization(const std::string& x, const std::vector<std::int64_t>& d) {
    const std::string scale = weight({d[1]});
    const std::string shift = weight({d[1]});
    const std::string mean = weight({d[1]});
    node("BatchNormalization", {x, scale, shift, mean, weight({d[1]}, 0.1F)}, d);
  }

  /// Another value of the same shape, or one that a convolution of one pixel makes.
  void beside(const std::string& x, const std::vector<std::int64_t>& d) {
    std::string other;
    for (const std::string& name : open_)
      if (name != x && dims_.at(name) == d) other = name;
    if (other.empty()) {
      node("Conv", {x, weight({d[1], d[1], 1, 1})}, d);
      other = last_;
    }
    static const std::vector<std::string> kOps{"Add", "Sub", "Mul", "Sum"};
    node(kOps[static_cast<std::size_t>(below(4))], {x, other}, d);
  }

  void join(const std::string& x, const std::vector<std::int64_t>& d) {
    const std::int64_t axis = below(3) + 1;
    std::string other = x;
    for (const std::string& name : open_) {
      std::vector<std::int64_t> of = dims_.at(name);
      of[static_cast<std::size_t>(axis)] = d[static_cast<std::size_t>(axis)];
      if (of == d) other = name;
    }
    std::vector<std::int64_t> dims = d;
    dims[static_cast<std::size_t>(axis)] += dims_.at(other)[static_cast<std::size_t>(axis)];
    Handmade::attribute(node("Concat", {x, other}, dims), "axis").set_i(axis);
  }

  void pad(const std::string& x, const std::vector<std::int64_t>& d) {
    std::vector<std::int64_t> pads{0, below(2), below(2), below(2),
                                   0, below(2), below(2), below(2)};
    static const std::vector<std::string> kModes{"constant", "edge", "reflect"};
    std::string mode = kModes[static_cast<std::size_t>(below(3))];
    if (d[1] < 2 || d[2] < 2 || d[3] < 2) mode = "constant";
    const std::string given = whole(pads);
    Names inputs{x, given};
    if (mode == "constant") inputs.push_back(weight({}));
    ::onnx::NodeProto& made =
        node("Pad", inputs,
             {1, d[1] + pads[1] + pads[5], d[2] + pads[2] + pads[6], d[3] + pads[3] + pads[7]});
    Handmade::attribute(made, "mode").set_s(mode);
  }

  void slice(const std::string& x, const std::vector<std::int64_t>& d) {
    const std::int64_t axis = below(3) + 1;
    std::vector<std::int64_t> dims = d;
    std::int64_t& size = dims[static_cast<std::size_t>(axis)];
    const std::int64_t start = below(size);
    const std::int64_t end = start + 1 + below(size - start);
    size = end - start;
    const std::string starts = whole({start});
    const std::string ends = whole({end});
    node("Slice", {x, starts, ends, whole({axis})}, dims);
  }

  void resize(const std::string& x, const std::vector<std::int64_t>& d) {
    if (d[2] * d[3] > 100) return activation(x, d);
    const std::int64_t rows = below(2) + 1;
    const std::int64_t columns = below(3) + 1;
    const std::string name = "s" + std::to_string(++number_);
    model_.tensor(name, {4}, {1, 1, static_cast<float>(rows), static_cast<float>(columns)});
    ::onnx::NodeProto& made = node("Resize", {x, "", name}, {1, d[1], d[2] * rows, d[3] * columns});
    if (below(2) == 0) {
      Handmade::attribute(made, "coordinate_transformation_mode").set_s("asymmetric");
      Handmade::attribute(made, "nearest_mode").set_s("floor");
    }
  }

  void transpose(const std::string& x, const std::vector<std::int64_t>& d) {
    if (x == "x") return activation(x, d);  // of the input it says where the channels are
    static const std::vector<std::vector<std::int64_t>> kPerms{
        {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 1, 3, 2}, {0, 2, 1, 3}, {0, 3, 2, 1}};
    const std::vector<std::int64_t>& perm = kPerms[static_cast<std::size_t>(below(5))];
    std::vector<std::int64_t> dims;
    for (const std::int64_t axis : perm) dims.push_back(d[static_cast<std::size_t>(axis)]);
    set_ints(node("Transpose", {x}, dims), "perm", perm);
  }

  void with_constant(const std::string& x, const std::vector<std::int64_t>& d) {
    static const std::vector<std::string> kOps{"Add", "Sub", "Mul", "PRelu"};
    std::vector<std::int64_t> dims;
    switch (below(5)) {
      case 0: break;
      case 1: dims = {d[1], 1, 1}; break;
      case 2: dims = {1, d[1], d[2], d[3]}; break;
      case 3: dims = {d[3]}; break;
      default: dims = {d[2], 1}; break;
    }
    const std::string constant = weight(dims);
    node(kOps[static_cast<std::size_t>(below(4))], {x, constant}, d);
  }

  void activation(const std::string& x, const std::vector<std::int64_t>& d) {
    static const std::vector<std::string> kOps{
        "Relu", "LeakyRelu",   "Elu",       "Sigmoid", "Tanh", "Softplus", "Erf",
        "Neg",  "HardSigmoid", "HardSwish", "Clip",    "Max",  "Min",      "Pow"};
    const std::string& op =
        kOps[static_cast<std::size_t>(below(static_cast<std::int64_t>(kOps.size())))];
    Names inputs{x};
    if (op == "Clip") {
      const std::string low = "l" + std::to_string(++number_);
      model_.tensor(low, {}, {rng_.uniform(-1.0F, 0.0F)});
      const std::string high = "h" + std::to_string(++number_);
      model_.tensor(high, {}, {rng_.uniform(0.0F, 1.0F)});
      inputs = {x, low, high};
    }
    if (op == "Max" || op == "Min") inputs.push_back(weight({}));
    if (op == "Pow") {
      const std::string two = "e" + std::to_string(++number_);
      model_.tensor(two, {}, {2});
      inputs.push_back(two);
    }
    ::onnx::NodeProto& made = node(op, inputs, d);
    if (op == "LeakyRelu" || op == "Elu") Handmade::attribute(made, "alpha").set_f(0.25F);
  }

  /// Flatten, sometimes through another shape, and up to two dense layers.
  void finish() {
    std::string x = open_.back();
    const std::vector<std::int64_t> d = dims_.at(x);
    const std::int64_t count = d[1] * d[2] * d[3];
    if (below(3) == 0) {
      const std::string shape = whole({1, d[2], -1});
      node("Reshape", {x, shape}, {});
      x = last_;
    }
    if (below(2) == 0) {
      node("Flatten", {x}, {});
    } else {
      const std::string shape = whole({1, -1});
      node("Reshape", {x, shape}, {});
    }
    std::int64_t inputs = count;
    for (std::int64_t layers = below(2) + 1; layers > 0; --layers) {
      const std::int64_t outputs = below(4) + 2;
      x = last_;
      if (below(2) == 0) {
        const std::string w = weight({outputs, inputs});
        Handmade::attribute(node("Gemm", {x, w, weight({outputs})}, {}), "transB").set_i(1);
      } else {
        node("MatMul", {x, weight({inputs, outputs})}, {});
      }
      inputs = outputs;
      x = last_;
      if (layers > 1) node("Tanh", {x}, {});
    }
    model_.output(last_);
  }

  Handmade model_;
  Rng rng_;
  std::map<std::string, std::vector<std::int64_t>> dims_;
  Names open_;  // pictures so far
  std::string last_;
  int number_ = 0;
};

}  // namespace gibbon::models::onnx

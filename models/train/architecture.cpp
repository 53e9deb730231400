// SPDX-License-Identifier: MIT
#include "models/train/architecture.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "base/suggest.hpp"

namespace gibbon::models::train {
namespace {

constexpr std::array<ArchitectureInfo, 4> kArchitectures{{
    {"conv-large",
     "conv32:3p1,relu,conv32:4s2p1,relu,conv64:3p1,relu,conv64:4s2p1,relu,dense512,relu,dense512,"
     "relu",
     "Wong et al. 2018, arXiv:1805.12514"},
    {"conv-small", "conv16:4s2p1,relu,conv32:4s2p1,relu,dense100,relu",
     "Wong & Kolter 2018, arXiv:1711.00851"},
    {"lenet5", "conv32:3p1,relu,maxpool:2,conv64:3p1,relu,maxpool:2,dense200,relu",
     "LeCun et al. 1998, with the widths of the robustness literature (advertorch)"},
    {"resnet8",
     "conv16:3p1,bn,relu,res(conv16:3p1,bn,relu,conv16:3p1,bn),relu,"
     "res(conv32:3s2p1,bn,relu,conv32:3p1,bn|conv32:1s2,bn),relu,"
     "res(conv64:3s2p1,bn,relu,conv64:3p1,bn|conv64:1s2,bn),relu,globalpool",
     "He et al. 2016, arXiv:1512.03385, section 4.2 with n = 1"},
}};

constexpr std::string_view kExample = "conv16:4s2p1,relu,dense100,relu";
constexpr std::size_t kMostLayers = 1000;

/// One layer of a line, or a sum of two lines.
struct Item {
  std::string text;  // "conv16:4s2p1", in its one spelling
  std::string kind;  // "conv"
  std::size_t count = 0;
  Window window;
  std::size_t groups = 1;
  std::vector<std::vector<Item>> branches;  // of res(): one or two
};
using Line = std::vector<Item>;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Line parse() {
    Line line = list(0);
    if (at_ != text_.size()) refuse(fmt::format("'{}' ends no list", text_[at_]));
    return line;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    fail_usage(
        "--arch {}: {}; allowed are layers joined by commas: conv<n>:<size>s<stride>p<pad>, "
        "maxpool:<size>, avgpool:<size>, globalpool, dense<n>, bn, an activation, "
        "res(<layers>|<layers>); write for example --arch {}",
        text_, why, kExample);
  }

  [[nodiscard]] bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::size_t number(const std::string& of) {
    constexpr std::size_t kLargest = 1U << 20U;
    std::size_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{} || value > kLargest) {
      refuse(fmt::format("{} needs a number of 0 to {}", of, kLargest));
    }
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }
  std::size_t positive(const std::string& of) {
    const std::size_t value = number(of);
    if (value == 0) refuse(fmt::format("{} needs a number above 0", of));
    return value;
  }

  Line list(std::size_t depth) {
    if (depth > 8) refuse("res() inside res() is nested too deeply");
    Line line;
    do {
      line.push_back(item(depth));
      if (++layers_ > kMostLayers) refuse(fmt::format("more than {} layers", kMostLayers));
    } while (take(','));
    return line;
  }

  Item item(std::size_t depth) {
    const std::size_t begin = at_;
    const std::size_t whole = std::min(text_.find_first_of(",|()", at_), text_.size());
    const std::string word(text_.substr(at_, whole - at_));
    if (std::ranges::count(activations(), word, &ActivationInfo::name) > 0) {
      at_ = whole;
      return {.text = word, .kind = word};
    }
    while (at_ < text_.size() && ((text_[at_] >= 'a' && text_[at_] <= 'z') || text_[at_] == '-'))
      ++at_;
    Item out{.kind = std::string(text_.substr(begin, at_ - begin))};
    if (out.kind.empty()) refuse(fmt::format("a layer is missing at place {}", begin + 1));
    if (out.kind == "conv" || out.kind == "dense") out.count = positive(out.kind);
    out.text = out.count == 0 ? out.kind : fmt::format("{}{}", out.kind, out.count);
    if (out.kind == "conv" || out.kind == "maxpool" || out.kind == "avgpool") {
      take_window(out);
    } else if (out.kind == "res") {
      take_branches(out, depth);
    } else if (out.kind != "dense" && out.kind != "globalpool" && out.kind != "bn") {
      refuse_layer(out.kind);
    }
    return out;
  }

  void take_window(Item& item) {
    const bool conv = item.kind == "conv";
    if (!take(':')) refuse(fmt::format("'{}' needs a window, as in {}:3", item.text, item.text));
    const std::size_t size = positive(item.kind);
    std::size_t stride = conv ? 1 : size;
    std::size_t pad = 0;
    std::size_t dilation = 1;
    item.text += fmt::format(":{}", size);
    if (take('s')) stride = positive("s");
    if (stride != (conv ? 1 : size)) item.text += fmt::format("s{}", stride);
    if (take('p')) pad = number("p");
    if (pad != 0) item.text += fmt::format("p{}", pad);
    if (conv && take('d')) dilation = positive("d");
    if (dilation != 1) item.text += fmt::format("d{}", dilation);
    if (conv && take('g')) item.groups = positive("g");
    if (item.groups != 1) item.text += fmt::format("g{}", item.groups);
    item.window = {.height = size,
                   .width = size,
                   .stride_y = stride,
                   .stride_x = stride,
                   .dilation_y = dilation,
                   .dilation_x = dilation,
                   .top = pad,
                   .bottom = pad,
                   .left = pad,
                   .right = pad};
  }

  void take_branches(Item& item, std::size_t depth) {
    if (!take('(')) refuse("res needs its layers, as in res(conv16:3p1,relu)");
    do {
      item.branches.push_back(list(depth + 1));
    } while (item.branches.size() < 2 && take('|'));
    if (!take(')')) refuse("a res( without its )");
    item.text += "(" + to_text(item.branches[0]);
    if (item.branches.size() > 1) item.text += "|" + to_text(item.branches[1]);
    item.text += ")";
  }

  [[noreturn]] void refuse_layer(const std::string& name) const {
    std::vector<std::string> known{"conv",  "maxpool", "avgpool", "globalpool",
                                   "dense", "bn",      "res"};
    for (const ActivationInfo& info : activations()) known.emplace_back(info.name);
    refuse(fmt::format("unknown layer '{}'{}", name, did_you_mean(name, known)));
  }

 public:
  static std::string to_text(const Line& line) {
    std::string out;
    for (const Item& item : line) out += (out.empty() ? "" : ",") + item.text;
    return out;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t layers_ = 0;
};

/// Appends the layers of a line to a graph.
class Builder {
 public:
  Builder(Graph& graph, const InitialiserInfo& initialiser, std::uint64_t seed)
      : graph_(graph), initialiser_(initialiser), seed_(seed), shapes_{graph.input} {}

  /// Returns the value after the line.
  std::size_t append(const Line& line, std::size_t from) {
    for (const Item& item : line) from = append(item, from);
    return from;
  }

 private:
  std::size_t append(const Item& item, std::size_t from) {
    const FeatureShape shape = shapes_[from];
    if (item.kind == "res") {
      const std::size_t one = append(item.branches[0], from);
      const std::size_t other = item.branches.size() > 1 ? append(item.branches[1], from) : from;
      return push("add", add(), {one, other});
    }
    if (item.kind == "conv") {
      if (shape.channels % item.groups != 0) {
        fail_usage("--arch: {}: {} groups do not divide {} channels", item.text, item.groups,
                   shape.channels);
      }
      const std::size_t patch =
          item.window.height * item.window.width * (shape.channels / item.groups);
      auto [weight, bias] = draw(item.count, patch, item.text);
      return push("conv", conv2d(item.window, item.groups, std::move(weight), std::move(bias)),
                  {from});
    }
    if (item.kind == "maxpool") return push("pool", max_pool(item.window), {from});
    if (item.kind == "avgpool") return push("pool", average_pool(item.window, true), {from});
    if (item.kind == "globalpool") return push("pool", global_average_pool(), {from});
    if (item.kind == "bn") return push("bn", batch_norm(shape.channels), {from});
    if (item.kind == "dense") {
      from = flatten(from);
      auto [weight, bias] = draw(item.count, shape.size(), item.text);
      return push("dense", dense(std::move(weight), std::move(bias)), {from});
    }
    Activation activation = make_activation(item.kind);
    activation.alpha = static_cast<double>(static_cast<float>(activation.alpha));  // as in a file
    return push(item.kind, activate(activation), {from});
  }

  /// A picture as a row in the order of files: channel by channel.
  std::size_t flatten(std::size_t from) {
    if (is_row_[from]) return from;
    const FeatureShape shape = shapes_[from];
    const std::size_t pixels = shape.height * shape.width;
    std::vector<std::size_t> order(shape.size());
    for (std::size_t k = 0; k < order.size(); ++k)
      order[k] = k % pixels * shape.channels + k / pixels;
    return push("flatten", reorder(std::move(order), {.channels = shape.size()}), {from});
  }

  std::pair<Tensor, std::vector<float>> draw(std::size_t outputs, std::size_t inputs,
                                             const std::string& text) {
    constexpr std::size_t kMostWeights = std::size_t{1} << 28U;
    if (outputs > kMostWeights / inputs) {
      fail_usage("--arch: {}: {} × {} weights; at most {} are supported", text, outputs, inputs,
                 kMostWeights);
    }
    Tensor weight(outputs, inputs);
    std::vector<float> bias(outputs);
    initialise(weight, bias, initialiser_, seed_, layer_++);
    return {std::move(weight), std::move(bias)};
  }

  std::size_t push(const std::string& kind, LayerPtr layer, std::vector<std::size_t> inputs) {
    const std::string name = fmt::format("{}{}", kind, ++counts_[kind]);
    std::vector<FeatureShape> of;
    for (const std::size_t k : inputs) of.push_back(shapes_[k]);
    try {
      shapes_.push_back(layer->shape(of));
    } catch (const std::invalid_argument& error) {
      fail_usage("--arch: {} ({}) on {}: {}", name, layer->describe(), of[0].text(), error.what());
    }
    is_row_.push_back(kind == "flatten" || is_row_[inputs[0]]);
    graph_.nodes.push_back({name, std::move(layer), std::move(inputs)});
    return graph_.nodes.size();
  }

  Graph& graph_;
  const InitialiserInfo& initialiser_;
  std::uint64_t seed_;
  std::size_t layer_ = 0;               // with weights
  std::vector<FeatureShape> shapes_;    // of every value
  std::vector<bool> is_row_ = {false};  // in a file: samples × features, no picture
  std::map<std::string, std::size_t> counts_;
};

bool sees_pictures(const Line& line) {
  return std::ranges::any_of(line, [](const Item& item) {
    return item.kind == "conv" || item.kind.ends_with("pool") ||
           std::ranges::any_of(item.branches, sees_pictures);
  });
}

}  // namespace

std::span<const ArchitectureInfo> architectures() { return kArchitectures; }

bool names_graph(std::string_view text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') && text[0] != '-';
}

std::string full_architecture(std::string_view text, std::size_t classes) {
  const auto named = std::ranges::find(kArchitectures, text, &ArchitectureInfo::name);
  const Line line = Parser(named == kArchitectures.end() ? text : named->layers).parse();
  if (!sees_pictures(line)) {
    fail_usage(
        "--arch {}: it neither convolves nor pools; write a perceptron as its layer widths, for "
        "example --arch 784-100-10",
        text);
  }
  std::string out = Parser::to_text(line);
  if (line.back().kind != "dense") out += fmt::format(",dense{}", classes);
  return out;
}

Graph make_graph(std::string_view line, const FeatureShape& input, Output output,
                 const InitialiserInfo& initialiser, std::uint64_t seed) {
  Graph graph{.input = input, .output = output};
  Builder(graph, initialiser, seed).append(Parser(line).parse(), 0);
  return graph;
}

}  // namespace gibbon::models::train

// SPDX-License-Identifier: MIT
// gibbon_script_files FOLDER [MODEL.onnx]...: the TorchScript files of the tests. Networks are
// written with the weights that our own reader finds; the others each do one thing wrong.
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>

#include <torch/script.h>

#include "models/model_file.hpp"

namespace {

namespace fs = std::filesystem;
using gibbon::models::Blueprint;
using gibbon::models::Graph;
using gibbon::models::Window;
using torch::jit::Module;

/// forward(x) is `body`; in evaluation mode.
Module module_of(const std::string& name, const std::string& body) {
  Module module("__torch__." + name);
  module.define("def forward(self, x):\n" + body);
  module.register_attribute("training", c10::BoolType::get(), false);
  return module;
}

at::Tensor tensor_of(const gibbon::models::Parameter& parameter) {
  std::vector<std::int64_t> dims(parameter.dims.begin(), parameter.dims.end());
  const at::Tensor ours =
      torch::from_blob(const_cast<float*>(parameter.values.data()), dims, torch::kFloat32);
  return (dims.size() == 4 ? ours.permute({0, 3, 1, 2}) : ours).clone();
}

/// One line of the module's program.
std::string line_of(const Blueprint& layer, std::size_t k, const std::string& from) {
  const Window& w = layer.window;
  const auto pair = [](std::size_t y, std::size_t x) { return fmt::format("[{}, {}]", y, x); };
  // From our order of channels to the file's, which is LibTorch's.
  if (layer.kind == "reorder") return fmt::format("{}.flatten(1)", from);
  if (layer.kind == "dense")
    return fmt::format("torch.linear({}, self.p{}_0, self.p{}_1)", from, k, k);
  if (layer.kind == "conv2d") {
    return fmt::format("torch.conv2d({}, self.p{}_0, self.p{}_1, {}, {}, {}, 1)", from, k, k,
                       pair(w.stride_y, w.stride_x), pair(w.top, w.left),
                       pair(w.dilation_y, w.dilation_x));
  }
  if (layer.kind == "max-pool") {
    return fmt::format("torch.max_pool2d({}, {}, {}, {})", from, pair(w.height, w.width),
                       pair(w.stride_y, w.stride_x), pair(w.top, w.left));
  }
  if (layer.kind == "activation") return fmt::format("torch.{}({})", layer.function, from);
  throw std::runtime_error(fmt::format("no line for layer '{}'", layer.kind));
}

/// A chain of layers.
Module module_of(const std::string& name, const Graph& graph) {
  Module module("__torch__." + name);
  std::string body;
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    const gibbon::models::Layer& layer = *graph.nodes[k].layer;
    const std::vector<gibbon::models::Parameter> parameters = layer.parameters();
    for (std::size_t p = 0; p < parameters.size(); ++p)
      module.register_parameter(fmt::format("p{}_{}", k, p), tensor_of(parameters[p]), false);
    body += fmt::format("  x = {}\n", line_of(layer.blueprint(), k, "x"));
  }
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define("def forward(self, x):\n" + body + "  return x\n");
  return module;
}

/// A multilayer perceptron, on N × D.
Module module_of(const std::string& name, const gibbon::models::Network& network) {
  Module module("__torch__." + name);
  std::string body;
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto& layer = network.layers[k];
    const at::Tensor weight = torch::from_blob(const_cast<float*>(layer.weight.flat().data()),
                                               {static_cast<std::int64_t>(layer.weight.rows()),
                                                static_cast<std::int64_t>(layer.weight.cols())},
                                               torch::kFloat32)
                                  .clone();
    module.register_parameter(fmt::format("w{}", k), weight, false);
    module.register_parameter(fmt::format("b{}", k), torch::tensor(layer.bias), false);
    body += fmt::format("  x = torch.linear(x, self.w{0}, self.b{0})\n", k);
    if (layer.activation.info->name != "identity")
      body += fmt::format("  x = torch.{}(x)\n", layer.activation.info->name);
  }
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define("def forward(self, x):\n" + body + "  return x\n");
  return module;
}

void write_networks(const fs::path& folder, const fs::path& from) {
  const gibbon::models::ModelFile file = gibbon::models::read_model(from);
  const std::string stem = from.stem().string();
  const Module module = file.graph ? module_of(stem, *file.graph) : module_of(stem, file.network);
  module.save((folder / (stem + ".pt")).string());
  torch::jit::freeze(module).save((folder / (stem + "_frozen.pt")).string());
}

/// Takes 784 values as 1 × 28 × 28 or as they are: the first four are scores.
constexpr const char* kFour = "  y = 3.0 * torch.tanh(x.flatten(1))\n";

void write_others(const fs::path& folder) {
  const std::array<std::pair<const char*, std::string>, 15> bodies{{
      {"four", "  return y[:, :4]\n"},
      {"tuple", "  return (y[:, :4].argmax(1), y[:, :4], y[:, :7])\n"},
      {"one_logit", "  return y[:, :1] - 1.0\n"},
      {"one_number", "  return y[:, 0] - 1.0\n"},
      {"dropout", "  return torch.dropout(y[:, :4], 0.5, True)\n"},
      {"nan", "  return torch.log(-1.0 - y[:, :4] * y[:, :4])\n"},
      {"throws", "  assert x.size(0) < 0, 'no such input'\n  return y[:, :4]\n"},
      {"throws_sometimes",
       "  assert bool((x != 0.625).all()), 'a value is 0.625'\n  return y[:, :4]\n"},
      {"label", "  return y[:, :4].argmax(1)\n"},
      {"rank_four", "  return y[:, :4].unsqueeze(2).unsqueeze(3)\n"},
      {"dictionary", "  return {'logits': y[:, :4]}\n"},
      {"mixed", "  return y[:, :4] - y[:, :4].mean(0)\n"},
      {"batch_of_one", "  return y.view([1, 784])[:, :4]\n"},
      {"single", "  return y.to(6)[:, :4]\n"},
      {"classes", "  return torch.cat([y, y], 1)\n"},
  }};
  for (const auto& [name, body] : bodies)
    module_of(name, kFour + body).save((folder / fmt::format("{}.pt", name)).string());

  Module training = module_of("training", std::string(kFour) + "  return y[:, :4]\n");
  training.setattr("training", true);
  training.save((folder / "training.pt").string());

  // An outer module in evaluation mode whose part is not.
  Module norm("__torch__.Norm");
  norm.register_attribute("training", c10::BoolType::get(), true);
  norm.register_buffer("mean", torch::zeros({784}));
  norm.register_buffer("variance", torch::ones({784}));
  norm.define(
      "def forward(self, x):\n"
      "  return torch.batch_norm(x, None, None, self.mean, self.variance, self.training, 0.1, "
      "1e-5, False)\n");
  Module outer("__torch__.Outer");
  outer.register_module("norm", norm);
  outer.register_attribute("training", c10::BoolType::get(), false);
  outer.define("def forward(self, x):\n  return self.norm.forward(x.flatten(1))[:, :4]\n");
  outer.save((folder / "part_training.pt").string());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: gibbon_script_files FOLDER [MODEL.onnx]...\n");
    return 2;
  }
  for (int k = 2; k < argc; ++k) write_networks(argv[1], argv[k]);
  write_others(argv[1]);
}

// SPDX-License-Identifier: MIT
// SqueezeNet 1.1: AlexNet's accuracy with a fiftieth of its parameters.
//
// Source    Iandola et al. 2016, arXiv:1602.07360; squeezenet1.1-7 of the ONNX model zoo
// Hash      of the file, as Git LFS of the ONNX model zoo and its ONNX_HUB_MANIFEST.json have it
// Scaling   as the model zoo's page about it asks for: of RGB in [0, 1], 224 × 224, the middle of a
//           picture whose shorter side is 256
#include "models/published_network.hpp"

namespace gibbon::models {

const PublishedNetwork& squeezenet_info() {
  static const PublishedNetwork info{
      .name = "squeezenet",
      .summary = "SqueezeNet 1.1: 224 x 224 colour, 1000 classes of ImageNet, 5 MB",
      .source = "Iandola et al. 2016, arXiv:1602.07360; squeezenet1.1-7 of the ONNX model zoo",
      .licence = "Apache-2.0 (ONNX model zoo)",
      .file = {.set = "models",
               .name = "squeezenet1.1-7.onnx",
               .mirrors = {"https://huggingface.co/onnxmodelzoo/squeezenet1.1-7/resolve/main/",
                           "https://media.githubusercontent.com/media/onnx/models/"
                           "4c46cd00fbdb7cd30b6c1c17ab54f2e1f4f7b177/validated/vision/"
                           "classification/squeezenet/model/"},
               .sha256 = "1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088",
               .hash_of = datasets::HashOf::kFile},
      .scaling = {.mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}}};
  return info;
}

}  // namespace gibbon::models

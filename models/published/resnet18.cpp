// SPDX-License-Identifier: MIT
// ResNet-18: convolutions with shortcuts around every two of them.
//
// Source    He et al. 2015, arXiv:1512.03385; resnet18-v1-7 of the ONNX model zoo
// Hash      of the file, as Git LFS of the ONNX model zoo and its ONNX_HUB_MANIFEST.json have it
// Scaling   as the model zoo's page about it asks for: of RGB in [0, 1], 224 × 224, the middle of a
//           picture whose shorter side is 256
#include "models/published_network.hpp"

namespace gibbon::models {

const PublishedNetwork& resnet18_info() {
  static const PublishedNetwork info{
      .name = "resnet18",
      .summary = "ResNet-18 v1: 224 x 224 colour, 1000 classes of ImageNet, 47 MB",
      .source = "He et al. 2015, arXiv:1512.03385; resnet18-v1-7 of the ONNX model zoo",
      .licence = "Apache-2.0 (ONNX model zoo)",
      .file = {.set = "models",
               .name = "resnet18-v1-7.onnx",
               .mirrors = {"https://huggingface.co/onnxmodelzoo/resnet18-v1-7/resolve/main/",
                           "https://media.githubusercontent.com/media/onnx/models/"
                           "4c46cd00fbdb7cd30b6c1c17ab54f2e1f4f7b177/validated/vision/"
                           "classification/resnet/model/"},
               .sha256 = "4e8f8653e7a2222b3904cc3fe8e304cd8b339ce1d05fd24688162f86fb6df52c",
               .hash_of = datasets::HashOf::kFile},
      .scaling = {.mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}}};
  return info;
}

}  // namespace gibbon::models

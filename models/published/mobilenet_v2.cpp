// SPDX-License-Identifier: MIT
// MobileNet v2: convolutions of one channel each between those of one pixel.
//
// Source    Sandler et al. 2018, arXiv:1801.04381; mobilenetv2-7 of the ONNX model zoo
// Hash      of the file, as Git LFS of the ONNX model zoo and its ONNX_HUB_MANIFEST.json have it
// Scaling   as the model zoo's page about it asks for: of RGB in [0, 1], 224 × 224, the middle of a
//           picture whose shorter side is 256
#include "models/published_network.hpp"

namespace gibbon::models {

const PublishedNetwork& mobilenet_v2_info() {
  static const PublishedNetwork info{
      .name = "mobilenet-v2",
      .summary = "MobileNet v2: 224 x 224 colour, 1000 classes of ImageNet, 14 MB",
      .source = "Sandler et al. 2018, arXiv:1801.04381; mobilenetv2-7 of the ONNX model zoo",
      .licence = "Apache-2.0 (ONNX model zoo)",
      .file = {.set = "models",
               .name = "mobilenetv2-7.onnx",
               .mirrors = {"https://huggingface.co/onnxmodelzoo/mobilenetv2-7/resolve/main/",
                           "https://media.githubusercontent.com/media/onnx/models/"
                           "4c46cd00fbdb7cd30b6c1c17ab54f2e1f4f7b177/validated/vision/"
                           "classification/mobilenet/model/"},
               .sha256 = "c1c513582d56afceff8516c73804e484c81c6a830712ab6d682253f4a3cd042f",
               .hash_of = datasets::HashOf::kFile},
      .scaling = {.mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}}};
  return info;
}

}  // namespace gibbon::models

// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>

namespace gibbon::models::onnx {

/// What the one output of a file is, once the rest is taken off.
enum class Ending {
  kAsWritten,  ///< what the last node makes
  kPair,       ///< 1 - p and p of a Sigmoid of one logit: the Sigmoid is now the output
};

/// Leaves of the file what the scores depend on. Of several outputs that is the one with scores:
/// labels (ArgMax, Cast to whole numbers, strings) are dropped, and an output from which another
/// one is worked out; of the same scores with and without Softmax, those with it. A ZipMap behind
/// the scores is taken off. Throws a Misfit where two outputs are left. Does nothing to files that
/// are damaged, which the readers describe.
[[nodiscard]] Ending leave_scores(::onnx::ModelProto& model);

}  // namespace gibbon::models::onnx

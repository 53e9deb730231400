// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/tensor.hpp"
#include "models/layer.hpp"

// A TorchScript module as a classifier. LibTorch runs it, in the plugin of models/reference.hpp.
namespace gibbon::models {

/// How the module is called.
enum class ScriptInput {
  kEither,    ///< whichever it takes, pictures first
  kPictures,  ///< N × C × H × W
  kRows,      ///< N × D, of a picture in the order C × H × W
};

/// What was found out when a module was opened.
struct ScriptFacts {
  std::size_t classes = 0;     ///< 2 for one logit
  bool one_logit = false;      ///< the scores are 0 and z
  std::size_t parameters = 0;  ///< 0: a frozen module, whose numbers are constants
  std::string input;           ///< "16 × 1 × 28 × 28": every call is of this shape
  std::string no_float64;      ///< why it is judged in float32; empty: it is judged in float64
};

/// A module that was opened. Safe to share between threads; every call runs on the caller's thread
/// alone and in batches of one size, so that row n of a result depends on row n of x alone, bit for
/// bit. Rows have channels last. Throws std::runtime_error, in one line, when the module does.
class Script {
 public:
  Script() = default;
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  virtual ~Script() = default;

  [[nodiscard]] virtual const ScriptFacts& facts() const = 0;
  /// logits (N × C) of x (N × D), in float32.
  virtual void forward(Rows x, MutableRows logits) const = 0;
  /// dx (N × D) = J_f(x)^T · dlogits (N × C), in float32; 0 where nothing reaches x.
  virtual void backward(Rows x, Rows dlogits, MutableRows dx) const = 0;
  /// forward() in float64, unless facts() tells why not.
  virtual void exact(RowsOf<const double> x, RowsOf<double> logits) const = 0;
};

/// What the plugin exports.
struct ScriptPlugin {
  int version;         ///< kScriptVersion of the time it was built
  const char* engine;  ///< "LibTorch 1.13.1"
  /// The caller owns the result. `bytes` is the archive. Throws std::runtime_error with what is
  /// wrong with it: damaged, in training mode, random, without scores, …
  Script* (*open)(std::string_view bytes, const FeatureShape& shape, ScriptInput input);
};
inline constexpr int kScriptVersion = 1;
inline constexpr const char* kScriptSymbol = "gibbon_script_plugin";  ///< ScriptPlugin

}  // namespace gibbon::models

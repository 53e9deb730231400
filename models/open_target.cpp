// SPDX-License-Identifier: MIT
#include "models/open_target.hpp"

#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <vector>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "models/script.hpp"
#include "models/torch_plugin.hpp"

namespace gibbon::models {
namespace {

const ScriptPlugin& plugin() {
  static const auto& loaded =
      *static_cast<const ScriptPlugin*>(open_plugin(torch_plugin(kScriptSymbol, kScriptVersion)));
  return loaded;
}

constexpr const char* kPromise =
    "same bits for any batch, thread count and order on the same machine and LibTorch version; "
    "others may differ in the last bits";

/// Runs `body` of the plugin; what it throws becomes an input Error that begins with the file.
template <class Body>
auto told(const std::string& name, const Body& body) {
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    fail_input("{}: {}", name, printable(error.what()));
  }
}

/// A file that cannot be read on this machine is not a wrong command.
void require_plugin(const ScriptFile& file) {
  try {
    static_cast<void>(plugin());
  } catch (const Error& error) {
    fail_input("{}: a TorchScript file needs {}", file.name, printable(error.what()));
  }
}

/// The data's shape when nothing was said or its size was: a row of a picture has its channels last
/// with us, and first in the module.
InputShape shape_of(const ScriptFile& file, const std::optional<InputShape>& asked,
                    const std::optional<datasets::Shape>& data) {
  const bool as_data = data && (!asked || (!asked->picture && asked->shape.size() == data->size()));
  if (as_data) return {{data->height, data->width, data->channels}, data->image};
  if (asked) return *asked;
  fail_usage(
      "{}: a TorchScript file does not state the shape of its input; give it with --input-shape, "
      "such as --input-shape 1,28,28 (channels, rows, columns)",
      file.name);
}

Target target_of(const std::string& name, std::shared_ptr<const Script> script,
                 const InputShape& input) {
  const ScriptFacts& facts = script->facts();
  if (facts.classes > kMaxClasses) {
    fail_input("{}: {} classes; allowed are at most {}", name, facts.classes, kMaxClasses);
  }
  OwnModel own{
      .name = "TorchScript " + std::filesystem::path(name).filename().string(),
      .inputs = input.shape.size(),
      .classes = facts.classes,
      .forward = [=](Rows x,
                     MutableRows logits) { told(name, [&] { script->forward(x, logits); }); },
      .backward = [=](Rows x, Rows dlogits,
                      MutableRows dx) { told(name, [&] { script->backward(x, dlogits, dx); }); },
      .exact = [=](RowsOf<const double> x,
                   RowsOf<double> logits) { told(name, [&] { script->exact(x, logits); }); }};
  Target target(std::move(own));
  target.parameters = facts.parameters;
  if (input.picture) target.shape = input.shape;
  target.engine = {{"name", plugin().engine},
                   {"input", facts.input},
                   {"judge", facts.no_float64.empty() ? "float64" : "float32"},
                   {"promise", kPromise}};
  target.notes.push_back(fmt::format(
      "{}: {} runs the module, called with {}{}, judged in {}", name, plugin().engine, facts.input,
      facts.one_logit ? ", one logit z as two classes 0 and z" : "", target.engine.at("judge")));
  if (!facts.no_float64.empty()) {
    target.notes.push_back(fmt::format(
        "{}: the module cannot be judged in float64 ({}), so rounding of float32 may decide about "
        "samples at the border",
        name, printable(facts.no_float64)));
  }
  return target;
}

}  // namespace

std::optional<InputShape> parse_input_shape(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::size_t kMost = std::size_t{1} << 24U;
  std::vector<std::size_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  while (good) {
    std::size_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    good = error == std::errc() && number > 0 && number <= kMost;
    numbers.push_back(number);
    if (next == end) break;
    good = good && *next == ',';
    at = next + 1;
  }
  good = good && (numbers.size() == 1 || numbers.size() == 3);
  std::size_t size = 1;
  for (const std::size_t number : numbers) {
    good = good && number <= kMost / size;
    if (good) size *= number;
  }
  if (!good) {
    fail_usage(
        "--input-shape {}: allowed are channels,rows,columns such as 1,28,28, or one number such "
        "as 784, at most {} values",
        text, kMost);
  }
  if (numbers.size() == 1) return InputShape{{.channels = numbers[0]}, false};
  return InputShape{{numbers[1], numbers[2], numbers[0]}, true};
}

Target open_target(const ModelFile& file, std::string_view input_shape,
                   const std::optional<datasets::Shape>& data) {
  const std::optional<InputShape> asked = parse_input_shape(input_shape);
  if (!file.script) {
    if (!asked) return Target(file);
    fail_usage("--input-shape {}: an ONNX file states its own shape; omit --input-shape",
               input_shape);
  }
  const InputShape input = shape_of(*file.script, asked, data);
  const ScriptInput call = asked && asked->picture   ? ScriptInput::kPictures
                           : asked || !input.picture ? ScriptInput::kRows
                                                     : ScriptInput::kEither;
  require_plugin(*file.script);
  return told(file.script->name, [&] {
    std::shared_ptr<const Script> script(plugin().open(file.script->bytes, input.shape, call));
    return target_of(file.script->name, std::move(script), input);
  });
}

void require_layers(const ModelFile& file, std::string_view work) {
  if (!file.script) return;
  fail_usage(
      "{}: it needs the layers of a network, and {} is a TorchScript module, which can only be "
      "called; export the model with torch.onnx.export; allowed are sweep, run, gallery, transfer "
      "and smooth",
      work, file.script->name);
}

}  // namespace gibbon::models

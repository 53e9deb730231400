// SPDX-License-Identifier: MIT
#include "eval/runs/experiment.hpp"

#include <algorithm>
#include <array>

#define TOML_MAX_NESTED_VALUES 64  // kDeepestNesting
#include <toml++/toml.h>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/suggest.hpp"
#include "eval/runs/toml_depth.hpp"

namespace gibbon::eval::runs {
namespace {

static_assert(TOML_MAX_NESTED_VALUES == kDeepestNesting);

constexpr std::array<std::string_view, 2> kTables{"train", "sweep"};

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  /// Sets every option that `table` names; any other key but those in `also` is refused.
  void take(const toml::table& table, const std::string& prefix, const std::vector<Option>& options,
            const std::vector<std::string>& also) const {
    for (const auto& entry : table) {
      const std::string name(entry.first.str());
      const toml::node& node = entry.second;
      if (std::ranges::count(also, name) > 0) continue;
      const auto option = std::ranges::find(options, name, &Option::name);
      if (option == options.end()) {
        std::vector<std::string> known = also;
        for (const Option& o : options) known.emplace_back(o.name);
        throw Error(
            ErrorKind::kUsage,
            fmt::format("{}: {}", path_, unknown_name("key", prefix + name, with(prefix, known))));
      }
      std::visit([&](auto* value) { set(prefix + name, node, *value); }, option->value);
    }
  }

  template <class Value>
  void set(const std::string& name, const toml::node& node, Value& value) const {
    if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
      value.clear();
      if (const toml::array* array = node.as_array()) {
        for (const toml::node& item : *array) value.push_back(text(name, item));
      } else {
        value.push_back(text(name, node));
      }
    } else if constexpr (std::is_same_v<Value, std::string>) {
      value = text(name, node);
    } else if constexpr (std::is_same_v<Value, bool>) {
      const auto read = node.value_exact<bool>();
      if (!read) refuse(name, "true or false");
      value = *read;
    } else if constexpr (std::is_same_v<Value, double>) {
      const auto read = node.value<double>();
      if (!read || node.is_boolean()) refuse(name, "a number");
      value = *read;
    } else {
      const auto read = node.value_exact<std::int64_t>();
      if (!read || *read < 0) refuse(name, "a whole number >= 0");
      value = static_cast<Value>(*read);
    }
  }

 private:
  static std::vector<std::string> with(const std::string& prefix, std::vector<std::string> names) {
    for (std::string& name : names) name.insert(0, prefix);
    return names;
  }

  [[noreturn]] void refuse(const std::string& name, std::string_view wanted) const {
    fail_usage("{}: {}: wrong type; expected {}", path_, name, wanted);
  }

  [[nodiscard]] std::string text(const std::string& name, const toml::node& node) const {
    const auto read = node.value_exact<std::string>();
    if (!read) refuse(name, "text in quotes");
    return *read;
  }

  const std::string& path_;
};

std::vector<Option> top_options(Experiment& experiment) {
  std::vector<Option> all{
      {"output", "folder of the run", &experiment.output},
      {"model", "FILE.onnx or FILE.pt to attack instead of training one", &experiment.model}};
  for (const Option& option : experiment.data.options()) all.push_back(option);
  for (const Option& option : experiment.input.options()) all.push_back(option);
  for (const Option& option : experiment.common.options()) all.push_back(option);
  return all;
}

toml::table parse(std::string_view bytes, const std::string& path) {
  require_shallow_keys(bytes, path);
  try {
    return toml::parse(bytes, std::string_view(path));
  } catch (const toml::parse_error& error) {
    fail_usage("{}:{}: not valid TOML: {}", path, error.source().begin.line, error.description());
  }
}

}  // namespace

Experiment read_experiment(const std::string& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 20U;  // written by hand
  return parse_experiment(read_file(path, kLargest), path);
}

Experiment parse_experiment(std::string_view bytes, const std::string& path) {
  Experiment experiment;
  const toml::table root = parse(bytes, path);
  const Reader reader(path);
  reader.take(root, "", top_options(experiment), {kTables.begin(), kTables.end()});
  const auto take_table = [&](const std::string& name, const std::vector<Option>& options) {
    const toml::node* node = root.get(name);
    if (node == nullptr) return;
    if (!node->is_table()) fail_usage("{}: {}: allowed is a table, [{}]", path, name, name);
    reader.take(*node->as_table(), name + ".", options, {});
  };
  take_table("train", experiment.train.options());
  take_table("sweep", experiment.sweep.options());
  if (!experiment.model.empty() && root.contains("train")) {
    fail_usage("{}: both model = '{}' and [train] are given; allowed is one of them", path,
               experiment.model);
  }
  for (const Option& option : experiment.input.options()) {
    if (!experiment.model.empty() || !root.contains(option.name)) continue;
    fail_usage(
        "{}: {} requires model = 'FILE.onnx': a network that is trained here takes the data as "
        "they are",
        path, option.name);
  }
  return experiment;
}

void take_toml(std::string_view bytes, const std::string& path,
               const std::vector<Option>& options) {
  Reader(path).take(parse(bytes, path), "", options, {});
}

std::string to_text(const std::vector<Option>& options) {
  std::string out;
  for (const Option& option : options) {
    out += fmt::format("  {:<14} {}\n", option.name, to_text(option));
  }
  return out;
}

std::string to_text(Experiment& experiment) {
  std::string out = "experiment\n" + to_text(top_options(experiment));
  if (experiment.model.empty()) out += "train\n" + to_text(experiment.train.options());
  return out + "sweep\n" + to_text(experiment.sweep.options());
}

}  // namespace gibbon::eval::runs

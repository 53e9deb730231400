// SPDX-License-Identifier: MIT
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/counted_work.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/shift/contact_sheet.hpp"
#include "eval/sweep/clean_doubts.hpp"
#include "models/open_target.hpp"
#include "reports/figure/severity_figure.hpp"
#include "reports/record/error.hpp"
#include "reports/table/corrupted_table.hpp"

namespace gibbon::eval::cli {
namespace {

constexpr std::string_view kAll = "all";
constexpr std::string_view kPoses = "rotation-translation";
constexpr std::size_t kMostPoses = 1'000'000;

/// The parts of "31x5x5" or "1,2,3"; an empty one is an empty part.
std::vector<std::string> parts_of(const std::string& text, char between) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == between) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// All of `text` as a number; false: it is something else.
template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

struct State {
  std::string model;
  std::vector<std::string> corruption;
  std::string severity = "1,2,3,4,5";
  double max_rotation = 30.0;
  std::string max_translation = "10%";
  std::string grid = "31x5x5";
  std::uint64_t worst_of = 10;
  runs::InputOptions input;
  runs::DataOptions data;
  runs::CommonOptions common;
  std::string classes;
  std::string input_shape;
  std::string output = "runs/corrupt";

  std::vector<runs::Option> own() {
    return {
        {"corruption",
         "NAME ('gibbon list corruptions'), all, or the attack rotation-translation; repeatable; "
         "without it: all",
         &corruption},
        {"severity", "severities 1 to 5, by commas", &severity},
        {"max-rotation", "rotation-translation: largest angle in degrees, 0 to 180", &max_rotation},
        {"max-translation",
         "rotation-translation: largest shift in each direction, in pixels, or in % of height "
         "and width, to the nearest pixel",
         &max_translation},
        {"grid", "rotation-translation: angles x shifts down x shifts right", &grid},
        {"worst-of", "rotation-translation: random poses of its cheaper form", &worst_of}};
  }

  [[nodiscard]] std::string command() {
    return "gibbon corrupt --model " + shell_word(model) +
           typed(data.options(), runs::DataOptions().options()) +
           typed(input.options(), runs::InputOptions().options()) + typed(own(), State().own()) +
           typed(common.options(), runs::CommonOptions().options()) +
           (classes.empty() ? "" : " --classes " + shell_word(classes)) +
           (input_shape.empty() ? "" : " --input-shape " + shell_word(input_shape)) + " --output " +
           shell_word(output);
  }

  void choose(shift::ShiftPlan& plan) const {
    std::vector<std::string> known{std::string(kAll), std::string(kPoses)};
    for (const attacks::CorruptionInfo& info : attacks::corruptions()) {
      known.emplace_back(info.name);
    }
    std::set<std::string> wanted(corruption.begin(), corruption.end());
    if (wanted.empty()) wanted.emplace(kAll);
    for (const std::string& name : wanted) {
      if (std::ranges::count(known, name) == 0) {
        throw Error(ErrorKind::kUsage, unknown_name("corruption", name, known));
      }
    }
    for (const attacks::CorruptionInfo& info : attacks::corruptions()) {
      if (wanted.contains(std::string(kAll)) || wanted.contains(std::string(info.name))) {
        plan.corruptions.push_back(&info);
      }
    }
    if (wanted.contains(std::string(kPoses))) plan.poses.emplace();
  }

  [[nodiscard]] std::vector<std::size_t> severities() const {
    std::set<std::size_t> chosen;
    for (const std::string& part : parts_of(severity, ',')) {
      std::size_t value = 0;
      if (!read(part, value) || value < 1 || value > attacks::kSeverities) {
        fail_usage("--severity {}: '{}' is not in 1 to {}; write for example --severity 1,3,5",
                   severity, part, attacks::kSeverities);
      }
      chosen.insert(value);
    }
    return {chosen.begin(), chosen.end()};
  }

  void read_grid(attacks::PoseBox& box) const {
    const std::vector<std::string> parts = parts_of(grid, 'x');
    const std::array counts{&box.degrees, &box.down, &box.right};
    bool valid = parts.size() == counts.size();
    for (std::size_t k = 0; valid && k < counts.size(); ++k) {
      valid = read(parts[k], *counts[k]) && *counts[k] >= 1 && *counts[k] <= kMostPoses;
    }
    if (!valid || box.degrees * box.down > kMostPoses || box.size() > kMostPoses) {
      fail_usage(
          "--grid {}: allowed are three counts from 1 on, angles x shifts down x shifts right, of "
          "at most {} poses, such as 31x5x5",
          grid, kMostPoses);
    }
  }

  /// In pixels, of a picture with `size` rows or columns.
  [[nodiscard]] double largest_shift(std::size_t size) const {
    const auto pixels = static_cast<double>(size);
    const bool percent = max_translation.ends_with('%');
    double value = 0.0;
    const std::string_view number =
        std::string_view(max_translation).substr(0, max_translation.size() - (percent ? 1 : 0));
    if (read(number, value)) {
      const double shift = percent ? std::round(value / 100.0 * pixels) : value;
      if (shift >= 0.0 && shift <= pixels) return shift;
    }
    fail_usage(
        "--max-translation {}: allowed are 0 to {} pixels here, or 0% to 100%; write for example "
        "--max-translation 3 or --max-translation 10%",
        max_translation, size);
  }

  [[nodiscard]] shift::ShiftPlan plan() const {
    shift::ShiftPlan plan;
    choose(plan);
    plan.severities = severities();
    plan.seed = common.seed;
    plan.threads = common.workers();
    if (!plan.poses) return plan;
    if (!(max_rotation >= 0.0 && max_rotation <= 180.0)) {
      fail_usage("--max-rotation {}: outside [0, 180] degrees", max_rotation);
    }
    if (worst_of < 1 || worst_of > kMostPoses) {
      fail_usage("--worst-of {}: outside [1, {}]", worst_of, kMostPoses);
    }
    plan.poses->worst_of = worst_of;
    plan.poses->box.most.degrees = max_rotation;
    read_grid(plan.poses->box);
    return plan;
  }

  int run(bool output_given) {
    shift::ShiftPlan asked = plan();
    const models::ModelFile file = load_model(model, input);
    if (!output_given && !common.force) output = fresh_folder(output, {"corruptions.json"});
    const runs::RunLock lock = lock_new_folder(output, common);
    runs::prepare_folder(output, {"corruptions.json"}, common.force);
    datasets::Dataset samples = runs::load_data(data);
    if (asked.poses) {
      asked.poses->box.most.down = largest_shift(samples.shape.height);
      asked.poses->box.most.right = largest_shift(samples.shape.width);
    }
    const models::Target target = models::open_target(file, input_shape, samples.shape);
    samples = runs::fit_data(std::move(samples), target, classes);
    say_notes(common, target.notes);
    say_notes(common, samples.notes);
    say_notes(common, sweep::doubt_clean_accuracy(*target.fast, samples));
    auto measured = run_counted("corrupt", common, [&](const auto& progress) {
      return shift::measure(target, samples, asked, progress);
    });
    if (!measured) return interrupted_exit();
    write(samples, asked,
          record(file.sha256, target, samples, asked, std::move(measured->result),
                 measured->seconds));
    return 0;
  }

  reports::record::Corrupted record(const std::string& sha256, const models::Target& target,
                                    const datasets::Dataset& samples, const shift::ShiftPlan& asked,
                                    shift::ShiftResult result, double seconds) {
    reports::record::Corrupted all{
        .provenance =
            runs::provenance_of({.command = command(), .model_path = model, .model_sha256 = sha256},
                                target, samples, data),
        .model = fmt::format("{} ({})", std::filesystem::path(model).filename().string(),
                             target.architecture),
        .data = samples.name + " " + samples.split,
        .severities = {asked.severities.begin(), asked.severities.end()},
        .passes = result.passes,
        .samples = std::move(result.samples)};
    all.provenance["seed"] = common.seed;
    all.provenance["seconds"] = seconds;
    for (const attacks::CorruptionInfo* info : asked.corruptions) {
      all.corruptions.push_back({std::string(info->name), std::string(info->group)});
    }
    if (asked.poses) {
      const attacks::PoseBox& box = asked.poses->box;
      all.searches = shift::search_names(*asked.poses);
      all.box = {{"max_rotation", box.most.degrees},
                 {"max_down", box.most.down},
                 {"max_right", box.most.right},
                 {"grid", {box.degrees, box.down, box.right}},
                 {"worst_of", asked.poses->worst_of}};
    }
    return all;
  }

  /// The record comes last: a folder with one is whole.
  void write(const datasets::Dataset& samples, const shift::ShiftPlan& asked,
             const reports::record::Corrupted& all) const {
    const std::filesystem::path folder = output;
    for (const char* old : {"corruptions.json", "corruptions.svg"}) remove_file(folder / old);
    write_atomically(folder / "corruptions.csv", reports::record::to_corruptions_csv(all));
    write_atomically(folder / "corruption_samples.csv",
                     reports::record::to_corruption_samples_csv(all));
    write_atomically(folder / "corruptions.png", shift::draw_contact_sheet(samples, asked, all));
    if (!all.corruptions.empty()) draw(folder / "corruptions.svg", all);
    write_atomically(folder / "corruptions.json", reports::record::to_corruptions_json(all));
    fmt::print("{}record {}\n", reports::table::to_corrupted_table(all, screen()),
               printable((folder / "corruptions.json").string()));
  }

  /// Without gnuplot there is no figure, but everything else.
  void draw(const std::filesystem::path& file, const reports::record::Corrupted& all) const {
    std::string svg;
    try {
      svg = reports::figure::to_severity_svg(all);
    } catch (const reports::record::Error& error) {
      return say(common, std::string("note: ") + error.what());
    }
    write_atomically(file, svg);
  }
};

}  // namespace

void add_corrupt(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("corrupt",
                            "Accuracy under common corruptions at five severities, and under "
                            "rotations and translations");
  app.option("-m,--model", state->model, "FILE.onnx or FILE.onnx.gz, or FILE.pt (TorchScript)");
  app.option("--input-shape", state->input_shape,
             "input of a TorchScript module: channels,rows,columns such as 1,28,28, or one number; "
             "empty: as the data");
  app.option("--classes", state->classes,
             "FILE with a name for every class of the model, one a line or as JSON; else as the "
             "model's metadata, else as the data call them");
  app.options(state->own(), "Corruptions");
  app.options(state->data.options(), "Data");
  app.options(state->input.options(), "Model input");
  app.options(state->common.options(), "Running");
  app.option("-o,--output", state->output, "folder for the record, tables and pictures")
      .shows_default();
  app.run([state, app] { return state->run(app.given("--output")); });
}

}  // namespace gibbon::eval::cli

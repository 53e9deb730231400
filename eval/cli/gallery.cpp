#include "eval/gallery.hpp"

#include "datasets/error.hpp"
#include "eval/cli/progress.hpp"
#include "eval/cli/work.hpp"
#include "eval/examples.hpp"
#include "eval/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  SweepOptions sweep{.attack = {"fgsm"}};
  DataOptions data;
  CommonOptions common;
  std::string output = "runs/gallery";

  void run() const {
    const models::ModelFile file = load_model(model);
    SweepPlan plan = plan_sweep(sweep, common);
    const datasets::Dataset samples = load_data(data);
    if (!samples.shape.image) {
      fail_usage("gallery: {} holds points, not images; choose image data such as mnist or digits",
                 samples.name);
    }
    load_training(data, plan);
    if (!sweep.save.empty()) require_savable(sweep.save, samples, plan);
    prepare_folder(output, {"gallery.json"}, common.force);
    Progress progress("gallery", "images", common.quiet);
    const SweepResult result = eval::sweep(file.network, samples, plan, [&](const SweepStatus& s) {
      progress.share(s.share, sweep_note(s));
    });
    progress.pause();
    const reports::Gallery gallery = make_gallery(
        file.network, samples, plan, result, std::max<std::uint64_t>(1, sweep.gallery), output);
    if (gallery.items.empty()) {
      fail_usage(
          "gallery: no sample is right when clean and can be attacked; choose more --samples, "
          "or an attack that is no noise control");
    }
    write_gallery(output, gallery);
    if (!sweep.save.empty()) save(sweep.save, samples, plan, result);
    const auto still =
        std::ranges::count_if(gallery.items, &reports::GalleryItem::still_adversarial);
    fmt::print("{} images, {} of them adversarial as 8-bit PNG\ngallery {}\n", gallery.items.size(),
               still, (std::filesystem::path(output) / "gallery").string());
  }
};

}  // namespace

void add_gallery(CLI::App& root) {
  const auto state = std::make_shared<State>();
  CLI::App* app = root.add_subcommand(
      "gallery",
      "Pictures: clean | perturbation | adversarial, each read back from disk and judged");
  app->add_option("--model", state->model, "FILE.onnx or FILE.onnx.gz");
  add_options(*app, state->sweep.options());
  add_options(*app, state->data.options());
  add_options(*app, state->common.options());
  app->add_option("-o,--output", state->output, "folder; pictures go to its gallery/")
      ->capture_default_str();
  app->callback([state] { state->run(); });
}

}  // namespace gibbon::eval::cli

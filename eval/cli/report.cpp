#include <fmt/format.h>

#include "eval/cli/command.hpp"
#include "eval/gallery.hpp"
#include "eval/run_folder.hpp"
#include "reports/table.hpp"

namespace gibbon::eval::cli {

void add_report(CLI::App& root) {
  const auto folder = std::make_shared<std::string>();
  CLI::App* app = root.add_subcommand(
      "report", "Draw the report of a finished run again, without model or data; prints its table");
  app->add_option("RUN", *folder, "folder of a run")->required();
  app->callback([folder] {
    const reports::Run run = read_run_folder(*folder);
    const auto data = run.provenance.find("data");
    const std::vector<std::string> names = data == run.provenance.end()
                                               ? std::vector<std::string>()
                                               : data->value("classes", std::vector<std::string>());
    prepare_folder(*folder, {}, true);
    write_run(*folder, run, read_gallery(*folder, names));
    fmt::print("{}report {}\n",
               reports::to_table(
                   run, stdout_is_terminal() ? reports::Colour::kAlways : reports::Colour::kNever),
               (std::filesystem::path(*folder) / "report.html").string());
  });
}

}  // namespace gibbon::eval::cli

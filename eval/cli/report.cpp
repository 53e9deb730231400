// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/run_folder.hpp"
#include "reports/figure/figure.hpp"
#include "reports/page/html.hpp"
#include "reports/record/error.hpp"
#include "reports/table/run_csv.hpp"
#include "reports/table/table.hpp"

namespace gibbon::eval::cli {
namespace {

using reports::figure::FigureFile;
using reports::figure::FigureOptions;

constexpr double kMost = 2000.0;  // mm, and points

/// A number of a figure's options, above 0.
double length_in(std::string_view text, const std::string& option, const std::string& whole) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value > 0.0 && value <= kMost)
    return value;
  fail_usage(
      "{} {}: '{}' is not a number in (0, {}]; write for example --size 88x60 (mm) or "
      "--font \"Times New Roman,9\"",
      option, whole, text, kMost);
}

/// "88x60" or "88", in mm.
void set_size(const std::string& text, FigureOptions& options) {
  const std::size_t by = text.find('x');
  const std::string_view size = text;
  options.width = length_in(size.substr(0, by), "--size", text);
  if (by != std::string::npos) options.height = length_in(size.substr(by + 1), "--size", text);
}

/// "Times New Roman", "Times New Roman,9" or ",9".
void set_font(const std::string& text, FigureOptions& options) {
  const std::size_t comma = text.find(',');
  options.font = text.substr(0, comma);
  const bool plain = std::ranges::all_of(options.font, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == ' ' || c == '-' || c == '.' || c >= 0x80U;
  });
  if (!plain) {
    fail_usage(
        "--font {}: a name has letters, digits, blanks, '-' and '.'; write for example "
        "--font \"Times New Roman,9\"",
        text);
  }
  if (comma != std::string::npos)
    options.points = length_in(std::string_view(text).substr(comma + 1), "--font", text);
}

/// What the ending of the output asks for.
enum class Output { kPage, kSvg, kPng, kPdf, kCsv };

Output output_of(const std::string& file) {
  constexpr std::array<std::pair<std::string_view, Output>, 5> kEndings{{{".html", Output::kPage},
                                                                         {".svg", Output::kSvg},
                                                                         {".png", Output::kPng},
                                                                         {".pdf", Output::kPdf},
                                                                         {".csv", Output::kCsv}}};
  for (const auto& [ending, output] : kEndings)
    if (file.ends_with(ending)) return output;
  fail_usage(
      "--output {}: the ending says what is written; allowed are .html, .svg, .png, .pdf and "
      ".csv",
      file);
}

/// A run as it was read, with its pictures.
struct Read {
  reports::record::Run run;
  reports::record::Gallery gallery;
};

class ReportCommand {
 public:
  explicit ReportCommand(Parser root)
      : app_(root.command("report",
                          "Redraw the report of a finished run, without model or data, and print "
                          "its table. Several runs are compared on one page or in one figure")) {
    app_.option("RUN", folders_, "folders of runs").required();
    app_.option("-o,--output", output_,
                "FILE.html: a page; FILE.svg, .png, .pdf: the figure; FILE.csv: its numbers; "
                "required for several runs. By default, the folder of the run is redrawn");
    app_.option("--title", title_,
                "line above the figure; \"\" for none; by default, model and data, and none in a "
                "PDF");
    app_.option("--size", size_, "of the figure in mm: WIDTHxHEIGHT or WIDTH; PDF: 88");
    app_.option("--font", font_, "of the figure: NAME, or NAME,POINTS; by default DejaVu Sans");
  }

  [[nodiscard]] Parser parser() const { return app_; }

  void run() const {
    if (output_.empty()) {
      if (folders_.size() > 1) {
        fail_usage(
            "report: a page of {} runs needs --output, for example "
            "--output together.html",
            folders_.size());
      }
      require_figure(false);
      return redraw();
    }
    const Output output = output_of(output_);
    require_figure(output != Output::kPage && output != Output::kCsv);
    const FigureOptions options = figure_options();
    const std::filesystem::path file = output_;
    require_writable_folder(file.has_parent_path() ? file.parent_path() : ".");
    write(output, options);
  }

 private:
  /// Options that nobody would read are errors.
  void require_figure(bool is_figure) const {
    for (const char* option : {"--title", "--size", "--font"}) {
      if (is_figure || !app_.given(option)) continue;
      fail_usage("{}: of a figure; give --output FILE.pdf, FILE.svg or FILE.png", option);
    }
  }

  [[nodiscard]] FigureOptions figure_options() const {
    FigureOptions options{.title = title_};
    if (!size_.empty()) set_size(size_, options);
    if (!font_.empty()) set_font(font_, options);
    return options;
  }

  void redraw() const {
    const std::filesystem::path folder = folders_.front();
    const runs::RunLock lock = lock_folder(folder, {});
    reports::record::Run run = runs::read_run_folder(folder);
    runs::prepare_folder(folder, {}, true);
    runs::draw_run(folder, run, runs::read_run_gallery(folder, run));
    print_table(run);
    fmt::print("report {}\n", printable((folder / "report.html").string()));
  }

  void write(Output output, const FigureOptions& options) const {
    std::vector<Read> all;
    for (const std::string& folder : folders_) {
      Read& read = all.emplace_back(Read{.run = runs::read_run_folder(folder), .gallery = {}});
      if (output == Output::kPage) read.gallery = runs::read_run_gallery(folder, read.run);
    }
    std::vector<reports::page::PageRun> pages;
    pages.reserve(all.size());
    for (const Read& read : all) pages.push_back({.run = &read.run, .gallery = &read.gallery});
    write_atomically(output_, bytes_of(output, pages, options));
    for (const Read& read : all) print_table(read.run);
    fmt::print("{} {}\n",
               output == Output::kPage  ? "report"
               : output == Output::kCsv ? "numbers"
                                        : "figure",
               printable(output_));
  }

  static std::string bytes_of(Output output, std::span<const reports::page::PageRun> pages,
                              const FigureOptions& options) {
    if (output == Output::kPage) return reports::page::to_html(pages, runs::chart_of(pages));
    std::vector<reports::record::NamedRun> named;
    for (std::size_t r = 0; r < pages.size(); ++r)
      named.push_back({.name = reports::page::run_name(pages, r), .run = pages[r].run});
    if (output == Output::kCsv) return reports::table::to_curves_csv(named);
    const FigureFile file = output == Output::kSvg   ? FigureFile::kSvg
                            : output == Output::kPng ? FigureFile::kPng
                                                     : FigureFile::kPdf;
    try {
      return reports::figure::draw(named, file, options);
    } catch (const reports::record::Error& error) {
      fail_input("{}", error.what());
    }
  }

  static void print_table(const reports::record::Run& run) {
    fmt::print("{}", reports::table::to_table(run, screen()));
  }

  Parser app_;
  std::vector<std::string> folders_;
  std::string output_;
  std::optional<std::string> title_;
  std::string size_;
  std::string font_;
};

}  // namespace

void add_report(Parser root) {
  const auto command = std::make_shared<ReportCommand>(root);
  command->parser().run([command] { return command->run(); });
}

}  // namespace gibbon::eval::cli

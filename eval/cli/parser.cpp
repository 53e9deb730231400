// SPDX-License-Identifier: MIT
#include "eval/cli/parser.hpp"

#include <charconv>
#include <fmt/format.h>
#include <map>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "eval/cli/choices.hpp"
#include "eval/cli/help.hpp"

namespace gibbon::eval::cli {
namespace {

Argument describe_option(const CLI::Option& option, const std::string& command) {
  Argument out{.help = option.get_description(),
               .standard = option.get_default_str(),
               .group = option.get_group(),
               .required = option.get_required(),
               .repeatable = option.get_expected_max() > 1};
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  if (out.names.empty()) out.names.push_back(option.get_name(true));
  if (option.get_expected_max() == 0) return out;
  if (out.standard.starts_with('[')) out.standard = out.standard.substr(1, out.standard.size() - 2);
  out.type = option.get_type_name();
  out.type = out.type.substr(0, out.type.find(':'));  // of "UINT:SIZE [b, kb, …]"
  out.choices = choices(command, out.names.back());
  out.value = !out.choices.empty() ? Value::kChoice
              : out.type == "TEXT" ? Value::kText
                                   : Value::kNumber;
  return out;
}

Command describe_app(const CLI::App& app, const std::string& name) {
  Command out{.name = name,
              .help = app.get_description(),
              .group = app.get_group(),
              .footer = app.get_footer()};
  for (const CLI::Option* option : app.get_options()) {
    (option->nonpositional() ? out.options : out.words).push_back(describe_option(*option, name));
  }
  for (const CLI::App* below : app.get_subcommands({})) {
    out.commands.push_back(
        describe_app(*below, name.empty() ? below->get_name() : name + " " + below->get_name()));
  }
  return out;
}

/// What the values of an option are, by CLI11's name of their type.
std::string_view meaning_of(std::string_view type) {
  if (type.starts_with("FLOAT")) return "a number, such as 0.5 or 1e-3";
  return type.starts_with("UINT") ? "a whole number from 0 on" : "a whole number";
}

/// "--lr fast: not a number, …" of CLI11's "Could not convert: --lr = fast"; empty for other texts.
std::string unconverted(const CLI::App& app, std::string_view what) {
  constexpr std::string_view kBegin = "Could not convert: ";
  constexpr std::string_view kBetween = " = ";
  if (!what.starts_with(kBegin)) return {};
  what.remove_prefix(kBegin.size());
  const std::size_t end = std::min(what.find(kBetween), what.size());
  const std::string name(what.substr(0, end));
  const std::string value(what.substr(std::min(end + kBetween.size(), what.size())));
  const CLI::Option* option = app.get_option_no_throw(name);
  if (option == nullptr) return {};
  return fmt::format("{} {}: not {}", name, value, meaning_of(option->get_type_name()));
}

/// CLI11's text, with the nearest known option or command for what it did not expect.
int usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* app = &program;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  std::vector<std::string> known;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::App* command : app->get_subcommands({})) known.push_back(command->get_name());
  std::string what = unconverted(*app, error.what());
  if (what.empty()) what = error.what();
  std::string hint;
  for (const std::string& word : app->remaining()) {
    hint = did_you_mean(word, known);
    if (app == &program) what = fmt::format("unknown command '{}'", word);
    if (!hint.empty()) break;
  }
  fmt::print(stderr, "gibbon: {}{}\nSee '{} --help'.\n", printable(what), hint,
             app == &program ? "gibbon" : "gibbon " + app->get_name());
  return static_cast<int>(ErrorKind::kUsage);
}

/// CLI11 reads -3 as 2^64 - 3.
CLI::Option* not_negative(CLI::Option* option) {
  const auto refuse = [](const std::string& value) {
    return value.starts_with('-') ? fmt::format("{} is not {}", value, meaning_of("UINT"))
                                  : std::string();
  };
  return option->check(refuse, "", "");
}

void add_size(CLI::App& app, const std::string& names, const std::string& standard,
              const std::string& help, const std::function<void(std::uint64_t)>& take) {
  for (CLI::App* command : app.get_subcommands({})) add_size(*command, names, standard, help, take);
  if (!app.get_subcommands({}).empty()) return;
  app.add_option_function<std::uint64_t>(names, take, help)
      ->transform(CLI::AsSizeValue(false))
      ->default_str(standard);
}

void add_flag(CLI::App& app, const std::string& names, const std::string& help,
              const std::function<void()>& take) {
  for (CLI::App* command : app.get_subcommands({})) add_flag(*command, names, help, take);
  if (app.get_subcommands({}).empty()) app.add_flag_callback(names, take, help);
}

/// As typed. Budgets are one or many.
std::string names_of(std::string_view option) {
  if (option == "quiet") return "-q,--quiet";
  if (option == "epsilons") return "--epsilons,--epsilon";
  return "--" + std::string(option);
}

}  // namespace

ParsedOption& ParsedOption::required() {
  option_->required();
  return *this;
}

ParsedOption& ParsedOption::shows_default() {
  option_->capture_default_str();
  return *this;
}

ParsedOption& ParsedOption::one_each() {
  option_->allow_extra_args(false);
  return *this;
}

ParsedOption& ParsedOption::needs(const std::string& other) {
  option_->needs(other);
  return *this;
}

ParsedOption& ParsedOption::under(const std::string& heading) {
  option_->group(heading);
  return *this;
}

ParsedOption& ParsedOption::takes_durations() {
  const auto to_seconds = [](std::string& text) -> std::string {
    static const std::map<std::string_view, double> kUnits{
        {"", 1.0}, {"ms", 1e-3}, {"s", 1.0}, {"m", 60.0}, {"min", 60.0}, {"h", 3600.0}};
    double number = 0.0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const auto unit = kUnits.find({rest, end});
    if (error != std::errc() || unit == kUnits.end()) {
      return fmt::format("{} is no time; write seconds, or 500ms, 90s, 5m, 1.5h", text);
    }
    text = fmt::format("{}", number * unit->second);
    return {};
  };
  option_->transform(CLI::Validator(to_seconds, ""));
  return *this;
}

bool ParsedOption::given() const { return option_->count() > 0; }

Parser Parser::command(const std::string& name, const std::string& help) {
  return {app_->add_subcommand(name, help), status_};
}

ParsedOption Parser::option(const std::string& names, std::string& value, const std::string& help) {
  return ParsedOption(app_->add_option(names, value, help));
}

ParsedOption Parser::option(const std::string& names, double& value, const std::string& help) {
  return ParsedOption(app_->add_option(names, value, help));
}

ParsedOption Parser::option(const std::string& names, int& value, const std::string& help) {
  return ParsedOption(app_->add_option(names, value, help));
}

ParsedOption Parser::option(const std::string& names, std::uint64_t& value,
                            const std::string& help) {
  return ParsedOption(not_negative(app_->add_option(names, value, help)));
}

ParsedOption Parser::option(const std::string& names, std::vector<std::string>& value,
                            const std::string& help) {
  return ParsedOption(app_->add_option(names, value, help));
}

ParsedOption Parser::option(const std::string& names, std::optional<std::string>& value,
                            const std::string& help) {
  return ParsedOption(app_->add_option(names, value, help));
}

ParsedOption Parser::option(const std::string& names, std::optional<std::uint64_t>& value,
                            const std::string& help) {
  return ParsedOption(not_negative(app_->add_option(names, value, help)));
}

ParsedOption Parser::flag(const std::string& names, bool& value, const std::string& help) {
  return ParsedOption(app_->add_flag(names, value, help));
}

void Parser::options(const std::vector<runs::Option>& options, const std::string& heading) {
  const auto under = [&](ParsedOption added) {
    if (!heading.empty()) added.under(heading);
    return added;
  };
  for (const runs::Option& one : options) {
    const std::string name = names_of(one.name);
    const std::string help(one.help);
    std::visit(
        [&]<class Bound>(Bound* value) {
          if constexpr (std::is_same_v<Bound, bool>) {
            under(flag(name, *value, help));
          } else {
            ParsedOption added = under(option(name, *value, help)).shows_default();
            if constexpr (std::is_same_v<Bound, std::vector<std::string>>) added.one_each();
            if constexpr (std::is_same_v<Bound, double>) {
              if (one.duration) added.takes_durations();
            }
          }
        },
        one.value);
  }
}

void Parser::size_everywhere(const std::string& names, const std::string& standard,
                             const std::string& help,
                             const std::function<void(std::uint64_t)>& take) {
  add_size(*app_, names, standard, help, take);
}

void Parser::flag_everywhere(const std::string& names, const std::string& help,
                             const std::function<void()>& take) {
  add_flag(*app_, names, help, take);
}

void Parser::footer(const std::string& text) { app_->footer(text); }

void Parser::name_group(const std::string& heading) {
  for (CLI::App* command : app_->get_subcommands({})) {
    if (command->get_group() == "Subcommands") command->group(heading);
  }
}

void Parser::needs_command() { app_->require_subcommand(1); }

void Parser::call(std::function<int()> work) {
  app_->callback([work = std::move(work), status = status_] { *status = work(); });
}

std::vector<std::string> Parser::given() const {
  std::vector<std::string> out;
  for (const CLI::Option* option : app_->get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    out.push_back(option->get_lnames().front());
  }
  return out;
}

bool Parser::given(const std::string& name) const { return app_->count(name) > 0; }

Command Parser::describe() const { return describe_app(*app_, ""); }

Program::Program(const std::string& name, const std::string& help, const std::string& version)
    : app_(std::make_unique<CLI::App>(help)) {
  app_->name(name);
  app_->set_version_flag("-V,--version", version, "print the version");
  app_->set_help_flag("-h,--help", "print this help");
}

Program::~Program() = default;

int Program::run(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
  } catch (const CLI::CallForHelp&) {
    const CLI::App* app = app_.get();
    std::string name;
    while (!app->get_subcommands().empty()) {
      app = app->get_subcommands().front();
      name += (name.empty() ? "" : " ") + app->get_name();
    }
    fmt::print("{}", help_on_screen(describe_app(*app, name)));
  } catch (const CLI::ParseError& error) {
    return usage_error(*app_, error);
  }
  return status_;
}

}  // namespace gibbon::eval::cli

// SPDX-License-Identifier: Apache-2.0
#include "usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "text.h"
#include "tree.h"

namespace bailee::tool {
namespace {

size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}

std::vector<const CLI::App*> Children(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> NamesOf(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

const CLI::Option* FindOption(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    if (const CLI::Option* option = app->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// Only what looks like a word of ours is repeated in a message.
bool IsPlainWord(const std::string& word) {
  return word.size() <= 32 && std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || c == '-';
         });
}

std::string CommandLineOf(const CLI::App& app) {
  const std::string path = Describe(app).path;
  return path.empty() ? "bailee" : "bailee " + path;
}

Status UnknownCommand(const CLI::App& group, const std::string& word) {
  const std::vector<std::string> names = NamesOf(Children(group));
  const std::string near = NearestWord(word, names);
  std::string message = IsPlainWord(word)
                            ? fmt::format("{} has no command \"{}\"", CommandLineOf(group), word)
                            : fmt::format("{} has no such command", CommandLineOf(group));
  std::string hint = near.empty() ? "its commands are " + Join(names)
                                  : fmt::format("did you mean {} {}?", CommandLineOf(group), near);
  return {Code::kUsage, "usage.unknown-command", std::move(message), std::move(hint)};
}

Status UnknownOption(const CLI::App& app, const std::string& name) {
  const std::string near = NearestWord(name, OptionNames(&app));
  std::string message = IsPlainWord(name)
                            ? fmt::format("{} has no option {}", CommandLineOf(app), name)
                            : fmt::format("{} has no such option", CommandLineOf(app));
  std::string hint = near.empty() ? fmt::format("see {} --help", CommandLineOf(app))
                                  : fmt::format("did you mean {}?", near);
  return {Code::kUsage, "usage.unknown-option", std::move(message), std::move(hint)};
}

}  // namespace

std::string NearestWord(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.size() > 64) return {};
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Status CheckWords(const CLI::App& root, const std::vector<std::string>& arguments) {
  const CLI::App* app = &root;
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    if (word.size() > 1 && word.front() == '-') {
      const bool is_long = word[1] == '-';
      const size_t equals = word.find('=');
      const std::string name = is_long ? word.substr(0, equals) : word.substr(0, 2);
      const CLI::Option* option = FindOption(app, name);
      if (option == nullptr) return UnknownOption(*app, name);
      const bool value_apart = is_long ? equals == std::string::npos : word.size() == 2;
      if (option->get_items_expected_max() > 0 && value_apart) ++i;
      continue;
    }
    const std::vector<const CLI::App*> children = Children(*app);
    if (children.empty()) continue;  // a positional
    const auto child = std::find_if(children.begin(), children.end(),
                                    [&](const CLI::App* each) { return each->get_name() == word; });
    if (child == children.end()) return UnknownCommand(*app, word);
    app = *child;
  }
  return {};
}

const CLI::App* DeepestParsed(const CLI::App& root) {
  const CLI::App* app = &root;
  while (true) {
    const auto parsed =
        app->get_subcommands([](const CLI::App* child) { return child->count_all() > 0; });
    if (parsed.empty()) return app;
    app = parsed.front();
  }
}

Status UsageError(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& command = *DeepestParsed(root);
  const std::string what = error.what();
  const std::string subject = what.substr(0, what.find(": "));
  const std::string hint = "usage: " + UsageLine(Describe(command));
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return {Code::kUsage, "usage.missing", what, hint};
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return {Code::kUsage, "usage.too-many", "there is an argument too many", hint};
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) {
    return {Code::kUsage, "usage.excludes", what, hint};
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return {Code::kUsage, "usage.value-missing", subject + ": its value is missing", hint};
  }
  return {Code::kUsage, "usage.value", subject + ": not a value it takes", hint};
}

Status MissingCommand(const CLI::App& root) {
  const CLI::App& group = *DeepestParsed(root);
  return {Code::kUsage, "usage.no-command", fmt::format("{} needs a command", CommandLineOf(group)),
          "its commands are " + Join(NamesOf(Children(group)))};
}

}  // namespace bailee::tool

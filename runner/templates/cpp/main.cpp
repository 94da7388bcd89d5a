// The command `{{name}}`.
#include "plugin.hpp"
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

plugin::Manifest plugin::describe() {
  return {
      .name = "{{name}}",
      .version = "0.1.0",
      .summary = "Greet somebody",
      .arguments =
          {
              {.name = "name", .help = "Whom to greet", .shape = Shape::positional, .initial = "world"},
              {.name = "greeting",
               .help = "What to say",
               .shape = Shape::option,
               .initial = "Hello",
               .placeholder = "TEXT",
               .configuration_key = "greeting"},
              {.name = "from",
               .help = "Take the name from this file instead",
               .shape = Shape::option,
               .type = Path{PathKind::file, Access::read},
               .placeholder = "FILE"},
              {.name = "loud", .help = "In capitals"},
          },
  };
}

static std::string read_name(const std::string &path) {
  using plugin::Failure, plugin::FailureKind;
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) throw Failure(FailureKind::failed, "cannot read " + path + ": " + std::strerror(errno), "name a text file");
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

uint8_t plugin::run(const Invocation &invocation) {
  auto from = invocation.get<std::string>("from");
  std::string name = from ? read_name(*from) : invocation.get<std::string>("name").value();
  if (name.empty()) throw Failure(FailureKind::usage, "there is nobody to greet");
  log(Level::info, "greeting", {{"name", name}});
  report("greeting", 1, 1);
  std::string line = invocation.get<std::string>("greeting").value() + ", " + name + "!";
  if (invocation.get<bool>("loud").value())
    std::ranges::transform(line, line.begin(), [](unsigned char c) { return std::toupper(c); });
  std::cout << line << '\n';
  return 0;
}

// The command `{{name}}`.
#include "plugin.hpp"
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

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

// zig's C++ library has no <fstream> on WASI, but C's files are there.
static std::string read_name(const std::string &path) {
  using plugin::Failure, plugin::FailureKind;
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  for (int c; file && (c = std::getc(file.get())) != EOF;) text += static_cast<char>(c);
  if (!file || std::ferror(file.get()))
    throw Failure(FailureKind::failed, "cannot read " + path + ": " + std::strerror(errno), "name a text file");
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
  std::puts(line.c_str());
  return 0;
}

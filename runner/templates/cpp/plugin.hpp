// The contract of taskrunner's plugins (wit/command.wit says what it means) in C++, over the bindings for C.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace plugin {

// ---- What a command says of itself ----

struct Text {};
struct Integer {
  std::optional<int64_t> min = {}, max = {};
};
struct Number {};
struct Choice {
  std::vector<std::string> words;
};
enum class PathKind : uint8_t { file, directory };
enum class Access : uint8_t { read, write };
struct Path {
  PathKind kind;
  Access access;
};
using Type = std::variant<Text, Integer, Number, Choice, Path>;

enum class Shape : uint8_t { flag, option, positional };

// The names of C++ are taken: `default` is `initial` here, `short` is `letter`.
struct Argument {
  std::string name, help;
  Shape shape = Shape::flag;
  Type type = Text{};
  bool required = false, repeated = false;
  char letter = 0;
  std::optional<std::string> initial = {}, placeholder = {}, configuration_key = {};
};

enum class Capability : uint8_t { read, write, environment, connect, udp, resolve, http };

struct Request {
  Capability capability;
  std::string what, reason;
};

struct Manifest {
  std::string name, version, summary;
  std::optional<std::string> description = {};
  std::vector<Argument> arguments = {};
  std::optional<std::string> configuration_schema = {};
  std::vector<Request> requests = {};
};

// ---- What it is given ----

enum class Source : uint8_t { command_line, environment, configuration, initial };

// A text, a choice and a path are all strings.
using Value = std::variant<bool, std::string, int64_t, double>;

struct Values {
  std::vector<Value> values;
  Source source;
};

struct Invocation {
  std::string command;
  std::vector<std::string> raw_arguments;
  std::map<std::string, Values, std::less<>> arguments;
  std::string configuration;
  uint32_t attempt;

  // The only value of an argument: of type bool, std::string, int64_t or double.
  template <class T> std::optional<T> get(std::string_view name) const {
    auto found = arguments.find(name);
    if (found == arguments.end() || found->second.values.empty()) return {};
    return std::get<T>(found->second.values.front());
  }
};

// ---- How it fails, and what it tells meanwhile ----

enum class FailureKind : uint8_t { usage, configuration, retryable, failed };

// Thrown by `run`, it is the failure that the runner shows. Any other exception is one of the kind `failed`.
struct Failure : std::runtime_error {
  FailureKind kind;
  std::string hint;

  Failure(FailureKind kind, const std::string &message, std::string hint = {})
      : std::runtime_error(message), kind(kind), hint(std::move(hint)) {}
};

enum class Level : uint8_t { trace, debug, info, warn, error };

using Fields = std::vector<std::pair<std::string, std::string>>;

void log(Level level, std::string_view message, const Fields &fields = {});
void report(std::string_view message, uint64_t done, std::optional<uint64_t> total = {});

// ---- What a command defines ----

Manifest describe();
uint8_t run(const Invocation &invocation);

} // namespace plugin

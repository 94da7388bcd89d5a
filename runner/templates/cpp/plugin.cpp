// Between plugin.hpp and the bindings for C: nothing here is the command's own. What is handed over is
// allocated as the bindings free it.
#include "plugin.hpp"
#include "command.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

command_string_t borrowed(std::string_view text) {
  return {reinterpret_cast<uint8_t *>(const_cast<char *>(text.data())), text.size()};
}

command_string_t copied(std::string_view text) {
  command_string_t copy;
  command_string_dup_n(&copy, text.data(), text.size());
  return copy;
}

command_option_string_t copied_if(const std::optional<std::string> &text) {
  if (!text) return {};
  return {true, copied(*text)};
}

std::string string(const command_string_t &text) {
  return {reinterpret_cast<const char *>(text.ptr), text.len};
}

// The items as a list of the contract, each made by `make`.
template <class List, class Items, class Make> List list(const Items &items, Make make) {
  using Item = std::remove_pointer_t<decltype(List::ptr)>;
  List list = {static_cast<Item *>(std::calloc(items.size() + 1, sizeof(Item))), items.size()};
  if (!list.ptr) std::abort();
  for (size_t i = 0; i < items.size(); i++) list.ptr[i] = make(items[i]);
  if (items.empty()) std::free(list.ptr);
  return list;
}

command_option_s64_t bound(std::optional<int64_t> bound) { return {bound.has_value(), bound.value_or(0)}; }

taskrunner_plugin_types_value_type_t lower(const plugin::Type &type) {
  taskrunner_plugin_types_value_type_t lowered = {.tag = static_cast<uint8_t>(type.index()), .val = {}};
  if (auto *integer = std::get_if<plugin::Integer>(&type)) {
    lowered.val.integer = {bound(integer->min), bound(integer->max)};
  } else if (auto *choice = std::get_if<plugin::Choice>(&type)) {
    lowered.val.choice =
        list<command_list_string_t>(choice->words, [](const std::string &word) { return copied(word); });
  } else if (auto *path = std::get_if<plugin::Path>(&type)) {
    lowered.val.path = {static_cast<uint8_t>(path->kind), static_cast<uint8_t>(path->access)};
  }
  return lowered;
}

taskrunner_plugin_types_argument_spec_t lower(const plugin::Argument &argument) {
  taskrunner_plugin_types_argument_spec_t lowered = {
      .name = copied(argument.name),
      .short_ = {argument.letter != 0, static_cast<uint32_t>(argument.letter)},
      .help = copied(argument.help),
      .shape = {.tag = static_cast<uint8_t>(argument.shape), .val = {}},
      .configuration_key = copied_if(argument.configuration_key),
  };
  if (argument.shape != plugin::Shape::flag)
    lowered.shape.val.option = { // the same as `positional`
        .type = lower(argument.type),
        .required = argument.required,
        .repeated = argument.repeated,
        .default_ = copied_if(argument.initial),
        .placeholder = copied_if(argument.placeholder),
    };
  return lowered;
}

taskrunner_plugin_types_request_t lower(const plugin::Request &request) {
  taskrunner_plugin_types_request_t lowered = {
      .capability = {.tag = static_cast<uint8_t>(request.capability), .val = {}}, .reason = copied(request.reason)};
  lowered.capability.val.read = copied(request.what); // the same as all others
  return lowered;
}

plugin::Value lift(const taskrunner_plugin_types_argument_value_t &value) {
  switch (value.tag) {
  case TASKRUNNER_PLUGIN_TYPES_ARGUMENT_VALUE_FLAG: return value.val.flag;
  case TASKRUNNER_PLUGIN_TYPES_ARGUMENT_VALUE_INTEGER: return value.val.integer;
  case TASKRUNNER_PLUGIN_TYPES_ARGUMENT_VALUE_NUMBER: return value.val.number;
  default: return string(value.val.text); // or a path
  }
}

plugin::Invocation lift(const taskrunner_plugin_types_invocation_t &given) {
  plugin::Invocation invocation = {
      string(given.command), {}, {}, string(given.configuration), given.attempt};
  for (size_t i = 0; i < given.raw_arguments.len; i++)
    invocation.raw_arguments.push_back(string(given.raw_arguments.ptr[i]));
  for (size_t i = 0; i < given.arguments.len; i++) {
    const auto &argument = given.arguments.ptr[i];
    plugin::Values values = {{}, static_cast<plugin::Source>(argument.source)};
    for (size_t j = 0; j < argument.values.len; j++) values.values.push_back(lift(argument.values.ptr[j]));
    invocation.arguments.emplace(string(argument.name), std::move(values));
  }
  return invocation;
}

exports_taskrunner_plugin_guest_failure_t lower(plugin::FailureKind kind, std::string_view message,
                                                std::string_view hint = {}) {
  std::optional<std::string> shown;
  if (!hint.empty()) shown = hint;
  return {static_cast<uint8_t>(kind), copied(message), copied_if(shown)};
}

} // namespace

namespace plugin {

void log(Level level, std::string_view message, const Fields &fields) {
  std::vector<command_tuple2_string_string_t> pairs;
  for (const auto &[name, value] : fields) pairs.push_back({borrowed(name), borrowed(value)});
  command_string_t text = borrowed(message);
  command_list_tuple2_string_string_t list = {pairs.data(), pairs.size()};
  taskrunner_plugin_log_log(static_cast<uint8_t>(level), &text, &list);
}

void report(std::string_view message, uint64_t done, std::optional<uint64_t> total) {
  command_string_t text = borrowed(message);
  taskrunner_plugin_progress_report(&text, done, total ? &*total : nullptr);
}

} // namespace plugin

void exports_taskrunner_plugin_guest_describe(exports_taskrunner_plugin_guest_manifest_t *ret) {
  plugin::Manifest manifest = plugin::describe();
  *ret = {
      .name = copied(manifest.name),
      .version = copied(manifest.version),
      .summary = copied(manifest.summary),
      .description = copied_if(manifest.description),
      .arguments = list<taskrunner_plugin_types_list_argument_spec_t>(
          manifest.arguments, [](const plugin::Argument &argument) { return lower(argument); }),
      .configuration_schema = copied_if(manifest.configuration_schema),
      .requests = list<taskrunner_plugin_types_list_request_t>(
          manifest.requests, [](const plugin::Request &request) { return lower(request); }),
  };
}

bool exports_taskrunner_plugin_guest_run(exports_taskrunner_plugin_guest_invocation_t *given, uint8_t *code,
                                         exports_taskrunner_plugin_guest_failure_t *failure) {
  bool succeeded = false;
  try {
    plugin::Invocation invocation = lift(*given);
    exports_taskrunner_plugin_guest_invocation_free(given);
    *code = plugin::run(invocation);
    succeeded = true;
  } catch (const plugin::Failure &thrown) {
    *failure = lower(thrown.kind, thrown.what(), thrown.hint);
  } catch (const std::exception &thrown) {
    *failure = lower(plugin::FailureKind::failed, thrown.what());
  } catch (...) {
    *failure = lower(plugin::FailureKind::failed, "an exception of an unknown type");
  }
  // A plugin has no end at which C would write what is buffered.
  std::fflush(nullptr);
  return succeeded;
}

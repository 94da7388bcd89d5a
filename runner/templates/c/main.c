// The command `{{name}}`, on the bindings that wit-bindgen makes of wit/command.wit.
#include "build/gen/command.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef exports_taskrunner_plugin_guest_failure_t failure_t;
typedef exports_taskrunner_plugin_guest_invocation_t invocation_t;
typedef exports_taskrunner_plugin_guest_manifest_t manifest_t;
typedef taskrunner_plugin_types_argument_spec_t argument_t;
typedef taskrunner_plugin_types_argument_value_t value_t;

static void set(command_option_string_t *text, const char *to) {
  text->is_some = true;
  command_string_dup(&text->val, to);
}

// The bindings free the manifest after use: each text is a copy, and the list of arguments is allocated.
void exports_taskrunner_plugin_guest_describe(manifest_t *manifest) {
  *manifest = (manifest_t){0};
  command_string_dup(&manifest->name, "{{name}}");
  command_string_dup(&manifest->version, "0.1.0");
  command_string_dup(&manifest->summary, "Greet somebody");

  argument_t *arguments = calloc(4, sizeof *arguments);
  if (!arguments) abort();
  manifest->arguments.ptr = arguments;
  manifest->arguments.len = 4;

  command_string_dup(&arguments[0].name, "name");
  command_string_dup(&arguments[0].help, "Whom to greet");
  arguments[0].shape.tag = TASKRUNNER_PLUGIN_TYPES_ARGUMENT_SHAPE_POSITIONAL;
  arguments[0].shape.val.positional.type.tag = TASKRUNNER_PLUGIN_TYPES_VALUE_TYPE_TEXT;
  set(&arguments[0].shape.val.positional.default_, "world");

  command_string_dup(&arguments[1].name, "greeting");
  command_string_dup(&arguments[1].help, "What to say");
  arguments[1].shape.tag = TASKRUNNER_PLUGIN_TYPES_ARGUMENT_SHAPE_OPTION;
  arguments[1].shape.val.option.type.tag = TASKRUNNER_PLUGIN_TYPES_VALUE_TYPE_TEXT;
  set(&arguments[1].shape.val.option.default_, "Hello");
  set(&arguments[1].shape.val.option.placeholder, "TEXT");
  set(&arguments[1].configuration_key, "greeting");

  command_string_dup(&arguments[2].name, "from");
  command_string_dup(&arguments[2].help, "Take the name from this file instead");
  arguments[2].shape.tag = TASKRUNNER_PLUGIN_TYPES_ARGUMENT_SHAPE_OPTION;
  arguments[2].shape.val.option.type.tag = TASKRUNNER_PLUGIN_TYPES_VALUE_TYPE_PATH;
  arguments[2].shape.val.option.type.val.path.kind = TASKRUNNER_PLUGIN_TYPES_PATH_KIND_FILE;
  arguments[2].shape.val.option.type.val.path.access = TASKRUNNER_PLUGIN_TYPES_PATH_ACCESS_READ;
  set(&arguments[2].shape.val.option.placeholder, "FILE");

  command_string_dup(&arguments[3].name, "loud");
  command_string_dup(&arguments[3].help, "In capitals");
  arguments[3].shape.tag = TASKRUNNER_PLUGIN_TYPES_ARGUMENT_SHAPE_FLAG;
}

// A text of the contract as one of C, which the caller frees.
static char *c_string(const command_string_t *text) {
  char *copy = strndup(text->len ? (const char *)text->ptr : "", text->len);
  if (!copy) abort();
  return copy;
}

// The only value of the argument, or NULL.
static const value_t *value(const invocation_t *invocation, const char *name) {
  for (size_t i = 0; i < invocation->arguments.len; i++) {
    const taskrunner_plugin_types_argument_t *argument = &invocation->arguments.ptr[i];
    if (argument->name.len == strlen(name) && !memcmp(argument->name.ptr, name, argument->name.len))
      return argument->values.len ? argument->values.ptr : NULL;
  }
  return NULL;
}

static bool fail(failure_t *failure, int kind, const char *message, const char *hint) {
  *failure = (failure_t){.kind = kind};
  command_string_dup(&failure->message, message);
  if (hint) set(&failure->hint, hint);
  return false;
}

static char *read_name(const char *path, failure_t *failure) {
  char *text = NULL;
  size_t room = 0;
  FILE *file = fopen(path, "rb");
  bool read = file && (getdelim(&text, &room, '\0', file) >= 0 || !ferror(file));
  if (!read) {
    char *message;
    if (asprintf(&message, "cannot read %s: %s", path, strerror(errno)) < 0) abort();
    fail(failure, TASKRUNNER_PLUGIN_TYPES_FAILURE_KIND_FAILED, message, "name a text file");
    free(message), free(text);
  } else if (!text && !(text = strdup(""))) {
    abort();
  }
  if (file) fclose(file);
  if (!read) return NULL;
  for (size_t end = strlen(text); end > 0 && isspace((unsigned char)text[end - 1]); end--) text[end - 1] = '\0';
  return text;
}

static void greet(const char *greeting, const char *name, bool loud) {
  command_tuple2_string_string_t field;
  command_string_set(&field.f0, "name");
  command_string_set(&field.f1, name);
  command_string_t text;
  command_string_set(&text, "greeting");
  taskrunner_plugin_log_log(TASKRUNNER_PLUGIN_LOG_LEVEL_INFO, &text, &(command_list_tuple2_string_string_t){&field, 1});
  taskrunner_plugin_progress_report(&text, 1, &(uint64_t){1});

  char *line;
  if (asprintf(&line, "%s, %s!", greeting, name) < 0) abort();
  for (char *c = line; loud && *c; c++) *c = (char)toupper((unsigned char)*c);
  puts(line);
  free(line);
}

bool exports_taskrunner_plugin_guest_run(invocation_t *invocation, uint8_t *code, failure_t *failure) {
  const value_t *from = value(invocation, "from");
  char *path = from ? c_string(&from->val.path) : NULL;
  char *name = path ? read_name(path, failure) : c_string(&value(invocation, "name")->val.text);
  char *greeting = c_string(&value(invocation, "greeting")->val.text);
  bool ok = name != NULL;
  if (ok && !*name) {
    ok = fail(failure, TASKRUNNER_PLUGIN_TYPES_FAILURE_KIND_USAGE, "there is nobody to greet", NULL);
  } else if (ok) {
    greet(greeting, name, value(invocation, "loud")->val.flag);
  }
  free(greeting), free(name), free(path);
  exports_taskrunner_plugin_guest_invocation_free(invocation);
  fflush(stdout); // A plugin has no end at which C would write what is buffered.
  *code = 0;
  return ok;
}

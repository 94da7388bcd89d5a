// Package export_taskrunner_plugin_guest is what the generated bindings call: it leads to the
// command, and turns its panics into failures. There is nothing to edit here.
package export_taskrunner_plugin_guest

import (
	"fmt"

	"example.com/{{name}}/bindings/imports/taskrunner_plugin_types"
	"example.com/{{name}}/command"
	"go.bytecodealliance.org/pkg/wit/types"
)

// Describe says what the plugin is.
func Describe() taskrunner_plugin_types.Manifest { return command.Describe() }

// Run runs the command.
func Run(invocation taskrunner_plugin_types.Invocation) (result wit_types.Result[uint8, taskrunner_plugin_types.Failure]) {
	defer func() {
		if panicked := recover(); panicked != nil {
			result = wit_types.Err[uint8](taskrunner_plugin_types.Failure{
				Kind:    taskrunner_plugin_types.FailureKind_Failed,
				Message: fmt.Sprintf("panic: %v", panicked),
				Hint:    wit_types.None[string](),
			})
		}
	}()
	return command.Run(invocation)
}

// Package command greets.
package command

import (
	"fmt"
	"os"
	"strings"

	. "example.com/{{name}}/bindings/imports/taskrunner_plugin_log"
	"example.com/{{name}}/bindings/imports/taskrunner_plugin_progress"
	. "example.com/{{name}}/bindings/imports/taskrunner_plugin_types"
	. "go.bytecodealliance.org/pkg/wit/types"
)

// Describe says what the plugin is.
func Describe() Manifest {
	return Manifest{
		Name:        "{{name}}",
		Version:     "0.1.0",
		Summary:     "Greet somebody",
		Description: None[string](),
		Arguments: []ArgumentSpec{
			{
				Name: "name",
				Help: "Whom to greet",
				Shape: MakeArgumentShapePositional(ValueSpec{
					Type:    MakeValueTypeText(),
					Default: Some("world"),
				}),
			},
			{
				Name: "greeting",
				Help: "What to say",
				Shape: MakeArgumentShapeOption(ValueSpec{
					Type:        MakeValueTypeText(),
					Default:     Some("Hello"),
					Placeholder: Some("TEXT"),
				}),
				ConfigurationKey: Some("greeting"),
			},
			{
				Name: "from",
				Help: "Take the name from this file",
				Shape: MakeArgumentShapeOption(ValueSpec{
					Type:        MakeValueTypePath(PathSpec{Kind: PathKind_File, Access: PathAccess_Read}),
					Placeholder: Some("FILE"),
				}),
			},
			{
				Name:  "loud",
				Help:  "Greet in capitals",
				Shape: MakeArgumentShapeFlag(),
			},
		},
	}
}

// Run greets.
func Run(invocation Invocation) Result[uint8, Failure] {
	arguments := map[string][]ArgumentValue{}
	for _, argument := range invocation.Arguments {
		arguments[argument.Name] = argument.Values
	}

	name := arguments["name"][0].Text()
	if from := arguments["from"]; len(from) > 0 {
		path := from[0].Path()
		text, err := os.ReadFile(path)
		if err != nil {
			return failure(FailureKind_Failed, fmt.Sprintf("cannot read %s: %v", path, err), Some("name a text file"))
		}
		name = strings.TrimSpace(string(text))
	}
	if name == "" {
		return failure(FailureKind_Usage, "there is nobody to greet", None[string]())
	}

	Log(Level_Info, "greeting", []Tuple2[string, string]{{F0: "name", F1: name}})
	taskrunner_plugin_progress.Report("greeting", 1, Some[uint64](1))

	line := fmt.Sprintf("%s, %s!", arguments["greeting"][0].Text(), name)
	if arguments["loud"][0].Flag() {
		line = strings.ToUpper(line)
	}
	fmt.Println(line)
	return Ok[uint8, Failure](0)
}

func failure(kind FailureKind, message string, hint Option[string]) Result[uint8, Failure] {
	return Err[uint8](Failure{Kind: kind, Message: message, Hint: hint})
}

// Package main links the command with its bindings: the exports are what the runner calls.
package main

import _ "example.com/{{name}}/bindings/exports/wit_exports"

func main() {}

package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// NoCoreDump does nothing: on Windows an administrator decides about dumps.
func NoCoreDump() {}

// dieOf ends the program as Ctrl-C does by default.
func dieOf(os.Signal) { os.Exit(int(windows.STATUS_CONTROL_C_EXIT)) }

func workingDirectory() (string, error) { return os.Getwd() }

package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// NoCoreDump does nothing: Windows dumps where an administrator has said so.
func NoCoreDump() {}

// dieOf ends the program as Ctrl-C does where nothing handles it.
func dieOf(os.Signal) { os.Exit(int(windows.STATUS_CONTROL_C_EXIT)) }

func workingDirectory() (string, error) { return os.Getwd() }

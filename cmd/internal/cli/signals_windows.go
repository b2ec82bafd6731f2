package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// dieOf ends the program as Ctrl-C does where nobody handles it.
func dieOf(os.Signal) { os.Exit(int(windows.STATUS_CONTROL_C_EXIT)) }

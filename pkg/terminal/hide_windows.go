package terminal

import (
	"os"

	"golang.org/x/sys/windows"
)

// The console that the program was started on.
const terminalInput, terminalOutput = "CONIN$", "CONOUT$"

// hideInput stops the console from showing what is typed.
func hideInput(in *os.File) (restore func(), err error) {
	console := windows.Handle(in.Fd())
	var before uint32
	if err := windows.GetConsoleMode(console, &before); err != nil {
		return nil, err
	}
	hidden := before&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	if err := windows.SetConsoleMode(console, hidden); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(console, before) }, nil
}

package terminal

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// The console that the program was started on.
const terminalInput, terminalOutput = "CONIN$", "CONOUT$"

// hideInput stops the console from showing what is typed.
func hideInput(in *os.File, _ bool) (restore func(discard bool), err error) {
	console := windows.Handle(in.Fd())
	var before uint32
	if err := windows.GetConsoleMode(console, &before); err != nil {
		return nil, err
	}
	hidden := before&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	if err := windows.SetConsoleMode(console, hidden); err != nil {
		return nil, err
	}
	_ = windows.FlushConsoleInputBuffer(console)
	return func(discard bool) {
		if discard {
			_ = windows.FlushConsoleInputBuffer(console)
		}
		_ = windows.SetConsoleMode(console, before)
	}, nil
}

// newEditor is the console, which edits lines itself.
func newEditor(in *os.File) io.Reader { return in }

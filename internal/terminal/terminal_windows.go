package terminal

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// The console of the program.
const terminalInput, terminalOutput = "CONIN$", "CONOUT$"

// hide makes the console hide what is typed, and discards what has been typed
// already. restore undoes the first and does the second once more.
func hide(in *os.File) (restore func(), err error) {
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
	return func() {
		_ = windows.FlushConsoleInputBuffer(console)
		_ = windows.SetConsoleMode(console, before)
	}, nil
}

// newEditor returns the console, which edits lines itself.
func newEditor(in *os.File) (io.Reader, error) { return in, nil }

func inForeground(int) bool { return true }

//go:build unix

// Package terminal runs a program on a pseudo-terminal for a test and types for
// it. It types each text only after the program has written the output that the
// text answers, so the echo always appears in the same place.
package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// A Step is a text to type, and the output to wait for first.
type Step struct {
	After, Type string
	// Do, unless it is nil, is called after the text is typed.
	Do func()
}

// A Session describes the terminal and what is typed there.
type Session struct {
	// StderrOnly connects only standard error to the terminal. The command's
	// Stdin and Stdout stay as they are.
	StderrOnly bool
	Columns    int // 80 if 0
	Steps      []Step
}

// Run starts the command on a new controlling terminal and waits for it to end.
// It returns everything that the terminal showed, including the echo, and the
// error of cmd.Wait. It is also an error if the program ends before all steps are
// typed.
func (s Session) Run(cmd *exec.Cmd) ([]byte, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	defer master.Close()
	columns := s.Columns
	if columns == 0 {
		columns = 80
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		slave.Close()
		return nil, fmt.Errorf("terminal: %w", err)
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setsid = true
	cmd.SysProcAttr.Setctty = true
	cmd.SysProcAttr.Ctty = 2
	cmd.Stderr = slave
	if !s.StderrOnly {
		cmd.Stdin, cmd.Stdout = slave, slave
	}
	err = cmd.Start()
	slave.Close()
	if err != nil {
		return nil, err
	}

	typist := typist{keyboard: master, steps: s.Steps}
	var read sync.WaitGroup
	read.Go(func() { typist.watch(master) })
	err = cmd.Wait()
	// A child of the program may keep the terminal open.
	abandon := time.AfterFunc(10*time.Second, func() { master.Close() })
	read.Wait()
	abandon.Stop()
	if err == nil && len(typist.steps) > 0 {
		err = fmt.Errorf("the program never wrote %q", typist.steps[0].After)
	}
	return typist.screen.Bytes(), err
}

// A typist reads what a terminal shows and types each step when it is due.
type typist struct {
	keyboard *os.File
	steps    []Step
	screen   bytes.Buffer
	seen     int // how much of the screen earlier steps have matched
}

// watch returns when no program has the terminal open any more.
func (t *typist) watch(screen *os.File) {
	buf := make([]byte, 4096)
	for {
		t.typeDue()
		n, err := screen.Read(buf)
		t.screen.Write(buf[:n])
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

func (t *typist) typeDue() {
	for len(t.steps) > 0 {
		at := bytes.Index(t.screen.Bytes()[t.seen:], []byte(t.steps[0].After))
		if at < 0 {
			return
		}
		t.seen += at + len(t.steps[0].After)
		t.keyboard.WriteString(t.steps[0].Type)
		if do := t.steps[0].Do; do != nil {
			do()
		}
		t.steps = t.steps[1:]
	}
}

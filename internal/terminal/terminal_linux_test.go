package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"
)

func TestReadLine(t *testing.T) {
	for input, want := range map[string]string{
		"\n":           "",
		"one":          "one",
		"one\ntwo\n":   "one",
		"one\r\ntwo":   "one",
		" a\tb \nrest": " a\tb ",
	} {
		in := strings.NewReader(input)
		got, err := ReadLine(in)
		if err != nil || got != want {
			t.Errorf("ReadLine(%q) = %q, %v, want %q", input, got, err, want)
		}
		rest, _ := io.ReadAll(in)
		if _, after, _ := strings.Cut(input, "\n"); string(rest) != after {
			t.Errorf("ReadLine(%q) left %q, want %q", input, rest, after)
		}
	}
	if _, err := ReadLine(strings.NewReader("")); err != io.EOF {
		t.Errorf("ReadLine at the end: %v", err)
	}
	failure := errors.New("failure")
	if _, err := ReadLine(iotest.ErrReader(failure)); err != failure {
		t.Errorf("ReadLine of a broken input: %v", err)
	}
}

func TestReadSecretFromAPipe(t *testing.T) {
	in, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := writer.WriteString("secret\nmore\n"); err != nil {
		t.Fatal(err)
	}
	writer.Close()

	var out strings.Builder
	got, err := ReadSecret(t.Context(), in, &out, "type it")
	if err != nil || got != "secret" || out.String() != "type it\n" {
		t.Errorf("ReadSecret = %q, %v, and wrote %q", got, err, out.String())
	}
}

// asHelper makes the test program one that asks for a secret, by the way that
// the variable names.
const asHelper = "TERMINAL_TEST_ASKS"

func TestMain(m *testing.M) {
	var secret string
	var err error
	switch os.Getenv(asHelper) {
	case "":
		os.Exit(m.Run())
	case "ReadSecret":
		secret, err = ReadSecret(context.Background(), os.Stdin, os.Stderr, "type it")
	case "Ask":
		secret, err = Ask(context.Background(), "type it")
	}
	fmt.Printf("secret %q, error %v", secret, err)
	os.Exit(0)
}

// openTerminal returns both ends of a new pseudo-terminal.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals:", err)
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func TestASecretIsNotShown(t *testing.T) {
	for _, test := range []struct {
		name, how, typed string
		screen           string
		said             string
		signal           syscall.Signal
	}{
		{"line", "ReadSecret", "secret\n", "type it\r\n\r\n", `secret "secret", error <nil>`, 0},
		{"carriage return", "ReadSecret", "secret\r", "type it\r\n\r\n", `secret "secret", error <nil>`, 0},
		{"corrected", "ReadSecret", "secx\x7fret\n", "type it\r\n\r\n", `secret "secret", error <nil>`, 0},
		{"empty", "ReadSecret", "\n", "type it\r\n\r\n", `secret "", error <nil>`, 0},
		{"end of input", "ReadSecret", "\x04", "type it\r\n", `secret "", error <nil>`, 0},
		{"typed before", "ReadSecret", "secret\n", "early\r\ntype it\r\n\r\n", `secret "secret", error <nil>`, 0},
		{"Ctrl-Z without a shell", "ReadSecret", "sec\x1aret\n", "type it\r\n\r\n", `secret "secret", error <nil>`, 0},
		{"interrupt", "ReadSecret", "sec\x03", "type it\r\n", "", syscall.SIGINT},
		{"other streams", "Ask", "secret\n", "type it\r\n\r\n", `secret "secret", error <nil>`, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			person, program := openTerminal(t)
			before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			helper := exec.Command(os.Args[0])
			helper.Env = append(os.Environ(), asHelper+"="+test.how)
			var said bytes.Buffer
			helper.Stdout = &said
			terminalAt := 0
			if test.how == "Ask" {
				helper.ExtraFiles = []*os.File{program}
				terminalAt = 3
			} else {
				helper.Stdin, helper.Stderr = program, program
			}
			helper.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: terminalAt}
			if test.name == "typed before" {
				if _, err := person.WriteString("early\n"); err != nil {
					t.Fatal(err)
				}
			}
			if err := helper.Start(); err != nil {
				t.Fatal(err)
			}
			// The person types once asked to.
			if err := person.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Log("no deadline:", err)
			}
			screen := readUntil(t, person, "type it\r\n")
			if _, err := person.WriteString(test.typed); err != nil {
				t.Fatal(err)
			}
			_ = helper.Wait()
			after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			if *after != *before {
				t.Errorf("the terminal is not as it was: %+v, was %+v", *after, *before)
			}
			// Marks the end of what was shown.
			if _, err := program.WriteString("$"); err != nil {
				t.Fatal(err)
			}
			screen += strings.TrimSuffix(readUntil(t, person, "$"), "$")
			if test.signal != 0 {
				// The terminal itself shows ^C if it shows anything.
				screen = strings.ReplaceAll(screen, "^C", "")
			}
			if screen != test.screen || said.String() != test.said {
				t.Errorf("shown %q, said %q, want %q, %q", screen, said.String(), test.screen, test.said)
			}
			status := helper.ProcessState.Sys().(syscall.WaitStatus)
			if status.Signaled() != (test.signal != 0) || status.Signaled() && status.Signal() != test.signal {
				t.Errorf("ended with %v, want signal %v", helper.ProcessState, test.signal)
			}
		})
	}
}

func TestAHangupEndsThePromptWithoutASecret(t *testing.T) {
	person, program := openTerminal(t)
	helper := exec.Command(os.Args[0])
	helper.Env = append(os.Environ(), asHelper+"=ReadSecret")
	var said bytes.Buffer
	helper.Stdin, helper.Stdout, helper.Stderr = program, &said, program
	helper.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, person, "type it\r\n")
	if _, err := person.WriteString("sec"); err != nil {
		t.Fatal(err)
	}
	person.Close()
	impatience := time.AfterFunc(20*time.Second, func() { _ = helper.Process.Kill() })
	defer impatience.Stop()
	_ = helper.Wait()
	status := helper.ProcessState.Sys().(syscall.WaitStatus)
	if hungUp := status.Signaled() && status.Signal() == syscall.SIGHUP; !hungUp && !strings.HasPrefix(said.String(), `secret "", `) {
		t.Errorf("ended with %v, said %q", helper.ProcessState, said.String())
	}
}

// readUntil reads what the person sees up to an end.
func readUntil(t *testing.T, person *os.File, end string) string {
	t.Helper()
	var seen strings.Builder
	buffer := make([]byte, 1)
	for !strings.HasSuffix(seen.String(), end) {
		n, err := person.Read(buffer)
		if err != nil {
			t.Fatalf("seen %q: %v", seen.String(), err)
		}
		seen.Write(buffer[:n])
	}
	return seen.String()
}

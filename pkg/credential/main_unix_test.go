//go:build unix

package credential_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestMainEndsOnASignal(t *testing.T) {
	for name, request := range map[string]string{
		"waiting for a request":   "",
		"while the store is busy": `{"v":1,"registry":{"index-url":"u"},"kind":"get","operation":"read","args":["hang"]}` + "\n",
	} {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			p := self(t, nil)
			c := exec.CommandContext(t.Context(), p.Path, "--cargo-plugin")
			c.Env = p.Env
			stdin, _ := c.StdinPipe()
			stdout, _ := c.StdoutPipe()
			stderr, _ := c.StderrPipe()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			lines.Scan()
			if request != "" {
				_, _ = io.WriteString(stdin, request)
				said := bufio.NewScanner(stderr)
				for said.Scan() && said.Text() != "hanging" {
				}
			}
			begin := time.Now()
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := c.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 130 {
				t.Errorf("%s, %v: it ended with %v", name, signal, err)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("%s, %v: it took %v", name, signal, took)
			}
		}
	}
}

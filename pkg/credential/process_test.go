//go:build unix

package credential

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// soon is generous: what it bounds takes no time, but the machine may be busy.
const soon = 20 * time.Second

// hostile are programs that do not do what a provider should.
var hostile = map[string]string{
	"never greets":                  `exec sleep 600`,
	"never greets, child has pipes": "sleep 600 &\nwait",
	"greets and reads nothing":      `echo '{"v":[1]}'; exec sleep 600`,
	"never answers":                 `echo '{"v":[1]}'; read -r r; exec sleep 600`,
	"answers and never ends":        `echo '{"v":[1]}'; read -r r; echo '{"Ok":{"kind":"login"}}'; exec sleep 600`,
	"answers, child never ends":     `echo '{"v":[1]}'; read -r r; echo '{"Ok":{"kind":"login"}}'; sleep 600; exit 0`,
	"ignores signals":               `trap '' INT TERM HUP PIPE; echo '{"v":[1]}'; read -r r; while :; do sleep 600; done`,
}

func TestHangingProviderEndsWithTheContext(t *testing.T) {
	for name, script := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", "")
			w.provide(t, "provider", "echo $$ >>\""+filepath.Join(w.root, "pid")+"\"\n"+script+"\n")
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("enough")
			go func() {
				waitFor(t, func() bool { text, _ := os.ReadFile(filepath.Join(w.root, "pid")); return len(text) > 0 })
				cancel(reason)
			}()
			// It is longer than a pipe holds, so that the write blocks as well.
			token := config.NewSecret(strings.Repeat("t", 200_000))
			p := Process(filepath.Join(w.bin, "provider"), "", w.environ, new(strings.Builder))
			begin := time.Now()
			err := p.Login(ctx, &Request{}, LoginOptions{Token: &token})
			if !errors.Is(err, reason) {
				t.Errorf("the error is %v, want %v", err, reason)
			}
			if took := time.Since(begin); took > soon {
				t.Errorf("it took %v", took)
			}
			if err := syscall.Kill(w.pid(), 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("the provider still runs: %v", err)
			}
		})
	}
}

// waitFor waits until another process has done something.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(soon); !done(); {
		if time.Now().After(deadline) {
			t.Error("it did not happen in time")
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// differs: bounded-providers
func TestFloodingProviderIsCutOff(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"greeting":           {`exec yes`, "failed to deserialize hello"},
		"greeting, one line": {`exec cat /dev/zero`, "failed to read hello from credential provider: a line is longer than 1048576 bytes"},
		"answer, one line":   {`echo '{"v":[1]}'; read -r r; exec cat /dev/zero`, "failed to read response from credential provider: a line is longer than 1048576 bytes"},
		"after the answer":   {`echo '{"v":[1]}'; read -r r; echo '{"Ok":{"kind":"login"}}'; exec yes`, "does not stop writing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", "")
			w.provide(t, "provider", test.script+"\n")
			p := Process(filepath.Join(w.bin, "provider"), "", w.environ, nil)
			err := p.Login(t.Context(), &Request{}, LoginOptions{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestProviderThatWritesMuchAndEndsSucceeds(t *testing.T) {
	w := newWorld(t, "", "")
	w.provide(t, "provider", `echo '{"v":[1]}'; read -r r; echo '{"Ok":{"kind":"login"}}'; head -c 500000 /dev/zero`+"\n")
	p := Process(filepath.Join(w.bin, "provider"), "", w.environ, nil)
	if err := p.Login(t.Context(), &Request{}, LoginOptions{}); err != nil {
		t.Error(err)
	}
}

func TestChildOfAProviderIsNotWaitedFor(t *testing.T) {
	w := newWorld(t, "", "")
	w.provide(t, "provider", `echo '{"v":[1]}'; read -r r; sleep 600 & echo $! >'`+filepath.Join(w.root, "pid")+`'; echo '{"Ok":{"kind":"login"}}'`+"\n")
	t.Cleanup(func() {
		if pid := w.pid(); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	p := Process(filepath.Join(w.bin, "provider"), "", w.environ, new(strings.Builder))
	begin := time.Now()
	if err := p.Login(t.Context(), &Request{}, LoginOptions{}); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > soon {
		t.Errorf("it took %v", took)
	}
}

func TestEndedContextStartsNothing(t *testing.T) {
	w := newWorld(t, "", "")
	w.provide(t, "provider", "echo >>'"+filepath.Join(w.root, "ran")+"'\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := Process(filepath.Join(w.bin, "provider"), "", w.environ, nil)
	if err := p.Logout(ctx, &Request{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.root, "ran")); err == nil {
		t.Error("the provider ran")
	}
}

func TestSpawnErrorsAreThoseOfTheSystem(t *testing.T) {
	w := newWorld(t, "", "")
	other := filepath.Join(w.root, "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	w.write(t, filepath.Join(other, "locked"), "x", 0o644)
	w.write(t, filepath.Join(other, "ok"), "x", 0o644)
	w.write(t, filepath.Join(w.bin, "shebangless"), "echo hi\n", 0o755)
	w.write(t, filepath.Join(w.bin, "interpreterless"), "#!/nonexistent/interpreter\n", 0o755)
	for _, test := range []struct{ path, want string }{
		{"/nonexistent/p", "No such file or directory (os error 2)"},
		{"nonexistent-p", "No such file or directory (os error 2)"},
		{"", "No such file or directory (os error 2)"},
		{w.home, "Permission denied (os error 13)"},
		{filepath.Join(other, "locked"), "Permission denied (os error 13)"},
		{"locked", "Permission denied (os error 13)"},
		{"shebangless", "Exec format error (os error 8)"},
		{"interpreterless", "No such file or directory (os error 2)"},
		{"a\x00b", "No such file or directory (os error 2)"},
		// A file that cannot be run does not hide one that can.
		{"ok", ""},
	} {
		p := Process(test.path, w.root, []string{"PATH=" + other + ":" + w.bin + ":/bin:/usr/bin", "REQ=/dev/null"}, nil)
		err := p.Login(t.Context(), &Request{}, LoginOptions{})
		want := "failed to spawn credential process: " + test.want
		if got := errorText(err); got != want && (test.want != "" || err != nil) {
			t.Errorf("%q: got %s, want %s", test.path, got, want)
		}
	}
}

func TestTokenFromStdoutIsOneLine(t *testing.T) {
	for output, want := range map[string]string{
		`t`:            "t",
		`t\n`:          "t",
		`t\r\n`:        "t",
		`t\nu`:         "error: process `sh` returned more than one line of output; expected a single token",
		`'; exit 3; '`: "error: process `sh` failed: exit status 3",
		`t\377\n`:      "error: failed to read from credential provider: stream did not contain valid UTF-8",
	} {
		w := newWorld(t, "", "")
		p := &stdoutProvider{chain: &Chain{Config: w.config()}}
		token, err := p.Get(t.Context(), &Request{IndexURL: "u", Args: []string{"sh", "-c", `printf '` + output + `'`}}, Read())
		got := "error: " + errorText(err)
		if err == nil {
			got = token.Secret.Expose()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", output, got, want)
		}
	}
}

// pid returns the process ID that a provider wrote to the file pid; 0 if it has not yet.
func (w *world) pid() int {
	text, _ := os.ReadFile(filepath.Join(w.root, "pid"))
	line, _, whole := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || !whole {
		return 0
	}
	return pid
}

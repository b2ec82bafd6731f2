//go:build unix

// A signal ends a login, its provider and its git, restores the terminal and
// loses nothing; progress leaves the terminal clean.

package test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/test/stubregistry"
	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// asker is a provider that asks for the token on the terminal.
type asker struct{}

func (asker) Get(context.Context, *credential.Request, credential.Operation) (*credential.Token, error) {
	return nil, credential.ErrNotFound
}

func (asker) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	login.Token = nil
	_, err := login.ReadToken(ctx, req, credential.Terminal)
	return err
}

func (asker) Logout(context.Context, *credential.Request) error { return credential.ErrNotFound }

// loginThrough returns a login to a registry that has the given program as its
// credential provider.
func loginThrough(t *testing.T, provider string) *exec.Cmd {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	server, err := stubregistry.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	home := t.TempDir()
	configuration := "[registries.pub]\nindex = \"" + server.Index("pub") + "\"\ncredential-provider = [\"" + provider + "\"]\n"
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, filepath.Join(bin, "cargo-login"), "--registry", "pub")
	cmd.Dir = home
	cmd.Env = []string{"CARGO_HOME=" + home, "HOME=" + home, "PATH=" + os.Getenv("PATH")}
	return cmd
}

// differs: provider-ends-with-its-caller
func TestSignalEndsALoginAndItsProvider(t *testing.T) {
	for name, script := range map[string]string{
		"never greets":  `exec sleep 600`,
		"never answers": `echo '{"v":[1]}'; read -r r; exec sleep 600`,
		"never ends":    `echo '{"v":[1]}'; read -r r; echo '{"Ok":{"kind":"login"}}'; exec sleep 600`,
		// Its shell would complain about the closed pipe of its greeting.
		"ignores signals": `trap '' INT TERM HUP PIPE; exec 2>/dev/null; echo '{"v":[1]}'; read -r r; while :; do sleep 600; done`,
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			t.Run(name+"/"+s.String(), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				provider, pidFile := filepath.Join(dir, "provider"), filepath.Join(dir, "pid")
				text := "#!/bin/sh\necho $$ >'" + pidFile + ".new'\nmv '" + pidFile + ".new' '" + pidFile + "'\n" + script + "\n"
				if err := os.WriteFile(provider, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
				cmd := loginThrough(t, provider)
				cmd.Stdin = strings.NewReader("sekret\n")
				endsWithChild(t, cmd, s, pidFile)
			})
		}
	}
}

// waitForPID waits until a program has written its process ID to a file.
func waitForPID(t *testing.T, file string) int {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("the provider has not started")
	return 0
}

// endsWithChild starts a login, waits for the process ID of the program that it
// runs, and sends the login a signal. Both must end without an error message.
func endsWithChild(t *testing.T, cmd *exec.Cmd, s syscall.Signal, pidFile string) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := waitForPID(t, pidFile)
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != s && exit.ExitCode() != 128+int(s) {
		t.Errorf("the login ended with %v, want %v", err, s)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the program is still running: %v", err)
	}
	if text := said.String(); strings.Contains(text, "error") || strings.Contains(text, "sekret") || strings.Contains(text, "goroutine") {
		t.Errorf("the login said %s", text)
	}
}

func TestSignalEndsALoginThatWaitsForItsToken(t *testing.T) {
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	cmd := loginThrough(t, filepath.Join(bin, "none"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// It says that it updates the index. Then it reads the token.
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the login ended with %v, want SIGTERM", err)
	}
}

func TestInterruptAtAProvidersPromptRestoresTheTerminal(t *testing.T) {
	provider, err := exec.LookPath("asker")
	if err != nil {
		t.Fatal(err)
	}
	login := loginThrough(t, provider)
	// A shell that survives the interrupt prints the terminal's settings.
	shell := command(t, "/bin/sh", "-c", `trap : INT; "$@"; echo "status $?"; stty -a`, "sh")
	shell.Args = append(shell.Args, login.Args...)
	shell.Env, shell.Dir = login.Env, login.Dir
	screen, err := terminal.Session{Steps: []terminal.Step{{After: "please paste the token found on", Type: "sek\x03"}}}.Run(shell)
	if err != nil {
		t.Fatalf("%v\n%s", err, screen)
	}
	text := string(screen)
	if !strings.Contains(text, "status 130") {
		t.Errorf("the login did not end with the interrupt:\n%s", text)
	}
	if !strings.Contains(text, " echo ") || strings.Contains(text, " -echo ") {
		t.Errorf("the terminal does not show what is typed any more:\n%s", text)
	}
	if strings.Contains(text, "sek") || strings.Contains(text, "goroutine") {
		t.Errorf("the screen shows what it should not:\n%s", text)
	}
}

// A login that is killed cannot stop its provider, so the provider itself restores
// the terminal.
func TestAProviderEndsWithALoginThatIsKilled(t *testing.T) {
	provider, err := exec.LookPath("asker")
	if err != nil {
		t.Fatal(err)
	}
	login := loginThrough(t, provider)
	shell := command(t, "/bin/sh", "-c", `"$@" & login=$!
		hidden() { stty -a | grep -q -e ' -echo '; }
		until hidden; do kill -0 $login || exit 3; done
		kill -KILL $login
		n=0; while hidden && [ $n -lt 5000 ]; do n=$((n+1)); done
		stty -a`, "sh")
	shell.Args = append(shell.Args, login.Args...)
	shell.Env, shell.Dir = login.Env, login.Dir
	screen, err := terminal.Session{}.Run(shell)
	if err != nil {
		t.Fatalf("%v\n%s", err, screen)
	}
	if text := string(screen); !strings.Contains(text, " echo ") || strings.Contains(text, " -echo ") {
		t.Errorf("the terminal does not show what is typed any more:\n%s", text)
	}
}

// differs: provider-ends-with-its-caller
func TestAProviderEndsWithTheKilledGroupOfItsCaller(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "freebsd" {
		t.Skip("the system does not tell a program that its caller has ended")
	}
	provider := filepath.Join(t.TempDir(), "provider")
	const script = "#!/bin/sh\ntrap '' TERM HUP INT PIPE\necho started >&2\nexec sleep 600\n"
	if err := os.WriteFile(provider, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := loginThrough(t, provider)
	cmd.Stdin = strings.NewReader("sekret\n")
	said, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stderr = stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stderr.Close()
	if err := said.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && lines.Text() != "started" {
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// The pipe is closed when the last program that can write to it ends.
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the provider is still running: %v", err)
	}
}

// While the network is slow, a terminal shows a progress line. It is gone before
// the prompt appears.
//
// differs: progress-line
func TestProgressOnATerminal(t *testing.T) {
	const bar = "[==>                              ] 0 complete; 1 pending        \r"
	for _, test := range []struct{ about, environ, want string }{
		{"colours", "TERM=xterm", "\x1b[1m\x1b[96m       Fetch\x1b[0m " + bar + "\x1b[K"},
		{"no colours", "NO_COLOR=1", "       Fetch " + bar + strings.Repeat(" ", 78) + "\r"},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			registry, err := stubregistry.Start([]stubregistry.Rule{
				{Path: "/pub/config.json", Status: 200, Body: `{"dl":"x","api":"https://pub.example"}`, Hold: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { registry.Close() })
			home := t.TempDir()
			config := "registries.pub.index = \"" + registry.Index("pub") + "\"\n"
			if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := command(t, ours(t, "cargo-login"), "--registry", "pub")
			cmd.Dir = home
			cmd.Env = []string{"HOME=" + home, "CARGO_HOME=" + home, test.environ}
			screen, err := terminal.Session{Steps: []terminal.Step{
				{After: "pending", Do: registry.Release},
				{After: "below\r\n", Type: "t\n"},
			}}.Run(cmd)
			if err != nil || !strings.Contains(string(screen), test.want+"please paste the token") {
				t.Errorf("%v: the screen showed %q, want %q before the prompt", err, screen, test.want)
			}
		})
	}
}

//go:build linux

// What is typed at the prompt stays hidden, whatever the shell, the keys and the
// signals.

package test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// A prompted is a login at a shell with job control, as a person uses it.
type prompted struct {
	t       *testing.T
	shell   string
	home    string
	updates chan struct{} // closed to let the index answer
}

// until waits for something that the programs do on their own.
func (p *prompted) until(what string, done func() bool) {
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Errorf("this did not happen in time: %s", what)
			return
		}
	}
}

// onTerminal calls f with the shell's terminal.
func (p *prompted) onTerminal(f func(fd int)) {
	name, err := os.ReadFile(filepath.Join(p.home, "tty"))
	if err != nil {
		p.t.Error(err)
		return
	}
	tty, err := os.OpenFile(strings.TrimSpace(string(name)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer tty.Close()
	f(int(tty.Fd()))
}

func (p *prompted) hidden() {
	p.onTerminal(func(fd int) {
		p.until("the terminal is hidden", func() bool {
			modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
			return err == nil && modes.Lflag&unix.ECHO == 0 && modes.Lflag&unix.ISIG != 0 && modes.Iflag&unix.ICRNL != 0
		})
	})
}

func (p *prompted) shown() {
	p.onTerminal(func(fd int) {
		p.until("the terminal shows what is typed", func() bool {
			modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
			return err == nil && modes.Lflag&unix.ECHO != 0 && modes.Lflag&unix.ICANON != 0
		})
	})
}

// signal sends a signal to the login after it has read what was typed.
func (p *prompted) signal(s syscall.Signal) func() {
	return func() {
		p.onTerminal(func(fd int) {
			p.until("what was typed is read", func() bool {
				n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
				return err == nil && n == 0
			})
		})
		if err := syscall.Kill(waitForPID(p.t, filepath.Join(p.home, "pid")), s); err != nil {
			p.t.Error(err)
		}
	}
}

// stopped waits until the login has been stopped.
func (p *prompted) stopped() {
	pid := waitForPID(p.t, filepath.Join(p.home, "pid"))
	p.until("the login is stopped", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
}

// differs: token-not-echoed
func TestThePromptAtAShellWithJobControl(t *testing.T) {
	const prompt, ready, back = " below\r\n", "ready> ", "run\r\n"
	type promptTest struct {
		name, how string
		// steps start with the program and end at the shell's next prompt.
		steps func(p *prompted) []terminal.Step
		token string
	}
	types := func(text string) func(*prompted) []terminal.Step {
		return func(*prompted) []terminal.Step { return []terminal.Step{{After: prompt, Type: text}} }
	}
	// goesOn is a login that stops, and gets the rest of the token after fg.
	goesOn := func(p *prompted, stop terminal.Step, rest string) []terminal.Step {
		return []terminal.Step{stop, {After: ready, Do: p.shown}, {Type: "fg\r"}, {After: back, Do: p.hidden}, {Type: rest}}
	}
	ctrlZ := func(p *prompted) []terminal.Step {
		return goesOn(p, terminal.Step{After: prompt, Type: "sek\x1a"}, "ret-token\r")
	}
	tests := []promptTest{
		{"Ctrl-Z at once", "", func(p *prompted) []terminal.Step {
			return goesOn(p, terminal.Step{After: prompt, Type: "\x1a"}, "sekret-token\r")
		}, "sekret-token"},
		{"too early, Ctrl-Z", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: "Updating", Do: p.hidden},
				{Type: "sek\x1a"},
				{After: ready, Do: p.shown},
				{Type: "fg\r"},
				{After: back, Do: p.hidden},
				{Type: "sekret\rsek", Do: func() { close(p.updates) }},
				{After: prompt, Type: "sekret-token\r"},
			}
		}, "sekret-token"},
		{"bg and fg", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: prompt, Type: "sek\x1a"},
				{After: ready, Do: p.stopped},
				{Type: "bg; ./stopped\r"},
				{After: "is stopped", Do: p.shown},
				{After: ready, Type: "fg\r"},
				{After: back, Do: p.hidden},
				{Type: "ret-token\r"},
			}
		}, "sekret-token"},
		{"in the background", " & ./stopped", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: "is stopped", Do: p.shown},
				{After: ready, Type: "fg\r"},
				{After: prompt, Type: "sekret-token\r"},
			}
		}, "sekret-token"},
		{"killed while stopped", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: prompt, Type: "sek\x1a"},
				{After: ready, Type: "kill %1; fg; echo ended\r"},
				{After: "\nended", Do: p.shown},
			}
		}, ""},
		{"Ctrl-Z", "", ctrlZ, "sekret-token"},
		{"Ctrl-Z twice", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: prompt, Type: "sek\x1a"},
				{After: ready, Type: "fg\r"},
				{After: back, Do: p.hidden},
				{Type: "ret\x1a"},
				{After: ready, Type: "fg\r"},
				{After: back, Do: p.hidden},
				{Type: "-token\r"},
			}
		}, "sekret-token"},
		{"Ctrl-Z at a provider's prompt", "", ctrlZ, ""},
		{"Ctrl-Z at the prompt of Cargo's provider", "", ctrlZ, ""},
		{"SIGTSTP", "", func(p *prompted) []terminal.Step {
			return goesOn(p, terminal.Step{After: prompt, Type: "sek", Do: p.signal(syscall.SIGTSTP)}, "ret-token\r")
		}, "sekret-token"},
		{"SIGSTOP", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: prompt, Type: "sek", Do: p.signal(syscall.SIGSTOP)},
				{After: ready, Do: func() {
					if p.shell == "bash" {
						p.shown()
					}
				}},
				{Type: "fg\r"},
				{After: back, Do: p.hidden},
				{Type: "ret-token\r"},
			}
		}, "sekret-token"},
		{"interrupt", "", types("sekret-token\x03"), ""},
		{"quit", "", types("sekret-token\x1c"), ""},
		{"too early", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: "Updating", Do: p.hidden},
				{Type: "sekret\rsek", Do: func() { close(p.updates) }},
				{After: prompt, Type: "sekret-token\r"},
			}
		}, "sekret-token"},
		{"edited with the terminal's own keys", "", func(p *prompted) []terminal.Step {
			return []terminal.Step{
				{After: prompt, Type: "wrongYsekretoX wordZX-tok\xc3\xa9XB"},
				{After: ready, Type: "fg\r"},
				{After: back, Do: p.hidden},
				{Type: "enQQ"},
			}
		}, "sekret-token"},
		{"standard error elsewhere", " 2>err", types("sekret-token\r"), "sekret-token"},
	}
	for _, s := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE,
		syscall.SIGALRM, syscall.SIGTERM, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGVTALRM, syscall.SIGKILL,
	} {
		tests = append(tests, promptTest{unix.SignalName(s), "", func(p *prompted) []terminal.Step {
			return []terminal.Step{{After: prompt, Type: "sekret-token", Do: p.signal(s)}}
		}, ""})
	}
	for _, typed := range []struct{ name, text, token string }{
		{"line feed", "sekret-token\n", "sekret-token"},
		{"carriage return and line feed", "sekret-token\r\n", "sekret-token"},
		{"two lines", "sekret-token\rsekret\r", "sekret-token"},
		{"pasted in brackets", "\x1b[200~sekret-token\x1b[201~\r", "sekret-token"},
		{"end of input", "\x04", ""},
		{"end of input after text", "sekret\x04-token\x04\x04", "sekret-token"},
		{"4,095 characters", "sekret" + strings.Repeat("x", 4089) + "\r", "sekret" + strings.Repeat("x", 4089)},
		{"4,096 characters", "sekret" + strings.Repeat("x", 4090) + "\r", "sekret" + strings.Repeat("x", 4090)},
		{"1 MiB", "sekret" + strings.Repeat("x", 1<<20) + "\r", "sekret" + strings.Repeat("x", 1<<20)},
	} {
		tests = append(tests, promptTest{typed.name, "", types(typed.text), typed.token})
	}
	for _, test := range tests {
		for shell, args := range map[string][]string{
			"bash": {"--norc", "--noprofile", "--noediting", "-i"},
			"dash": {"-i"},
			"zsh":  {"-f", "-i", "-o", "no_zle", "-o", "no_prompt_sp"},
		} {
			if test.name == "SIGKILL" && shell != "bash" {
				continue // the terminal stays hidden
			}
			t.Run(test.name+"/"+shell, func(t *testing.T) {
				path, err := exec.LookPath(shell)
				if err != nil {
					missing(t, shell)
				}
				bin, err := programs()
				if err != nil {
					t.Fatal(err)
				}
				p := &prompted{t, shell, t.TempDir(), make(chan struct{})}
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if strings.HasPrefix(test.name, "too early") {
						<-p.updates
					}
					fmt.Fprint(w, `{"dl":"http://h","api":"http://h"}`)
				}))
				defer server.Close()
				files := map[string]string{
					"config.toml": "[registries.pub]\nindex = \"sparse+" + server.URL + "/\"\n",
					"stopped":     "#!/bin/sh\nuntil read -r pid <pid && grep -q ') T ' /proc/$pid/stat; do :; done 2>/dev/null\necho is stopped\n",
					"run":         "#!/bin/sh\necho $$ >pid\nexec '" + bin + "/cargo-login' --registry pub\n",
				}
				if strings.Contains(test.name, "Cargo's") {
					files["run"] = "#!/bin/sh\necho $$ >pid\nexec '" + realCargo(t) + "' login --registry pub\n"
				}
				if strings.Contains(test.name, "provider") {
					provider, err := exec.LookPath("asker")
					if err != nil {
						t.Fatal(err)
					}
					files["config.toml"] += "credential-provider = [\"" + provider + "\"]\n"
				}
				for name, text := range files {
					syscall.ForkLock.RLock() // a program cannot be run while it is open for writing
					err := os.WriteFile(filepath.Join(p.home, name), []byte(text), 0o700)
					syscall.ForkLock.RUnlock()
					if err != nil {
						t.Fatal(err)
					}
				}
				first := "tty >tty; ./run" + test.how + "\r"
				if strings.HasPrefix(test.name, "edited") {
					first = "stty erase X kill Y werase Z eof Q susp B; " + first
				}
				steps := append([]terminal.Step{{After: ready, Type: first}}, test.steps(p)...)
				steps = append(steps, terminal.Step{After: ready, Type: "stty -a; exit\r"})
				cmd := command(t, path, args...)
				cmd.Dir = p.home
				cmd.Env = []string{"CARGO_HOME=" + p.home, "HOME=" + p.home, "PATH=" + os.Getenv("PATH"), "PS1=ready> ", "TERM=dumb"}
				screen, err := terminal.Session{Steps: steps}.Run(cmd)
				if err != nil {
					t.Errorf("%v", err)
				}
				text := string(screen)
				if strings.Contains(text, "sek") || strings.Contains(text, "ret-") {
					t.Errorf("the screen shows what it should not")
				}
				if !strings.Contains(text, " echo ") || strings.Contains(text, " -echo ") || strings.Contains(text, "-icanon") {
					t.Errorf("the terminal is not as before")
				}
				stored, _ := os.ReadFile(filepath.Join(p.home, "credentials.toml"))
				want := ""
				if test.token != "" {
					want = "[registries.pub]\ntoken = \"" + test.token + "\"\n"
				}
				if string(stored) != want {
					t.Errorf("stored is %q, want %q", stored, want)
				}
				if t.Failed() {
					t.Logf("%s", text)
				}
			})
		}
	}
}

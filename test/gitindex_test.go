//go:build unix

// An index in git works as with cargo: both share the cache, git asks for its
// credentials on the terminal, and a signal ends it.

package test

import (
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// A gitWorld is a registry with a git index, and a home that cargo and our programs
// use in turn.
type gitWorld struct {
	t           *testing.T
	root        string
	cargo, ours string
	env         []string
	url         string // of the index
}

// newGitWorld creates an index with one version of the crate foo.
func newGitWorld(t *testing.T) *gitWorld {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	cargo := realCargo(t)
	need(t, "git")
	w := &gitWorld{t: t, root: t.TempDir(), cargo: cargo, ours: filepath.Join(bin, "cargo-login")}
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.root, "CARGO_HOME=" + filepath.Join(w.root, "home"),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x",
	}
	w.write("index/config.json", `{"dl":"https://pub.example/dl","api":"https://pub.example"}`)
	w.run("git", "init", "--quiet", "index")
	w.publish("1.0.0")
	w.url = "file://" + w.root + "/index"
	return w
}

func (w *gitWorld) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	// A program cannot run while any process has it open for writing.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

// publish makes version the only one of the crate foo.
func (w *gitWorld) publish(version string) {
	w.t.Helper()
	w.write("index/3/f/foo", fmt.Sprintf(`{"name":"foo","vers":%q,"deps":[],"cksum":"%064d","features":{},"yanked":false}`+"\n", version, 0))
	w.run("git", "-C", "index", "add", "--all")
	w.run("git", "-C", "index", "commit", "--quiet", "--allow-empty", "--message="+version)
}

// run runs a program and returns its output.
func (w *gitWorld) run(program string, args ...string) string {
	w.t.Helper()
	cmd := command(w.t, program, args...)
	cmd.Dir, cmd.Env = w.root, w.env
	cmd.Stdin = strings.NewReader("token\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// login logs in with cargo or with our program.
func (w *gitWorld) login(cargo bool) string {
	w.t.Helper()
	if cargo {
		return w.run(w.cargo, "login", "--registry", "pub")
	}
	return w.run(w.ours, "--registry", "pub")
}

// backend serves the index under /index.
func (w *gitWorld) backend() http.Handler {
	w.t.Helper()
	path := strings.TrimSpace(w.run("git", "--exec-path")) + "/git-http-backend"
	if _, err := os.Stat(path); err != nil {
		missing(w.t, path)
	}
	return &cgi.Handler{Path: path, Env: append([]string{"GIT_PROJECT_ROOT=" + w.root, "GIT_HTTP_EXPORT_ALL=1"}, w.env...)}
}

// over serves the index over a transport.
func (w *gitWorld) over(transport string) {
	w.t.Helper()
	switch transport {
	case "http":
		server := httptest.NewServer(w.backend())
		w.t.Cleanup(server.Close)
		w.url = server.URL + "/index"
	case "ssh":
		// This program stands in for ssh, and runs its last argument here.
		w.write("ssh", "#!/bin/sh\nfor command; do :; done\nexec sh -c \"$command\"\n")
		w.env = append(w.env, "GIT_SSH="+w.root+"/ssh")
		w.url = "ssh://git@pub.example" + w.root + "/index"
	}
}

// A second login uses the cache of the first, whichever git each of them uses.
func TestGitCacheIsSharedWithCargo(t *testing.T) {
	for _, test := range []struct {
		transport string
		withCLI   bool
	}{{"file", true}, {"file", false}, {"http", true}, {"http", false}, {"ssh", true}} {
		for _, cargoFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/cli %t/cargo first %t", test.transport, test.withCLI, cargoFirst), func(t *testing.T) {
				t.Parallel()
				w := newGitWorld(t)
				w.over(test.transport)
				w.write("home/config.toml", fmt.Sprintf("registries.pub.index = %q\nnet.git-fetch-with-cli = %t\n", w.url, test.withCLI))
				if said := w.login(cargoFirst); !strings.Contains(said, "Updating `pub` index\n") {
					t.Errorf("the first login said\n%s", said)
				}
				if err := os.Rename(filepath.Join(w.root, "index"), filepath.Join(w.root, "away")); err != nil {
					t.Fatal(err)
				}
				const want = "       Login token for `pub` saved\n"
				for _, cargo := range []bool{!cargoFirst, cargoFirst} {
					if said := w.login(cargo); said != want {
						t.Errorf("a later login (cargo %t) said\n%s", cargo, said)
					}
				}
			})
		}
	}
}

// Cargo can use what a login fetched, and can update it.
func TestCargoUsesAndUpdatesOurGitCache(t *testing.T) {
	for _, transport := range []string{"file", "http"} {
		for _, withCLI := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/cli %t", transport, withCLI), func(t *testing.T) {
				t.Parallel()
				w := newGitWorld(t)
				w.over(transport)
				w.write("home/config.toml", fmt.Sprintf("registries.pub.index = %q\nnet.git-fetch-with-cli = %t\n", w.url, withCLI))
				w.write("p/Cargo.toml", "[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nfoo = { version = \"1\", registry = \"pub\" }\n")
				w.write("p/src/lib.rs", "")
				w.publish("1.0.0")
				w.login(false)
				w.isShallow(transport == "http" && !withCLI)
				w.run(w.cargo, "generate-lockfile", "--offline", "--manifest-path", "p/Cargo.toml")
				w.locks("1.0.0")
				w.publish("1.0.1")
				w.run(w.cargo, "update", "--manifest-path", "p/Cargo.toml")
				w.locks("1.0.1")
				if said := w.login(false); strings.Contains(said, "Updating") {
					t.Errorf("after cargo's update a login said\n%s", said)
				}
			})
		}
	}
}

// isShallow checks whether the cached index lacks its history.
func (w *gitWorld) isShallow(want bool) {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.root, "home/registry/index/*/.git/shallow"))
	if err != nil || (len(found) > 0) != want {
		w.t.Errorf("the cached index is shallow: %v, %v, want %v", found, err, want)
	}
}

// locks checks which version of foo cargo has chosen.
func (w *gitWorld) locks(version string) {
	w.t.Helper()
	lock, err := os.ReadFile(filepath.Join(w.root, "p/Cargo.lock"))
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(lock), "name = \"foo\"\nversion = \""+version+"\"") {
		w.t.Errorf("cargo did not choose foo %s:\n%s", version, lock)
	}
}

// private serves the index from a web server that requires the user u and the
// password p.
func (w *gitWorld) private() {
	w.t.Helper()
	backend := w.backend()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); user != "u" || password != "p" {
			rw.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(rw, req)
	}))
	w.t.Cleanup(server.Close)
	w.url = server.URL + "/index"
}

func TestGitAsksForCredentialsOnTheTerminal(t *testing.T) {
	for name, withCLI := range map[string]bool{"cargo": true, "ours": true, "ours, not configured": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGitWorld(t)
			w.private()
			w.write("home/config.toml", fmt.Sprintf("registries.pub.index = %q\nnet.git-fetch-with-cli = %t\n", w.url, withCLI))
			cmd := command(t, w.ours, "--registry", "pub")
			if name == "cargo" {
				cmd = command(t, w.cargo, "login", "--registry", "pub")
			}
			cmd.Dir, cmd.Env = w.root, w.env
			screen, err := terminal.Session{Steps: []terminal.Step{
				{After: "Username for ", Type: "u\n"},
				{After: "Password for ", Type: "p\n"},
				{After: "please paste the token found on https://pub.example/me below", Type: "token\n"},
			}}.Run(cmd)
			if err != nil || !strings.Contains(string(screen), "Login token for `pub` saved") {
				t.Errorf("%v\n%s", err, screen)
			}
		})
	}
}

func TestGitWithoutATerminalFailsAtOnce(t *testing.T) {
	w := newGitWorld(t)
	w.private()
	w.write("home/config.toml", fmt.Sprintf("registries.pub.index = %q\nnet.retry = 0\n", w.url))
	cmd := command(t, w.ours, "--registry", "pub")
	cmd.Dir, cmd.Env = w.root, w.env
	// git must not read the token.
	cmd.Stdin = strings.NewReader("token\n")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "could not read Username") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestSignalEndsALoginAndItsGit(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			w := newGitWorld(t)
			pidFile := filepath.Join(w.root, "pid")
			w.write("bin/git", "#!/bin/sh\ncase $3 in fetch) ;; *) exit 1;; esac\n"+
				"echo $$ >'"+pidFile+".new'\nmv '"+pidFile+".new' '"+pidFile+"'\nexec sleep 600\n")
			w.write("home/config.toml", "registries.pub.index = \"https://pub.example/index\"\n")
			cmd := command(t, w.ours, "--registry", "pub")
			cmd.Dir = w.root
			cmd.Env = append(w.env, "PATH="+w.root+"/bin:"+os.Getenv("PATH"))
			endsWithChild(t, cmd, s, pidFile)
		})
	}
}

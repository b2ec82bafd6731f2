//go:build unix

package index

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
)

// gitSettings keep the machine's git settings out of a test.
var gitSettings = []string{
	"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "PATH=" + os.Getenv("PATH"),
	"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x",
}

// gitIndex is a git repository with an index.
type gitIndex struct {
	t   *testing.T
	dir string
}

func newGitIndex(t *testing.T) *gitIndex {
	t.Helper()
	g := &gitIndex{t, filepath.Join(t.TempDir(), "index")}
	g.git("init", "--quiet", g.dir)
	return g
}

// gitPath returns the path of git. Without git the test is skipped, or fails if
// everything has to run.
func gitPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("git is missing, and with CI=true nothing is skipped")
	}
	if err != nil {
		t.Skip("git is missing")
	}
	return path
}

func (g *gitIndex) git(args ...string) string {
	g.t.Helper()
	cmd := exec.Command(gitPath(g.t), args...)
	cmd.Env = gitSettings
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// commit commits a config.json.
func (g *gitIndex) commit(content string) {
	g.t.Helper()
	g.write("config.json", content)
	g.git("-C", g.dir, "add", "--all")
	g.git("-C", g.dir, "commit", "--quiet", "--allow-empty", "--message=x")
}

func (g *gitIndex) write(name, content string) {
	g.t.Helper()
	path := filepath.Join(g.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		g.t.Fatal(err)
	}
}

// newGitWorld is newWorld for git indexes. These tests do not run in parallel, since
// a program that one starts would briefly hold the lock of another.
func newGitWorld(t *testing.T, content string, environ ...string) *world {
	t.Helper()
	return newWorld(t, content, http.NotFound, append(slices.Clone(gitSettings), environ...)...)
}

func (g *gitIndex) fetch(w *world) string {
	g.t.Helper()
	return w.fetchFrom(g.t, "file://"+g.dir)
}

func (g *gitIndex) cache(w *world) string {
	w.Registry = registryAt(g.t, "file://"+g.dir)
	return filepath.Join(w.cacheDir(), ".git")
}

func TestGitIndexes(t *testing.T) {
	for _, test := range []struct {
		about string
		files map[string]string
		want  string
	}{
		{"good", map[string]string{"config.json": okConfig}, "http://h/api"},
		{"not there", map[string]string{"x": ""}, updating + "config.json not found"},
		{"in a directory", map[string]string{"a/config.json": okConfig}, updating + "config.json not found"},
		{"a directory", map[string]string{"config.json/x": ""}, updating + "path `config.json` is not a blob in the git repo"},
		{"empty", map[string]string{"config.json": ""}, updating + "config.json: the text is empty"},
		{"no JSON", map[string]string{"config.json": "x\n"}, updating + "config.json: invalid character 'x' looking for beginning of value"},
		{"no API", map[string]string{"config.json": `{"dl":"x"}`}, "registry `x` does not support API commands"},
		{"too long", map[string]string{"config.json": strings.Repeat(" ", longestBody+1)}, updating + "more than 8388608 bytes from `git`"},
	} {
		t.Run(test.about, func(t *testing.T) {
			g := newGitIndex(t)
			for name, content := range test.files {
				g.write(name, content)
			}
			g.git("-C", g.dir, "add", "--all")
			g.git("-C", g.dir, "commit", "--quiet", "--message=x")
			w := newGitWorld(t, "")
			if got := g.fetch(w); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got, want := strings.Join(w.said, "\n"), "Updating `x` index"; got != want {
				t.Errorf("said %s, want %s", got, want)
			}
		})
	}
}

func TestEmptyGitIndex(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "net.retry = 0")
	got := g.fetch(w)
	if !strings.HasPrefix(got, "failed to update registry `x` | failed to fetch `file://"+g.dir+"` | process didn't exit successfully: `git -c core.fsmonitor=false fetch ") {
		t.Errorf("got %s", got)
	}
}

func TestOfflineGitIndex(t *testing.T) {
	g := newGitIndex(t)
	g.commit(okConfig)
	for _, cached := range []bool{false, true} {
		for _, test := range []struct {
			option          string
			frozen, offline bool
			config          string
		}{
			{"--frozen", true, false, ""},
			{"--offline", false, true, ""},
			{"--offline", false, false, "net.offline = true"},
		} {
			w := newGitWorld(t, "")
			if cached {
				g.fetch(w)
			}
			w.configure(t, test.config, gitSettings...)
			w.said, w.Frozen, w.Offline = nil, test.frozen, test.offline
			want := updating + "config.json not found"
			if cached {
				want = "attempting to make an HTTP request, but " + test.option + " was specified"
			}
			if got := g.fetch(w); got != want || w.said != nil {
				t.Errorf("got %s, said %q, want %s", got, w.said, want)
			}
		}
	}
}

// smartHTTP serves the repositories in a directory to the user u with the password
// p.
func smartHTTP(t *testing.T, root string) http.HandlerFunc {
	t.Helper()
	backend := filepath.Join(strings.TrimSpace((&gitIndex{t: t}).git("--exec-path")), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		t.Skip("git-http-backend is missing")
	}
	return func(w http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); user != "u" || password != "p" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler := cgi.Handler{
			Path: backend,
			Env:  append([]string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"}, gitSettings...),
		}
		handler.ServeHTTP(w, req)
	}
}

func TestGitIndexOverHTTPWithGitsCredentials(t *testing.T) {
	g := newGitIndex(t)
	g.commit(okConfig)
	w := newWorld(t, "", smartHTTP(t, filepath.Dir(g.dir)), append(slices.Clone(gitSettings),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=credential.helper", "GIT_CONFIG_VALUE_0=!echo username=u; echo password=p; :")...)
	target := w.server.URL + "/index"
	if got := w.fetchFrom(t, target); got != "http://h/api" {
		t.Errorf("got %s", got)
	}
	requests := len(w.asked)
	if got := w.fetchFrom(t, target); got != "http://h/api" || len(w.asked) != requests || requests == 0 {
		t.Errorf("again: got %s, after %q", got, w.asked)
	}
}

func TestACachedGitIndexIsNotFetched(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "")
	g.commit(okConfig)
	first := g.fetch(w)
	if err := os.Rename(g.dir, g.dir+".away"); err != nil {
		t.Fatal(err)
	}
	w.said = nil
	if second := g.fetch(w); second != first || w.said != nil {
		t.Errorf("got %s and then %s, said %q", first, second, w.said)
	}
}

func TestACacheWithoutConfigIsUpdated(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "")
	g.write("x", "")
	g.git("-C", g.dir, "add", "--all")
	g.git("-C", g.dir, "commit", "--quiet", "--message=x")
	g.fetch(w)
	kept := filepath.Join(g.cache(w), "kept")
	if err := os.WriteFile(kept, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	g.commit(okConfig)
	if got := g.fetch(w); got != "http://h/api" {
		t.Errorf("got %s", got)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the repository was made anew: %v", err)
	}
}

// differs: git-index-damaged
func TestDamagedGitIndexIsFetchedAgain(t *testing.T) {
	for about, damage := range map[string]string{
		"no HEAD":          `rm HEAD`,
		"no reference":     `rm refs/remotes/origin/HEAD`,
		"broken reference": `: >refs/remotes/origin/HEAD`,
		"no objects":       `rm -r objects`,
		"broken objects":   `find objects -type f -exec chmod u+w {} + -exec truncate -s 0 {} +`,
		"no repository":    `rm -r "$PWD"`,
		"a file instead":   `rm -r "$PWD"; echo x >"$PWD"`,
		"broken settings":  `echo [ >config`,
	} {
		t.Run(about, func(t *testing.T) {
			g, w := newGitIndex(t), newGitWorld(t, "")
			g.commit(okConfig)
			g.fetch(w)
			cmd := exec.Command("sh", "-c", damage)
			cmd.Dir = g.cache(w)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			w.said, w.isAnnounced = nil, false
			if got := g.fetch(w); got != "http://h/api" || len(w.said) != 1 {
				t.Errorf("got %s, said %q", got, w.said)
			}
			if got := g.fetch(w); got != "http://h/api" || len(w.said) != 1 {
				t.Errorf("again: got %s, said %q", got, w.said)
			}
		})
	}
}

// Cargo cannot update a shallow repository from a file: URL.
func TestGitCacheOfAFileIsWhole(t *testing.T) {
	g, w := newGitIndex(t), newGitWorld(t, "")
	g.commit(okConfig)
	g.commit(okConfig)
	g.fetch(w)
	if got := g.git("--git-dir="+g.cache(w), "rev-list", "--count", gitRef); got != "2\n" {
		t.Errorf("%s commits", got)
	}
}

func TestCallersRepositoryIsLeftAlone(t *testing.T) {
	elsewhere := newGitIndex(t)
	dir := filepath.Join(elsewhere.dir, ".git")
	g := newGitIndex(t)
	g.commit(okConfig)
	before := listing(t, dir)
	w := newGitWorld(t, "", "GIT_DIR="+dir, "GIT_COMMON_DIR="+dir, "GIT_WORK_TREE="+elsewhere.dir, "GIT_INDEX_FILE="+dir+"/index",
		"GIT_OBJECT_DIRECTORY="+dir+"/objects", "GIT_QUARANTINE_PATH="+dir+"/objects", "GIT_NAMESPACE=x", "GIT_PREFIX=x/", "GIT_SHALLOW_FILE=x",
		"GIT_DEFAULT_HASH=sha256", "GIT_TEMPLATE_DIR="+elsewhere.dir)
	if got := g.fetch(w); got != "http://h/api" {
		t.Errorf("got %s", got)
	}
	if after := listing(t, dir); after != before {
		t.Errorf("the caller's repository had\n%s\nnow\n%s", before, after)
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// fakeGit returns a PATH with a shell script in place of git.
func fakeGit(t *testing.T, script string) (path string) {
	t.Helper()
	dir := t.TempDir()
	syscall.ForkLock.RLock() // a program cannot be run while it is open for writing
	err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"+script+"\n"), 0o777)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return "PATH=" + dir + ":" + os.Getenv("PATH")
}

func TestGitIsRunAsCargoRunsIt(t *testing.T) {
	const url = "https://h/index"
	const tail = "--force --update-head-ok 'https://h/index' '+HEAD:refs/remotes/origin/HEAD'"
	for _, test := range []struct {
		about, config, script string
		quiet, verbose        bool
		want                  string
		said                  []string
	}{
		{
			"with git", "git-fetch-with-cli = true\nretry = 1", "exit 128", false, false,
			"`git -c core.fsmonitor=false fetch --no-tags " + tail + "` (exit status 128)" + gitHelp,
			[]string{"Updating `x` index", "Running `git -c core.fsmonitor=false fetch --no-tags " + tail + "`", "spurious network error (1 try remaining): process didn't exit successfully: `git -c core.fsmonitor=false fetch --no-tags " + tail + "` (exit status 128)" + gitHelp},
		},
		{
			"verbose", "git-fetch-with-cli = true\nretry = 0", "kill -9 $$", false, true,
			"`git -c core.fsmonitor=false fetch --no-tags --verbose " + tail + "` (signal: killed)" + gitHelp,
			[]string{"Updating `x` index", "Running `git -c core.fsmonitor=false fetch --no-tags --verbose " + tail + "`"},
		},
		{
			"quiet", "git-fetch-with-cli = true\nretry = 0", "exit 1", true, false,
			"`git -c core.fsmonitor=false fetch --no-tags --quiet " + tail + "` (exit status 1)" + gitHelp,
			[]string{"Updating `x` index", "Running `git -c core.fsmonitor=false fetch --no-tags --quiet " + tail + "`"},
		},
		{
			"without", "retry = 0", "exit 1", false, true,
			"`git -c core.fsmonitor=false fetch --no-tags --quiet --depth=1 " + tail + "` (exit status 1)",
			[]string{"Updating `x` index"},
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := newGitWorld(t, "[net]\n"+test.config, fakeGit(t, test.script))
			w.Quiet, w.Verbose = test.quiet, test.verbose
			var said strings.Builder
			w.Stderr = &said
			want := "failed to update registry `x` | failed to fetch `" + url + "` | process didn't exit successfully: " + test.want
			if got := w.fetchFrom(t, url); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			if !slices.Equal(w.said, test.said) {
				t.Errorf("said %q\nwant %q", w.said, test.said)
			}
		})
	}
}

// The user sees the output of a git that fails once, after the last try, and only the
// end of it.
func TestGitsOutputIsShownOnce(t *testing.T) {
	flood := "yes flood | head -c 1000000 >&2; "
	for _, test := range []struct{ about, config, script, want, said string }{
		{"failed", "", flood + "echo fatal: gone >&2; exit 128", "(exit status 128)\n--- stderr\n", ""},
		{"failed with its help", "git-fetch-with-cli = true", "echo fatal: gone >&2; exit 128", "(exit status 128)\n--- stderr\nfatal: gone" + gitHelp, ""},
		{"fetched", "", "echo note >&2; exit 0", "failed to read what git has fetched", "note\n"},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := newGitWorld(t, "[net]\n"+test.config, fakeGit(t, "case $3 in fetch) ;; *) exit 1;; esac; "+test.script))
			var said strings.Builder
			w.Stderr = &said
			got := w.fetchFrom(t, "https://h/index")
			fatal := strings.Count(got, "fatal: gone")
			if !strings.Contains(got, test.want) || fatal != strings.Count(test.script, "fatal: gone") || len(got) > 2*longestTail || said.String() != test.said {
				t.Errorf("got %s\nwant %s; git said %q", got, test.want, said.String())
			}
			if warned := strings.Join(w.said, "\n"); strings.Contains(warned, "gone") || fatal > 0 && strings.Count(warned, "spurious") != 3 {
				t.Errorf("said %s", warned)
			}
		})
	}
}

func TestGitThatFetchesNothing(t *testing.T) {
	w := newGitWorld(t, "", fakeGit(t, `case $3 in fetch) exit 0;; esac; exec `+gitPath(t)+` "$@"`))
	want := updating + "failed to read what git has fetched | git cannot read the repository"
	if got := w.fetchFrom(t, "https://h/index"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoGit(t *testing.T) {
	w := newWorld(t, "", http.NotFound, "PATH="+t.TempDir())
	got := w.fetchFrom(t, "https://h/index")
	if !strings.Contains(got, "no `git` is on PATH") || !strings.Contains(got, "`sparse+`") || len(w.said) > 0 {
		t.Errorf("got %s, said %q", got, w.said)
	}
}

func TestGitGetsCargosHTTPSettings(t *testing.T) {
	out := filepath.Join(t.TempDir(), "env")
	show := fakeGit(t, `case $3 in fetch) env >'`+out+`';; esac; exit 1`)
	const settings = "[http]\nproxy = \"http://u:p@proxy:1\"\ncainfo = \"ca.pem\"\ntimeout = 7\n[net]\nretry = 0\n"
	for _, test := range []struct {
		config string
		want   bool
	}{{settings, true}, {settings + "git-fetch-with-cli = true", false}} {
		w := newGitWorld(t, test.config, show, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=c")
		w.fetchFrom(t, "https://h/index")
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for _, line := range []string{
			"GIT_CONFIG_COUNT=5", "GIT_CONFIG_KEY_1=http.lowSpeedLimit", "GIT_CONFIG_VALUE_1=10",
			"GIT_CONFIG_KEY_2=http.lowSpeedTime", "GIT_CONFIG_VALUE_2=7",
			"GIT_CONFIG_KEY_3=http.proxy", "GIT_CONFIG_VALUE_3=http://u:p@proxy:1",
			"GIT_CONFIG_KEY_4=http.sslCAInfo", "GIT_CONFIG_VALUE_4=" + filepath.Join(filepath.Dir(w.home), "ca.pem"),
		} {
			if got := slices.Contains(lines, line); got != test.want {
				t.Errorf("%s: %t, want %t, in\n%s", line, got, test.want, text)
			}
		}
		if !slices.Contains(lines, "GIT_CONFIG_VALUE_0=c") {
			t.Errorf("the caller's setting is gone:\n%s", text)
		}
	}
}

// git must not wait for a server that accepts the request and stays silent.
func TestGitGivesUpASilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	w := newGitWorld(t, "[http]\ntimeout = 1\n[net]\nretry = 0\n")
	got := w.fetchFrom(t, "http://"+silent.Addr().String()+"/index")
	if !strings.Contains(got, "exit status 128") || !strings.Contains(got, "Operation too slow") {
		t.Errorf("got %s", got)
	}
}

func TestEndedContextEndsGitAndWhatItRuns(t *testing.T) {
	if terminal, err := os.Open("/dev/tty"); err == nil {
		terminal.Close()
		t.Skip("with a terminal git stays in the group that the terminal signals")
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newGitWorld(t, "", fakeGit(t, `case $3 in fetch) ;; *) exit 1;; esac; exec 4>'`+pipe+`'; sleep 600 & echo started >&4; wait`))
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	w.Registry = registryAt(t, "https://h/index")
	go func() {
		_, err := w.Fetch(ctx)
		done <- err
	}()
	said, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	if err := said.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(said, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	cancel(enough)
	if err := <-done; !errors.Is(err, enough) {
		t.Errorf("the error is %v", err)
	}
	if len(w.waits) > 0 {
		t.Error("it was tried again")
	}
	// The pipe ends when no process has it open for writing.
	if rest, err := io.ReadAll(said); err != nil || len(rest) > 0 {
		t.Errorf("git or its child is still there: %v, said %q", err, rest)
	}
}

func TestCommandLine(t *testing.T) {
	p := subprocess.Program{Path: "git", Args: []string{"a-Z_0=/,.+", "", "a b", "it's", "no!", "+HEAD:x"}}
	const want = `git a-Z_0=/,.+ '' 'a b' 'it'\''s' 'no'\!'' '+HEAD:x'`
	if got := commandLine(p); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

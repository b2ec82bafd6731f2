//go:build unix

package index

import (
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gitSettings keep the machine's git settings out of a test.
var gitSettings = []string{
	"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "PATH=" + os.Getenv("PATH"),
	"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x",
}

// gitIndex is a git repository that a test can make an index of.
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

// gitPath returns where git is. The test is skipped without one, or fails where
// everything must run.
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

// commit makes a commit of nothing but that config.json.
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

// newGitWorld is newWorld for tests of git indexes. They are not run in
// parallel: a program that one starts would hold on to the lock of another for
// a moment.
func newGitWorld(t *testing.T, content string, environ ...string) *world {
	t.Helper()
	return newWorld(t, content, http.NotFound, append(slices.Clone(gitSettings), environ...)...)
}

func (g *gitIndex) fetch(w *world) string {
	g.t.Helper()
	return w.fetchFrom(g.t, targetAt(g.t, "file://"+g.dir))
}

func (g *gitIndex) cache(w *world) string {
	return filepath.Join(w.cacheDir(targetAt(g.t, "file://"+g.dir).Source), ".git")
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

// smartHTTP serves the repositories below a directory, to those who know the
// user u and the password p.
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
	target := targetAt(t, w.server.URL+"/index")
	if got := w.fetchFrom(t, target); got != "http://h/api" {
		t.Errorf("got %s", got)
	}
	requests := len(w.asked)
	if got := w.fetchFrom(t, target); got != "http://h/api" || len(w.asked) != requests || requests == 0 {
		t.Errorf("again: got %s, after %q", got, w.asked)
	}
}

//go:build unix

package index

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
)

// fakeGit is a git of that shell script, on a PATH of its own in front.
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
			"`git -c core.fsmonitor=false fetch --no-tags " + tail + "` (exit status: 128)" + gitHelp,
			[]string{"Updating `x` index", "Running `git -c core.fsmonitor=false fetch --no-tags " + tail + "`", "spurious network error (1 try remaining): process didn't exit successfully: `git -c core.fsmonitor=false fetch --no-tags " + tail + "` (exit status: 128)" + gitHelp},
		},
		{
			"verbose", "git-fetch-with-cli = true\nretry = 0", "kill -9 $$", false, true,
			"`git -c core.fsmonitor=false fetch --no-tags --verbose " + tail + "` (signal: 9 (SIGKILL))" + gitHelp,
			[]string{"Updating `x` index", "Running `git -c core.fsmonitor=false fetch --no-tags --verbose " + tail + "`"},
		},
		{
			"quiet", "git-fetch-with-cli = true\nretry = 0", "exit 1", true, false,
			"`git -c core.fsmonitor=false fetch --no-tags --quiet " + tail + "` (exit status: 1)" + gitHelp,
			[]string{"Updating `x` index", "Running `git -c core.fsmonitor=false fetch --no-tags --quiet " + tail + "`"},
		},
		{
			"without", "retry = 0", "exit 1", false, true,
			"`git -c core.fsmonitor=false fetch --no-tags --quiet --depth=1 " + tail + "` (exit status: 1)",
			[]string{"Updating `x` index"},
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := newGitWorld(t, "[net]\n"+test.config, fakeGit(t, test.script))
			w.Quiet, w.Verbose = test.quiet, test.verbose
			var said strings.Builder
			w.Stderr = &said
			want := "failed to update registry `x` | failed to fetch `" + url + "` | process didn't exit successfully: " + test.want
			if got := w.fetchFrom(t, targetAt(t, url)); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			if !slices.Equal(w.said, test.said) {
				t.Errorf("said %q\nwant %q", w.said, test.said)
			}
		})
	}
}

// What git says of a failure comes once, after all tries, and is bounded.
func TestGitsOwnWordsComeOnce(t *testing.T) {
	flood := "yes flood | head -c 1000000 >&2; "
	for _, test := range []struct{ about, config, script, want, said string }{
		{"failed", "", flood + "echo fatal: gone >&2; exit 128", "(exit status: 128)\n--- stderr\n", ""},
		{"failed with its help", "git-fetch-with-cli = true", "echo fatal: gone >&2; exit 128", "(exit status: 128)\n--- stderr\nfatal: gone" + gitHelp, ""},
		{"fetched", "", "echo note >&2; exit 0", "failed to read what git has fetched", "note\n"},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := newGitWorld(t, "[net]\n"+test.config, fakeGit(t, "case $3 in fetch) ;; *) exit 1;; esac; "+test.script))
			var said strings.Builder
			w.Stderr = &said
			got := w.fetchFrom(t, targetAt(t, "https://h/index"))
			fatal := strings.Count(got, "fatal: gone")
			if !strings.Contains(got, test.want) || fatal != strings.Count(test.script, "fatal: gone") || len(got) > 2*longestWords || said.String() != test.said {
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
	want := updating + "failed to read what git has fetched | there is nothing that git can read"
	if got := w.fetchFrom(t, targetAt(t, "https://h/index")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoGit(t *testing.T) {
	w := newWorld(t, "", http.NotFound, "PATH="+t.TempDir())
	got := w.fetchFrom(t, targetAt(t, "https://h/index"))
	if !strings.Contains(got, "no `git` is on PATH") || !strings.Contains(got, "`sparse+`") || len(w.said) > 0 {
		t.Errorf("got %s, said %q", got, w.said)
	}
}

func TestCargosHTTPSettingsReachGit(t *testing.T) {
	out := filepath.Join(t.TempDir(), "env")
	show := fakeGit(t, `case $3 in fetch) env >'`+out+`';; esac; exit 1`)
	const settings = "[http]\nproxy = \"http://u:p@proxy:1\"\ncainfo = \"ca.pem\"\ntimeout = 7\n[net]\nretry = 0\n"
	for _, test := range []struct {
		config string
		want   bool
	}{{settings, true}, {settings + "git-fetch-with-cli = true", false}} {
		w := newGitWorld(t, test.config, show, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=a.b", "GIT_CONFIG_VALUE_0=c")
		w.fetchFrom(t, targetAt(t, "https://h/index"))
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

// A server that takes the request and says nothing is given up.
func TestGitGivesUpASilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	w := newGitWorld(t, "[http]\ntimeout = 1\n[net]\nretry = 0\n")
	got := w.fetchFrom(t, targetAt(t, "http://"+silent.Addr().String()+"/index"))
	if !strings.Contains(got, "exit status: 128") || !strings.Contains(got, "Operation too slow") {
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
	target := targetAt(t, "https://h/index")
	go func() {
		_, err := w.Fetch(ctx, target)
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
	// The pipe ends when nobody is left who could write to it.
	if rest, err := io.ReadAll(said); err != nil || len(rest) > 0 {
		t.Errorf("git or its child is still there: %v, said %q", err, rest)
	}
}

func TestShellQuoted(t *testing.T) {
	p := subprocess.Program{Path: "git", Args: []string{"a-Z_0=/,.+", "", "a b", "it's", "no!", "+HEAD:x"}}
	const want = `git a-Z_0=/,.+ '' 'a b' 'it'\''s' 'no'\!'' '+HEAD:x'`
	if got := commandLine(p); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

//go:build unix

package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// installed is where `make install` has put everything, once.
var installed = sync.OnceValues(func() (prefix string, err error) {
	root := filepath.Join(programsDir, "installed")
	cmd := exec.Command("make", "install", "DESTDIR="+root, "PREFIX=/usr")
	cmd.Env = outsideMake()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make install: %w\n%s", err, out)
	}
	return filepath.Join(root, "usr"), nil
})

// completer is a person at a shell that has the installed programs, and no
// configuration of its own.
type completer struct {
	t   *testing.T
	dir string // the current one, with the home directory and files in it
	env []string
}

// newCompleter returns a person whose Cargo home is the directory home below dir.
func newCompleter(t *testing.T, dir string, env ...string) *completer {
	t.Helper()
	prefix, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	return &completer{t, dir, append([]string{
		"PATH=" + filepath.Join(prefix, "bin") + ":/usr/bin:/bin",
		"HOME=" + filepath.Join(dir, "user"),
		"CARGO_HOME=" + filepath.Join(dir, "home"),
		"XDG_DATA_DIRS=" + filepath.Join(prefix, "share"),
		"ZDOTDIR=" + filepath.Join(dir, "user"),
		"SITE_FUNCTIONS=" + filepath.Join(prefix, "share/zsh/site-functions"),
		"BUFFER_FILE=" + filepath.Join(dir, "user/buffer"),
		"TERM=xterm", "LC_ALL=C.UTF-8",
	}, env...)}
}

// A shell completes a line and returns what it offers in place of the last
// word, and all that a person sees.
type shell func(c *completer, line string) (offers []string, screen string)

var shells = map[string]shell{
	"bash": func(c *completer, line string) ([]string, string) {
		return c.offers(line, insertAll, "bash", "--noprofile", "--rcfile", c.file("bashrc", bashrc), "-i")
	},
	"zsh": func(c *completer, line string) ([]string, string) {
		c.file(".zshrc", zshrc)
		return c.offers(line, insertAll, "zsh", "-d", "-i")
	},
	"fish": fish,
}

// The keys that have all candidates inserted, and the one that writes the line
// to a file and ends the shell.
const (
	insertAll = "\x18a"
	writeLine = "\x18w"
)

const prompt = "READY> "

// bashrc is what a system with bash-completion has in its own.
const bashrc = `
PS1='READY> '
source /usr/share/bash-completion/bash_completion
written() { printf %s "$READLINE_LINE" >"$BUFFER_FILE"; exit; }
bind '"\C-xa": insert-completions'
bind -x '"\C-xw": written'
`

const zshrc = `
PS1='READY> '
fpath=($SITE_FUNCTIONS $fpath)
autoload -Uz compinit
compinit -u -D
zle -C all-matches complete-word _generic
zstyle ':completion:all-matches::::' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert yes
bindkey '^Xa' all-matches
written() { print -rn -- "$BUFFER" >$BUFFER_FILE; exit }
zle -N written
bindkey '^Xw' written
`

// file writes a file of the person's home directory and returns its path.
func (c *completer) file(name, text string) string {
	path := filepath.Join(c.dir, "user", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// offers types a line and a key and returns what has replaced the last word.
func (c *completer) offers(line, key, program string, args ...string) (offers []string, screen string) {
	c.t.Helper()
	after, screen := c.typed(line+key, program, args...)
	if after == line {
		return nil, screen
	}
	return strings.Fields(after[strings.LastIndexByte(line, ' ')+1:]), screen
}

// typed types keys at a shell's prompt and returns the line that it then has.
func (c *completer) typed(keys, program string, args ...string) (line, screen string) {
	c.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	shown, err := terminal.Session{Steps: []terminal.Step{{After: prompt, Type: keys + writeLine}}}.Run(cmd)
	text, readErr := os.ReadFile(filepath.Join(c.dir, "user/buffer"))
	if readErr != nil {
		c.t.Fatalf("%s: %v; the terminal showed:\n%s", program, err, shown)
	}
	return string(text), string(shown)
}

// fish says by itself what it would offer.
func fish(c *completer, line string) (offers []string, screen string) {
	c.t.Helper()
	// Without a configuration it does not look where the files are.
	cmd := exec.Command("fish", "--no-config", "-c",
		"set fish_complete_path $XDG_DATA_DIRS/fish/vendor_completions.d; complete -C $argv[1]", line)
	cmd.Dir, cmd.Env = c.dir, c.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("fish: %v\n%s", err, stderr.String())
	}
	for candidate := range strings.Lines(stdout.String()) {
		name, _, _ := strings.Cut(strings.TrimSuffix(candidate, "\n"), "\t")
		offers = append(offers, name)
	}
	return offers, stdout.String() + stderr.String()
}

//go:build unix

// Shells complete the programs' command lines, and run nothing while they do.

package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// shellWorld returns a person with registries in the home, in a directory's own
// configuration and in the environment, and with a provider that must not run.
func shellWorld(t *testing.T) *completer {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"home/config.toml": `
[registry]
global-credential-providers = ["` + dir + `/provider"]
[registries]
pub.index = "sparse+https://pub.example/index/"
private.index = "https://someone@private.example/hidden/index"
"größe".index = "sparse+https://groesse.example/"
"$(touch ran)".index = "sparse+https://odd.example/"
"with space".index = "sparse+https://odd.example/"
'quo"ted'.index = "sparse+https://odd.example/"
"1st".index = "sparse+https://odd.example/"
no-index.token = "hidden"
`,
		"home/credentials.toml":    "[registries.pub]\ntoken = \"hidden\"\n",
		"other/.cargo/config.toml": "registries.other.index = \"sparse+https://other.example/\"\n",
		"provider":                 "#!/bin/sh\n: > '" + dir + "/ran'\n",
		"file.toml":                "",
		"user/empty":               "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return newCompleter(t, dir, "CARGO_REGISTRIES_FROM_ENVIRONMENT_INDEX=sparse+https://environment.example/")
}

// What the shells must offer for the last word of a line.
var completions = []struct {
	name, line string
	want       []string
}{
	{"long options", "cargo-logout --", []string{
		"--registry", "--verbose", "--quiet", "--color", "--config", "--help", "--locked", "--offline", "--frozen", "--version",
	}},
	{"options", "cargo-login -", []string{
		"--registry", "--verbose", "-v", "--quiet", "-q", "--color", "--config", "--help", "-h", "--locked", "--offline", "--frozen", "--version", "-V",
	}},
	{"no token", "cargo-login f", nil},
	{"option begun", "cargo-login --lo", []string{"--locked"}},
	{"option given", "cargo-login --color never --co", []string{"--config"}},
	{"option that repeats", "cargo-login -v --verb", []string{"--verbose"}},
	{"hidden option", "cargo-login --si", nil},
	{"after an unknown option", "cargo-login --frob --lo", nil},
	{"argument of a provider", "cargo-login -- --lo", nil},
	{"colours", "cargo-login --color ", []string{"auto", "always", "never"}},
	{"colour attached", "cargo-login --color=a", []string{"auto", "always"}},
	{"registries", "cargo-login --registry ", []string{"crates-io", "from_environment", "größe", "private", "pub"}},
	{"registries of a logout", "cargo-logout --registry ", []string{"crates-io", "from_environment", "größe", "private", "pub"}},
	{"registry begun", "cargo-login --registry p", []string{"private", "pub"}},
	{"registry attached", "cargo-login --registry=pu", []string{"pub"}},
	{"registry unknown", "cargo-login --registry x", nil},
	{"registry after the name", "cargo-login login --registry pu", []string{"pub"}},
	{"registry of a directory", "cargo-login -C other --registry o", []string{"other"}},
	{"registry of the line", `cargo-login --config 'registries.given.index="https://a.example"' --registry g`, []string{"given", "größe"}},
	{"registry of a broken line", "cargo-login --config 'registries=' --registry ", nil},
	{"configuration file", "cargo-login --config f", []string{"file.toml"}},
	{"configuration file attached", "cargo-login --config=f", []string{"file.toml"}},
	{"directory", "cargo-login -C o", []string{"other"}},
	{"command on the line", "cargo-login $(touch ran) --registry pu", []string{"pub"}},
	{"quoted command on the line", "cargo-login '$(touch ran)' --registry pu", []string{"pub"}},
	{"spaces in a word", `cargo-login a\ touch\ ran --registry pu`, []string{"pub"}},
	{"quoted command of fish", "cargo-login '(touch ran)' --registry pu", []string{"pub"}},
	{"commands", "cargo-credential-keyring ", []string{"help", "migrate", "register", "status", "unregister"}},
	{"command begun", "cargo-credential-keyring u", []string{"unregister"}},
	{"no argument", "cargo-credential-keyring status f", nil},
	{"options of a command", "cargo-credential-keyring migrate --", []string{"--dry-run", "--help", "--registry"}},
	{"registries of a command", "cargo-credential-keyring status --registry p", []string{"private", "pub"}},
	{"fallback", "cargo-credential-keyring register --fallback ", []string{"keyutils"}},
	{"backend", "cargo-credential-keyring register --backend s", []string{"secret-service"}},
	{"time", "cargo-credential-keyring register --unlock-timeout f", nil},
}

// differs: completion
func TestCompletion(t *testing.T) {
	for name, offers := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsShell(t, name)
			for _, test := range completions {
				t.Run(test.name, func(t *testing.T) {
					c := shellWorld(t)
					got, screen := offers(c, test.line)
					for i := range got {
						// Some shells offer the whole word, others only what follows
						// the equals sign. Some omit the slash after a directory.
						got[i] = strings.TrimSuffix(got[i][strings.IndexByte(got[i], '=')+1:], "/")
					}
					slices.Sort(got)
					if want := slices.Sorted(slices.Values(test.want)); !slices.Equal(got, want) {
						t.Errorf("%s offers for %q\n%q, want\n%q; seen:\n%s", name, test.line, got, want, screen)
					}
					if strings.Contains(screen, "hidden") {
						t.Errorf("%s shows a secret:\n%s", name, screen)
					}
					if _, err := os.Stat(filepath.Join(c.dir, "ran")); err == nil {
						t.Errorf("%s ran something on the line, or a provider", name)
					}
				})
			}
		})
	}
}

// needsShell ends the test if the shell, or bash-completion for bash, is missing.
func needsShell(t *testing.T, name string) {
	t.Helper()
	need(t, "make", name)
	if _, err := os.Stat("/usr/share/bash-completion/bash_completion"); name == "bash" && err != nil {
		missing(t, "bash-completion")
	}
}

// The Tab key completes a word that has only one completion.
func TestCompletionByTab(t *testing.T) {
	for name, begin := range map[string]func(*completer) []string{
		"bash": func(c *completer) []string {
			return []string{"--noprofile", "--rcfile", c.file("bashrc", bashrc), "-i"}
		},
		"zsh": func(c *completer) []string { c.file(".zshrc", zshrc); return []string{"-d", "-i"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsShell(t, name)
			c := shellWorld(t)
			if got, screen := c.typed("cargo-login --reg\tpu\t--col\ta\tl\t", name, begin(c)...); got != "cargo-login --registry pub --color always " {
				t.Errorf("the line is %q; seen:\n%s", got, screen)
			}
		})
	}
}

// If the configuration is broken or causes a warning, completion prints no message.
func TestCompletionInBrokenConfiguration(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want             []string
		answer           string
	}{
		{"no TOML", "config.toml", "[registries", nil, ":4\n"},
		{"wrong type", "config.toml", "registries = 1", nil, ":4\n"},
		{"old name", "config", "registries.pub.index = 'file:///pub'", []string{"crates-io", "pub"}, "crates-io\tcrates.io\npub\n:4\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, offers := range shells {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					needsShell(t, name)
					dir := t.TempDir()
					c := newCompleter(t, dir)
					c.file("../home/"+test.file, test.text)
					for _, program := range []string{"cargo-login", "cargo-credential-keyring status"} {
						got, screen := offers(c, program+" --registry ")
						if slices.Sort(got); !slices.Equal(got, test.want) {
							t.Errorf("%s offers %q, want %q", name, got, test.want)
						}
						if strings.Contains(screen, "error") || strings.Contains(screen, "warning") {
							t.Errorf("%s shows\n%s", name, screen)
						}
					}
					if got := c.ask("cargo-login", "--registry", ""); got != test.answer {
						t.Errorf("the program answers %q, want %q", got, test.answer)
					}
				})
			}
		})
	}
}

// ask asks a program for candidates as the shells do, and returns its answer.
func (c *completer) ask(program string, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(ours(c.t, program), append([]string{"__complete"}, args...)...)
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("%s: %v", program, err)
	}
	return string(out)
}

// A registry's description is the host of its index. The rest may be secret.
func TestCompletionDescriptions(t *testing.T) {
	need(t, "make")
	c := shellWorld(t)
	want := "crates-io\tcrates.io\nfrom_environment\tenvironment.example\ngröße\tgroesse.example\n" +
		"private\tprivate.example\npub\tpub.example\n:4\n"
	for _, program := range []string{"cargo-login", "cargo-logout"} {
		if got := c.ask(program, "--registry", ""); got != want {
			t.Errorf("%s answers\n%s, want\n%s", program, got, want)
		}
	}
}

// PowerShell itself does not run here: its file is cobra's.
func TestCompletionInPowerShell(t *testing.T) {
	need(t, "make")
	prefix, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"cargo-login", "cargo-logout", "cargo-credential-keyring"} {
		text, err := os.ReadFile(filepath.Join(prefix, "share/cargo-auth/completions", program+".ps1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Register-ArgumentCompleter -CommandName '" + program + "'", "$Program __complete $Arguments"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("the file for %s does not have %q", program, want)
			}
		}
	}
}

// installed runs `make install` once and returns the prefix.
var installed = sync.OnceValues(func() (prefix string, err error) {
	root := filepath.Join(programsDir, "installed")
	cmd := exec.Command("make", "install", "DESTDIR="+root, "PREFIX=/usr")
	cmd.Env = outsideMake()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make install: %w\n%s", err, out)
	}
	return filepath.Join(root, "usr"), nil
})

// completer is a person at a shell that finds the installed programs and has no
// configuration.
type completer struct {
	t   *testing.T
	dir string // the working directory, with the home directory in it
	env []string
}

// newCompleter returns a person whose Cargo home is the directory home in dir.
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

// A shell completes a line. It returns what it offers for the last word, and
// everything that a person sees.
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

// The keys that insert all candidates, and those that write the line to a file and
// end the shell.
const (
	insertAll = "\x18a"
	writeLine = "\x18w"
)

const prompt = "READY> "

// bashrc loads bash-completion, as a system's own file does.
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

// file writes a file in the person's home directory and returns its path.
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

// offers types a line and a key, and returns what replaced the last word.
func (c *completer) offers(line, key, program string, args ...string) (offers []string, screen string) {
	c.t.Helper()
	after, screen := c.typed(line+key, program, args...)
	if after == line {
		return nil, screen
	}
	return strings.Fields(after[strings.LastIndexByte(line, ' ')+1:]), screen
}

// typed types keys at a shell's prompt and returns the resulting line.
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

// fish has a command that prints what it would offer.
func fish(c *completer, line string) (offers []string, screen string) {
	c.t.Helper()
	// Without its configuration, fish must be told where the files are.
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

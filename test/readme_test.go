//go:build unix

package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notRun are the commands of the README that TestReadme does not run, with what
// is checked instead.
var notRun = map[string]func(t *testing.T, command string){
	// TestReadme is part of it.
	"make test": checkTarget,
	// TestPackages runs it.
	"make packages": checkTarget,
	// TestGoInstall runs them.
	"go install github.com/cargo-auth/cargo-auth/cmd/cargo-login@latest":              nil,
	"go install github.com/cargo-auth/cargo-auth/cmd/cargo-logout@latest":             nil,
	"go install github.com/cargo-auth/cargo-auth/cmd/cargo-credential-keyring@latest": nil,
	// There is no Docker; checkImage does what these do.
	"docker build -t cargo-login .": nil,
	`docker run -i --rm --user "$(id -u):$(id -g)" -v "$HOME/.cargo:/cargo" cargo-login ` + imageArgs + " < token": nil,
}

// A section is what stands below a heading of the README.
type section struct {
	// registry are the rules of https://registry.example; without any there is
	// no web.
	registry string
	// keyring is whether there is one, loggedIn whether the reader is.
	keyring, loggedIn bool
	// blocks has a check for each block.
	blocks []func(*reading, block)
}

// sections are all of the README that have blocks.
var sections = map[string]section{
	"cargo-auth": {registry: openRegistry, blocks: []func(*reading, block){(*reading).console}},
	"Get it": {blocks: []func(*reading, block){
		shows("(?s)cargo-login --registry demo\n.* saved\n.*install .* bin/cargo-login .*'/home/me/.local/bin'\n"),
		shows(""), shows(""),
	}},
	"A tour": {blocks: []func(*reading, block){(*reading).configure}},
	"Log in without Rust": {registry: openRegistry, blocks: []func(*reading, block){
		shows("(?s)`crates-io` saved\n.*`my-registry` saved\n.*`my-registry` has been removed from local storage\n"),
	}},
	"One keyring for the whole team": {
		registry: openRegistry, keyring: true,
		blocks: []func(*reading, block){(*reading).shareProviders, (*reading).console},
	},
	"Out of plain text, and back": {
		registry: openRegistry, keyring: true, loggedIn: true,
		blocks: []func(*reading, block){
			(*reading).console,
			shows("(?s)removed from Secret Service\nUnregistered .* token for `my-registry` saved\n"),
		},
	},
	"In CI": {registry: openRegistry, blocks: []func(*reading, block){
		shows("(?s)`my-registry` saved\n.*removed from local storage\n"),
		shows("token +in environment variable", "cargo-credential-keyring status --registry my-registry"),
	}},
	"In a container": {registry: privateRegistry, blocks: []func(*reading, block){
		(*reading).checkImage, shows(""), (*reading).checkSecretMount,
	}},
	"A private registry and a proxy": {registry: privateRegistry, blocks: []func(*reading, block){
		(*reading).checkProxy, shows("`my-registry` saved\n"),
	}},
	"In Cargo's place": {registry: openRegistry, blocks: []func(*reading, block){
		shows("(?s)bin/front/cargo '.*`my-registry` saved\n.*`my-registry` has been removed .*\nrm -f"),
	}},
	"From Go": {registry: openRegistry, blocks: []func(*reading, block){
		(*reading).checkGo, shows(`{"name":"hello",`),
	}},
}

// What the README shows is what happens: its commands are run, and what is no
// command has a check of its own.
func TestReadme(t *testing.T) {
	r := newReader(t)
	used := map[string]bool{}
	blocks := readmeBlocks(t)
	// The first one shows what the next ones install.
	for blocks = append(blocks[1:], blocks[0]); len(blocks) > 0; {
		heading, n := blocks[0].heading, 1
		for n < len(blocks) && blocks[n].heading == heading {
			n++
		}
		s, known := sections[heading]
		if !known || used[heading] || len(s.blocks) != n {
			t.Fatalf("there are %d blocks below %q, and checks for %d", n, heading, len(s.blocks))
		}
		used[heading] = true
		if !t.Run(heading, func(t *testing.T) { r.read(t, s, blocks[:n]) }) && heading == "Get it" {
			t.FailNow() // there are no programs
		}
		blocks = blocks[n:]
	}
	for heading := range sections {
		if !used[heading] {
			t.Errorf("there are no blocks below %q", heading)
		}
	}
	for _, match := range regexp.MustCompile("`(make [a-z-]+)").FindAllStringSubmatch(read(t, "README.md"), -1) {
		checkTarget(t, match[1])
	}
}

// A block is one of the README, below its heading.
type block struct{ heading, language, text string }

func readmeBlocks(t *testing.T) (blocks []block) {
	t.Helper()
	text, heading := read(t, "README.md"), ""
	for _, match := range regexp.MustCompile("(?ms)^(?:#+ ([^\n]+)|```([a-z]+)\n(.*?)^```)$").FindAllStringSubmatch(text, -1) {
		if match[1] != "" {
			heading = match[1]
		} else {
			blocks = append(blocks, block{heading, match[2], match[3]})
		}
	}
	if fences := strings.Count("\n"+text, "\n```"); len(blocks) == 0 || fences != 2*len(blocks) {
		t.Fatalf("README.md has %d lines with which a block begins or ends, and %d blocks", fences, len(blocks))
	}
	return blocks
}

// A reading is what the reader does with one section.
type reading struct {
	*reader
	t       *testing.T
	web     *web
	environ []string // besides the reader's own
}

// read reads a section in a home where nothing is left of others but the
// programs and the configuration of the registry.
func (r *reader) read(t *testing.T, s section, blocks []block) {
	here := &reading{reader: r, t: t}
	if s.registry != "" {
		here.web = newWeb(t, s.registry)
		here.environ = []string{"HTTPS_PROXY=" + here.web.proxy, "SSL_CERT_FILE=" + here.web.cainfo}
	}
	if s.keyring {
		environ, end, err := keyringEnviron(t)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(end)
		here.environ = append(here.environ, environ...)
	}
	if err := os.RemoveAll(filepath.Join(r.home, ".cargo")); err != nil {
		t.Fatal(err)
	}
	r.file(t, ".cargo/config.toml", r.configuration)
	if s.loggedIn {
		here.run(0, "cargo-login --registry my-registry < token; rm -r ~/.cargo/registry")
	}
	for i, b := range blocks {
		s.blocks[i](here, b)
	}
}

// shows is the check of a block of commands: they succeed, and show what the
// expression describes; nothing if that is empty and none is run. Commands that
// stand only here follow.
func shows(want string, then ...string) func(*reading, block) {
	return func(r *reading, b block) {
		r.is(b, "sh")
		comment := regexp.MustCompile(`\s+# .*`)
		var commands []string
		for line := range strings.Lines(b.text) {
			command := comment.ReplaceAllString(strings.TrimSpace(line), "")
			check, known := notRun[command]
			if !known {
				commands = append(commands, command)
			} else if check != nil {
				check(r.t, command)
			}
		}
		if len(commands) == 0 && want == "" {
			return
		}
		shown := r.run(0, strings.Join(append(commands, then...), "\n"))
		if want == "" || !regexp.MustCompile(want).MatchString(shown) {
			r.t.Errorf("%s\nshows\n%s\nwant %q", b.text, shown, want)
		}
	}
}

// console is the check of a block that shows what a terminal does: the commands
// behind a dollar show what follows them.
func (r *reading) console(b block) {
	r.is(b, "console")
	var script strings.Builder
	prompts := 0
	for line := range strings.Lines(b.text) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		quoted := "'" + strings.ReplaceAll(strings.TrimSpace(line), "'", `'\''`) + "'"
		script.WriteString("echo " + quoted + "\n" + command)
		if strings.HasPrefix(command, "cargo-login ") && !strings.Contains(command, "<") {
			prompts++
		}
	}
	if shown := r.run(prompts, script.String()); shown != b.text {
		r.t.Errorf("README.md shows\n%s\nthe terminal shows\n%s", b.text, shown)
	}
}

func (r *reading) is(b block, language string) {
	r.t.Helper()
	if b.language != language {
		r.t.Fatalf("a block of %s, want %s:\n%s", b.language, language, b.text)
	}
}

// configure is the check of the configuration that all of the tour has.
func (r *reading) configure(b block) {
	r.is(b, "toml")
	r.configuration = b.text
}

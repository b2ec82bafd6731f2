//go:build unix

// The README is true: its commands run and show what it shows.

package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// notRun are the commands in the README that TestReadme does not run, each with the
// check that it makes instead.
var notRun = map[string]func(t *testing.T, command string){
	// TestReadme is part of it.
	"make test": checkTarget,
	// TestPackages runs it.
	"make packages": checkTarget,
	// TestGoInstall runs them.
	"go install github.com/cargo-auth/cargo-auth/cmd/cargo-login@latest":              nil,
	"go install github.com/cargo-auth/cargo-auth/cmd/cargo-logout@latest":             nil,
	"go install github.com/cargo-auth/cargo-auth/cmd/cargo-credential-keyring@latest": nil,
	// The tests do not use Docker; checkImage does what these commands do.
	"docker build -t cargo-login .": nil,
	`docker run -i --rm --user "$(id -u):$(id -g)" -v "$HOME/.cargo:/cargo" cargo-login ` + imageArgs + " < token": nil,
}

// A section is what follows a heading of the README.
type section struct {
	// registry has the rules of https://registry.example. Without rules, the
	// section has no web.
	registry string
	// keyring says that the reader has a keyring, loggedIn that they are logged in.
	keyring, loggedIn bool
	// blocks has a check for each block.
	blocks []func(*reading, block)
}

// sections are all sections of the README that have blocks.
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

// The README shows what happens: the test runs its commands, and has a check for
// every other block.
func TestReadme(t *testing.T) {
	r := newReader(t)
	used := map[string]bool{}
	blocks := readmeBlocks(t)
	// The first block uses programs that later ones install.
	for blocks = append(blocks[1:], blocks[0]); len(blocks) > 0; {
		heading, n := blocks[0].heading, 1
		for n < len(blocks) && blocks[n].heading == heading {
			n++
		}
		s, known := sections[heading]
		if !known || used[heading] || len(s.blocks) != n {
			t.Fatalf("%d blocks follow the heading %q, and %d of them have checks", n, heading, len(s.blocks))
		}
		used[heading] = true
		if !t.Run(heading, func(t *testing.T) { r.read(t, s, blocks[:n]) }) && heading == "Get it" {
			t.FailNow() // no programs are installed
		}
		blocks = blocks[n:]
	}
	for heading := range sections {
		if !used[heading] {
			t.Errorf("no blocks follow the heading %q", heading)
		}
	}
	for _, match := range regexp.MustCompile("`(make [a-z-]+)").FindAllStringSubmatch(read(t, "README.md"), -1) {
		checkTarget(t, match[1])
	}
}

// A block is a code block of the README, with its heading.
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
		t.Fatalf("README.md has %d lines that start or end a block, but %d blocks", fences, len(blocks))
	}
	return blocks
}

// A reading is what the reader does with one section.
type reading struct {
	*reader
	t       *testing.T
	web     *web
	environ []string // in addition to the reader's own
}

// read reads a section. The home has the programs and the configuration of the
// registry, but nothing else from other sections.
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

// shows checks a block of commands. They must succeed, and their output must match
// want. If want is empty, no command may be run. The commands in then run after
// those of the block.
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

// console checks a block that shows a terminal: each command after a dollar sign
// must show the lines that follow it.
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

// configure takes the configuration that the whole tour uses.
func (r *reading) configure(b block) {
	r.is(b, "toml")
	r.configuration = b.text
}

// checkTarget checks that the Makefile has the target of a command.
func checkTarget(t *testing.T, command string) {
	t.Helper()
	target := strings.TrimPrefix(command, "make ")
	if !regexp.MustCompile("(?m)^" + regexp.QuoteMeta(target) + ":").MatchString(read(t, "Makefile")) {
		t.Errorf("the Makefile has no target %s", target)
	}
}

// configureAlso adds a block to the configuration of the registry and writes both to
// a file, as a reader would.
func (r *reading) configureAlso(b block, file string) {
	r.t.Helper()
	r.is(b, "toml")
	text := strings.ReplaceAll(r.configuration+"\n"+b.text, proxyInReadme, r.web.proxy)
	if err := toml.Unmarshal([]byte(text), new(map[string]any)); err != nil {
		r.t.Errorf("%v in\n%s", err, text)
	}
	r.file(r.t, file, text)
}

// shareProviders checks the configuration for a team, in a project and in the home:
// without a keyring, the file is asked next.
func (r *reading) shareProviders(b block) {
	for _, file := range []string{"project/.cargo/config.toml", ".cargo/config.toml"} {
		r.configureAlso(b, file)
		for _, program := range slices.Concat([]string{"cargo-logout"}, r.cargo("cargo logout")) {
			shown := r.run(0, "unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR; mkdir -p ~/project; cd ~/"+path.Dir(path.Dir(file))+"\n"+
				program+" -v --registry my-registry")
			want := "^  Credential cargo-credential-keyring logout my-registry\nwarning: there is no D-Bus session.*\n" +
				"  Credential cargo:token logout my-registry\n      Logout not currently logged in to `my-registry`\n$"
			if !regexp.MustCompile(want).MatchString(shown) {
				r.t.Errorf("%s shows\n%s\nwant %s", program, shown, want)
			}
		}
		if err := os.RemoveAll(filepath.Join(r.home, "project")); err != nil {
			r.t.Fatal(err)
		}
	}
}

// cargo returns the commands if the real cargo is installed.
func (r *reading) cargo(commands ...string) []string {
	if cargoDir() == nil {
		return nil
	}
	return commands
}

// imageArgs are the arguments that the README gives its image.
const imageArgs = "--registry my-registry"

// checkImage checks the image: the files that it copies exist, and a login needs
// nothing else. The login runs in a directory with only these files, as an ordinary
// user.
func (r *reading) checkImage(b block) {
	r.is(b, "dockerfile")
	root := r.t.TempDir()
	var environ, entrypoint []string
	for line := range strings.Lines(b.text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "FROM" || line == "COPY . /src\n" || line == "WORKDIR /src\n":
		case line == "RUN make build\n":
			r.run(0, "make build")
		case strings.HasPrefix(line, "COPY --from=build "):
			r.copyInto(root, words[2:])
		case words[0] == "ENV":
			environ = append(environ, words[1])
		case words[0] == "ENTRYPOINT":
			if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "ENTRYPOINT ")), &entrypoint); err != nil {
				r.t.Fatal(err)
			}
		default:
			r.t.Errorf("this test does not know %q", line)
		}
	}
	r.t.Run("image", func(t *testing.T) {
		if os.Geteuid() != 0 {
			missing(t, "root, which alone can run in an image,")
		}
		user := &syscall.Credential{Uid: 65534, Gid: 65534}
		home := filepath.Join(root, "cargo")
		config := r.configuration + "\n[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"
		for _, err := range []error{
			os.Mkdir(home, 0o755),
			os.Chown(home, int(user.Uid), int(user.Gid)),
			os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o644),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		login := exec.Command(entrypoint[0], append(entrypoint[1:], strings.Fields(imageArgs)...)...)
		login.Dir, login.Env = "/", append(environ, "HTTPS_PROXY="+r.web.proxy)
		login.Stdin = strings.NewReader(readmeToken + "\n")
		login.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: user}
		out, err := login.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "Login token for `my-registry` saved\n") {
			t.Errorf("%v: %s", err, out)
		}
		if stored, err := os.ReadFile(filepath.Join(home, "credentials.toml")); !strings.Contains(string(stored), readmeToken) {
			t.Errorf("%v: the file has\n%s", err, stored)
		}
	})
}

// copyInto does the work of a COPY. The clone is in /src, and the web's certificate
// is the only one that the system has.
func (r *reading) copyInto(root string, words []string) {
	sources, target := words[:len(words)-1], words[len(words)-1]
	dir := filepath.Join(root, target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	for _, source := range sources {
		from := r.web.cainfo
		if name, ok := strings.CutPrefix(source, "/src/"); ok {
			from = filepath.Join(r.clone, name)
		} else if source != "/etc/ssl/certs/ca-certificates.crt" {
			r.t.Errorf("this test does not know what %s is", source)
		}
		content, err := os.ReadFile(from)
		if err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path.Base(source)), content, 0o755); err != nil {
			r.t.Fatal(err)
		}
	}
}

// checkSecretMount checks a step that reads the token from a secret: the provider in
// the step's environment sends it to the registry.
func (r *reading) checkSecretMount(b block) {
	r.is(b, "dockerfile")
	match := regexp.MustCompile("^RUN --mount=type=secret,id=([a-z-]+) \\\\\n    (\\w+=\"[^\"]+) /run/secrets/([a-z-]+)\" \\\\\n    cargo fetch\n$").FindStringSubmatch(b.text)
	if match == nil || match[1] != match[3] {
		r.t.Fatalf("this test does not know\n%s", b.text)
	}
	assignment := match[2] + ` token" `
	bin, err := programs()
	if err != nil {
		r.t.Fatal(err)
	}
	r.file(r.t, "project/src/lib.rs", "")
	r.file(r.t, "project/Cargo.toml", "[package]\nname = \"project\"\n[dependencies]\nhello = { version = \"1\", registry = \"my-registry\" }\n")
	for _, command := range slices.Concat(
		[]string{filepath.Join(bin, "fetch-index") + " hello my-registry"},
		r.cargo("cargo generate-lockfile --manifest-path ~/project/Cargo.toml"),
	) {
		before := len(r.web.tokensSeen())
		r.run(0, assignment+command)
		if seen := r.web.tokensSeen()[before:]; len(seen) == 0 || seen[0] != readmeToken {
			r.t.Errorf("%s%s sends the tokens %q", assignment, command, seen)
		}
	}
}

// checkProxy checks a configuration with a proxy: a login reaches the registry
// without any variable.
func (r *reading) checkProxy(b block) {
	certificate, err := os.ReadFile(r.web.cainfo)
	if err != nil {
		r.t.Fatal(err)
	}
	r.file(r.t, ".cargo/corp-ca.pem", string(certificate))
	r.configureAlso(b, ".cargo/config.toml")
	r.environ = nil
	for _, program := range slices.Concat([]string{"cargo-login"}, r.cargo("cargo login")) {
		before := len(r.web.registry.Requests())
		r.run(0, program+" --registry my-registry < token; rm -r ~/.cargo/registry ~/.cargo/credentials.toml")
		if len(r.web.registry.Requests()) == before {
			r.t.Errorf("%s did not ask the registry", program)
		}
	}
	r.file(r.t, ".cargo/config.toml", r.configuration)
}

// checkGo checks lines of Go. It runs them in a function that has a directory.
func (r *reading) checkGo(b block) {
	r.is(b, "go")
	r.file(r.t, "snippet/main.go", `package main

import (
	"fmt"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

func main() {
	dir := "/"
`+b.text+`
	fmt.Println(name.Val, "from", name.Definition, err)
}
`)
	r.environ = append(r.environ, "GOPROXY=off")
	shown := r.run(0, "CARGO_REGISTRY_DEFAULT=my-registry go run ~/snippet/main.go")
	if want := "my-registry from environment variable `CARGO_REGISTRY_DEFAULT` <nil>\n"; shown != want {
		r.t.Errorf("it prints %q, want %q", shown, want)
	}
}

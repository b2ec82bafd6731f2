//go:build unix

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

// checkTarget checks that a target of the Makefile is there.
func checkTarget(t *testing.T, command string) {
	t.Helper()
	target := strings.TrimPrefix(command, "make ")
	if !regexp.MustCompile("(?m)^" + regexp.QuoteMeta(target) + ":").MatchString(read(t, "Makefile")) {
		t.Errorf("the Makefile has no target %s", target)
	}
}

// configureAlso lays a block over the configuration of the registry, as whoever
// writes it into the file does.
func (r *reading) configureAlso(b block, file string) {
	r.t.Helper()
	r.is(b, "toml")
	text := strings.ReplaceAll(r.configuration+"\n"+b.text, proxyInReadme, r.web.proxy)
	if err := toml.Unmarshal([]byte(text), new(map[string]any)); err != nil {
		r.t.Errorf("%v in\n%s", err, text)
	}
	r.file(r.t, file, text)
}

// shareProviders is the check of the configuration for a team, in a project and
// in the home: without a keyring, the file is next.
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

// cargo returns the commands if there is a real cargo.
func (r *reading) cargo(commands ...string) []string {
	if cargoDir() == nil {
		return nil
	}
	return commands
}

// imageArgs are the arguments with which the README runs its image.
const imageArgs = "--registry my-registry"

// checkImage is the check of the image: what is copied into it is there, and all
// that a login needs. It is run in a directory with nothing else, as nobody.
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
			missing(t, "root, who alone can look into an image,")
		}
		nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
		home := filepath.Join(root, "cargo")
		config := r.configuration + "\n[registry]\nglobal-credential-providers = [\"cargo:token\"]\n"
		for _, err := range []error{
			os.Mkdir(home, 0o755),
			os.Chown(home, int(nobody.Uid), int(nobody.Gid)),
			os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o644),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		login := exec.Command(entrypoint[0], append(entrypoint[1:], strings.Fields(imageArgs)...)...)
		login.Dir, login.Env = "/", append(environ, "HTTPS_PROXY="+r.web.proxy)
		login.Stdin = strings.NewReader(readmeToken + "\n")
		login.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: nobody}
		out, err := login.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "Login token for `my-registry` saved\n") {
			t.Errorf("%v: %s", err, out)
		}
		if stored, err := os.ReadFile(filepath.Join(home, "credentials.toml")); !strings.Contains(string(stored), readmeToken) {
			t.Errorf("%v: the file has\n%s", err, stored)
		}
	})
}

// copyInto copies what a COPY does from the clone in /src, and the web's
// certificate as the only one of the system's.
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

// checkSecretMount is the check of a step that reads the token from a secret:
// the registry gets it from the provider that is in the step's environment.
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

// checkProxy is the check of a configuration with which the reader needs no
// variable to reach the registry, and a login works.
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

// checkGo is the check of lines of a function that has a directory.
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

//go:build unix

package test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/test/parity"
	"github.com/rogpeppe/go-internal/testscript"
)

const scriptDir = "testdata/script"

// TestScript runs the scripts below testdata/script, a subtest for each topic.
// What commands they have besides testscript's own is in scriptCommands.
//
// A script starts in $WORK/work, with $WORK/home as CARGO_HOME, $WORK/user as the
// home directory and the programs in $BIN, and knows nothing else of the machine.
func TestScript(t *testing.T) {
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	topics := map[string][]string{}
	err = filepath.WalkDir(scriptDir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".txtar" {
			topic, _ := filepath.Rel(scriptDir, filepath.Dir(path))
			topics[topic] = append(topics[topic], path)
		}
		return err
	})
	if err != nil || len(topics) == 0 {
		t.Fatalf("no scripts in %s: %v", scriptDir, err)
	}
	for topic, files := range topics {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Files:               files,
				Setup:               func(e *testscript.Env) error { return setup(e, bin) },
				Cmds:                scriptCommands,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
			})
		})
	}
}

// setup gives a script its environment. Of the one that the tests run in only
// what testscript itself needs is left.
func setup(e *testscript.Env, bin string) error {
	commands, _, _ := strings.Cut(e.Getenv("PATH"), string(os.PathListSeparator))
	kept := map[string]bool{
		"WORK": true, "TMPDIR": true, "GOCOVERDIR": true, "GORACE": true,
		"devnull": true, "exe": true, "/": true, ":": true, "$": true,
	}
	var vars []string
	for _, v := range e.Vars {
		if name, _, _ := strings.Cut(v, "="); kept[name] {
			vars = append(vars, v)
		}
	}
	e.Vars = append(vars,
		"PATH="+strings.Join(append([]string{bin, commands, "/usr/bin", "/bin"}, cargoDir()...), string(os.PathListSeparator)),
		"BIN="+bin,
		"HOME="+filepath.Join(e.WorkDir, "user"),
		"CARGO_HOME="+filepath.Join(e.WorkDir, "home"),
		"TERM=xterm-256color",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
	)
	e.Cd = filepath.Join(e.WorkDir, "work")
	credentials, _ := filepath.Glob(filepath.Join(e.WorkDir, "*", "credentials*"))
	for _, path := range credentials {
		// As Cargo leaves them.
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
	}
	hang := time.AfterFunc(patience, func() { panic(filepath.Base(e.WorkDir) + " does not end") })
	e.Defer(func() { hang.Stop() })
	e.Values[worldKey{}] = &scriptWorld{root: e.WorkDir, t: e.T(), inodes: map[string]uint64{}}
	for _, dir := range []string{"work", "user"} {
		if err := os.MkdirAll(filepath.Join(e.WorkDir, dir), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// cargoDir is where the real cargo is, if there is one.
var cargoDir = sync.OnceValue(func() []string {
	if cargo, _ := parity.FindCargo(); cargo != "" {
		return []string{filepath.Dir(cargo)}
	}
	return nil
})

// A logout talks to no network, so it carries no HTTP client.
func TestLogoutLinksNoHTTPClient(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./cmd/cargo-logout")
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "cargo-auth/pkg/credential\n") {
		t.Errorf("not the program that was meant, it links only:\n%s", out)
	}
	for _, dep := range strings.Fields(string(out)) {
		if dep == "net/http" || dep == "crypto/tls" || strings.HasSuffix(dep, "/registry/index") {
			t.Errorf("cargo-logout links %s", dep)
		}
	}
}

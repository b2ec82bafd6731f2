//go:build unix

// The programs behave as the scripts in testdata/script say. Each script is a
// session that a person could type.

package test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
	"github.com/cargo-auth/cargo-auth/test/terminal"
)

const scriptDir = "testdata/script"

// TestScript runs the scripts in testdata/script, with a subtest for each topic.
// They have testscript's own commands, and those in scriptCommands.
//
// A script starts in $WORK/work. CARGO_HOME is $WORK/home, the home directory is
// $WORK/user, and the programs are in $BIN. It sees nothing else of the machine.
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

// setup gives a script its environment. From the environment of the tests it keeps
// only what testscript itself needs.
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
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			err = os.Chmod(path, 0o600) // Cargo creates it like this
		}
		if err != nil {
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

// scriptCommands are the commands that scripts have in addition to testscript's.
// The program typed is another one.
//
//	registry [RULES]       starts a stub registry, with the rules in the file
//	                       RULES. From then on $URL is its address, also in the
//	                       files of the script. It serves crates.io's index too,
//	                       as $URL/crates-io/
//	requests [REQUEST...]  the registry saw exactly these ("GET /pub/config.json")
//	exits CODE PROGRAM...  like exec, for a program that fails with this exit code
//	mode MODE FILE...      the files have this mode
//	inode FILE...          the files are the same as at the first such line
//	tree DIR               prints the contents of DIR with their modes
//	bytes FILE STRING      writes a Go string (without its quotes), for bytes that
//	                       a script cannot contain
//	needs TOOL             ends the script if the tool is not installed
//	keyring                starts a secret service with an unlocked collection, on
//	                       its own bus; the socket is outside $WORK
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"registry": positive(startRegistry),
	"requests": positive(checkRequests),
	"exits":    positive(exits),
	"mode":     positive(checkMode),
	"inode":    positive(checkInode),
	"tree":     positive(printTree),
	"bytes":    positive(writeBytes),
	"needs":    positive(needs),
	"keyring":  positive(startKeyring),
}

type worldKey struct{}

// A scriptWorld holds what the commands of one script share.
type scriptWorld struct {
	root     string
	t        testscript.T
	registry *stubregistry.Server
	inodes   map[string]uint64
}

func world(ts *testscript.TestScript) *scriptWorld { return ts.Value(worldKey{}).(*scriptWorld) }

// positive turns a function into a command that "!" cannot negate.
func positive(f func(ts *testscript.TestScript, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		ts.Check(f(ts, args))
	}
}

func startRegistry(ts *testscript.TestScript, args []string) error {
	w := world(ts)
	var rules []stubregistry.Rule
	var err error
	for _, name := range args {
		if rules, err = stubregistry.ParseRules(ts.ReadFile(name)); err != nil {
			return err
		}
	}
	if w.registry, err = stubregistry.Start(rules); err != nil {
		return err
	}
	ts.Defer(func() { w.registry.Close() })
	ts.Setenv("URL", w.registry.URL)
	ts.Setenv("__CARGO_TEST_CRATES_IO_URL_DO_NOT_USE_THIS", w.registry.Index("crates-io"))
	return filepath.WalkDir(w.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), "$URL") {
			return err
		}
		return os.WriteFile(path, []byte(strings.ReplaceAll(string(content), "$URL", w.registry.URL)), 0o666)
	})
}

func checkRequests(ts *testscript.TestScript, want []string) error {
	got := strings.TrimSpace(stubregistry.Format(world(ts).registry.Requests()))
	if want := strings.Join(want, "\n"); got != want {
		return fmt.Errorf("the registry got the requests\n%s\nwant\n%s", got, want)
	}
	return nil
}

func exits(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		return fmt.Errorf("%s: %v, want exit code %d", args[1], err, want)
	}
	return nil
}

func checkMode(ts *testscript.TestScript, args []string) error {
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			return fmt.Errorf("%s has mode %s, want %s", name, got, args[0])
		}
	}
	return nil
}

func checkInode(ts *testscript.TestScript, args []string) error {
	w := world(ts)
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		if err != nil {
			return err
		}
		now := uint64(info.Sys().(*syscall.Stat_t).Ino)
		if before, known := w.inodes[name]; known && now != before {
			return fmt.Errorf("%s is a new file: inode %d, it was %d", name, now, before)
		}
		w.inodes[name] = now
	}
	return nil
}

func printTree(ts *testscript.TestScript, args []string) error {
	root, out := ts.MkAbs(args[0]), ts.Stdout()
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		fmt.Fprintf(out, "%v %s\n", info.Mode(), name)
		return nil
	})
}

func writeBytes(ts *testscript.TestScript, args []string) error {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	path := ts.MkAbs(args[0])
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o666)
}

func needs(ts *testscript.TestScript, args []string) error {
	for _, tool := range args {
		found := slices.ContainsFunc(filepath.SplitList(ts.Getenv("PATH")), func(dir string) bool {
			_, err := exec.LookPath(filepath.Join(dir, tool))
			return err == nil
		})
		if !found {
			missing(world(ts).t, tool)
		}
	}
	return nil
}

// typed is a program for scripts. "typed PROMPT TEXT PROGRAM ARGS..." runs a
// program on a terminal, waits for the prompt, types the text and a line end, and
// prints what the terminal showed. It exits as the program does.
func typed() {
	prompt, text, command := os.Args[1], os.Args[2], os.Args[3:]
	cmd := exec.Command(command[0], command[1:]...)
	screen, err := terminal.Session{Steps: []terminal.Step{{After: prompt, Type: text + "\n"}}}.Run(cmd)
	os.Stdout.WriteString(strings.ReplaceAll(string(screen), "\r\n", "\n"))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "typed:", err)
		os.Exit(2)
	}
}

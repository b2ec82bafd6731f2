//go:build unix

package parity

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
	"github.com/rogpeppe/go-internal/txtar"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"# nothing", nil},
		{"cargo login  --registry\tpub", []string{"cargo", "login", "--registry", "pub"}},
		{`cargo login "a b\n" 'c\n' # why`, []string{"cargo", "login", "a b\n", `c\n`}},
		{`cargo login ""`, []string{"cargo", "login", ""}},
		{`cargo login "\xff"`, []string{"cargo", "login", "\xff"}},
	} {
		if got, err := split(test.line); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, %v, want %q", test.line, got, err, test.want)
		}
	}
	for _, line := range []string{`cargo "login`, `cargo 'login`, `cargo "\q"`} {
		if got, err := split(line); err == nil {
			t.Errorf("%q: got %q, want an error", line, got)
		}
	}
}

func TestCommand(t *testing.T) {
	for line, want := range map[string]string{
		"login --registry pub":           "cargo-login --registry pub",
		"-q logout -v":                   "cargo-logout -q -v",
		"-C dir logout":                  "cargo-logout -C dir",
		"-Z unstable-options -Cd logout": "cargo-logout -Z unstable-options -Cd",
		"logout -v -Cdir":                "cargo-logout logout -v -Cdir",
		"logout -C dir":                  "cargo-logout logout -C dir",
	} {
		program, args, err := Program{Bin: "."}.command(strings.Fields(line))
		if got := program + " " + strings.Join(args, " "); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", line, got, err, want)
		}
		if _, args, _ := (Program{Cargo: "cargo"}).command(strings.Fields(line)); strings.Join(args, " ") != line {
			t.Errorf("%s: cargo is given %q", line, args)
		}
	}
	if _, _, err := (Program{Bin: "."}).command([]string{"build"}); err == nil {
		t.Error("cargo build: no error")
	}
}

func TestMalformedCases(t *testing.T) {
	const cmd = "-- cmd --\ncargo logout\n"
	for name, text := range map[string]string{
		"no sentence":         cmd,
		"no commands":         "# Nothing.\n",
		"unknown step":        "# A.\n-- cmd --\nlogout\n",
		"too many words":      "# A.\n-- cmd --\nenv A=b C=d\n",
		"rules":               "# A.\n" + cmd + "-- registry --\n/x soon\n",
		"file elsewhere":      "# A.\n" + cmd + "-- etc/passwd --\n",
		"file above":          "# A.\n" + cmd + "-- home/../../x --\n",
		"word after the name": "# A.\n" + cmd + "-- home/x 0600 dos --\n",
		"others' words":       "# A.\n# words: theirs\n" + cmd,
		"no version":          "# A.\n# since: yesterday\n" + cmd,
		"unquoted":            "# A.\n" + cmd + "-- home/x quoted --\ntext\n",
	} {
		if _, err := parseCase(txtar.Parse([]byte(text))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFileWords(t *testing.T) {
	for header, want := range map[string]string{
		"home/x":        "a\n",
		"home/x crlf":   "a\r\n",
		"home/x bom":    "\ufeffa\n",
		"home/x chomp":  "a",
		"home/x 0600":   "a\n",
		"home/x quoted": "\xff",
	} {
		text := "a\n"
		if strings.HasSuffix(header, "quoted") {
			text = `"\xff"` + "\n"
		}
		if f, err := parseFile(header, text); err != nil || f.text != want {
			t.Errorf("%s: got %q, %v, want %q", header, f.text, err, want)
		}
	}
}

func TestDiffersIsRead(t *testing.T) {
	c, err := parseCase(txtar.Parse([]byte("# A sentence.\n# differs: some-id\n-- cmd --\ncargo logout\n")))
	if err != nil || c.Differs != "some-id" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain é":    "plain é",
		"\x1b[1m":    `\x1b[1m`,
		"a\\b\tc\r":  `a\\b\tc\r`,
		"\xff\ufffd": `\xff` + "\ufffd",
	} {
		if got := visible(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestMeaningLeavesOutHowItIsWritten(t *testing.T) {
	want := meaning("[registries.pub]\ntoken = \"a\"\n")
	for _, text := range []string{
		"registries.pub.token = 'a' # mine\n",
		"\ufeffregistries = { pub = { token = \"\\u0061\" } }\r\n",
	} {
		if got := meaning(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"registries.pub.token = 'b'", "registry.token = 'a'", "[registries.pub"} {
		if meaning(text) == want {
			t.Errorf("%q means the same", text)
		}
	}
}

// What differs from run to run is removed.
func TestNormalise(t *testing.T) {
	w := &world{dir: "/x/parity123", registry: &stubregistry.Server{URL: "http://127.0.0.1:4711"}}
	got := normalise(strings.Join([]string{
		"| error: could not parse `/x/parity123/home/config.toml` of http://127.0.0.1:4711/pub/ at 127.0.0.1:4711",
		"|   TOML parse error at line 2, column 9",
		"|     |",
		"|   2 | token = secret",
		"|     |         ^^^^^^",
		"|   string values must be quoted",
		"exit status 101",
		"home/registry/index/127.0.0.1-0123456789abcdef/ 0755",
		"",
	}, "\n"), w)
	want := strings.Join([]string{
		"| error: could not parse `$TMP/home/config.toml` of $URL/pub/ at $HOST",
		"|   TOML parse error at line 2, column 9",
		"|     |",
		"|   2 | token = secret",
		"|     |         ^^^^^^",
		"|   string values must be quoted",
		"exit status 101",
		"home/registry/index/127.0.0.1-HASH/ 0755",
		"",
	}, "\n")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// An answer shows everything that a program does, so that no difference can hide.
func TestAnswerTellsEverything(t *testing.T) {
	bin := t.TempDir()
	const script = `#!/bin/sh
echo out; echo err >&2
read line; echo "read $line"
echo '[registry]' > $CARGO_HOME/credentials.toml; chmod 640 $CARGO_HOME/credentials.toml
echo x > ../user/stray; chmod 644 ../user/stray
exit 7
`
	if err := os.WriteFile(filepath.Join(bin, "cargo-login"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := parseCase(txtar.Parse([]byte("# All.\n-- cmd --\ncargo login < \"in\\n\"\n-- home/gone --\n")))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Run(t.Context(), Program{Bin: bin})
	if err != nil {
		t.Fatal(err)
	}
	want := "$ cargo login < \"in\\n\"\nstdout:\n| out\n| read in\nstderr:\n| err\nexit status 7\nfiles:\n" +
		"home/credentials.toml 0640:\n| {\n|   \"registry\": {}\n| }\nuser/stray 0644:\n| x\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestOpen(t *testing.T) {
	cargo := strings.ReplaceAll(`$ cargo login
stdout:
| a
stderr:
| warning: w
| error: cannot read F: their reason
|   more of it
|
| Caused by:
|   theirs
exit status 101
files:
f 0600 empty
`, "|\n", "| \n")
	for name, test := range map[string]struct{ old, new, want string }{
		"nothing differs": {"", "", cargo},
		"a reason":        {"their reason", "ours", strings.Replace(cargo, "their reason", open, 1)},
		"a reason of more lines": {
			"their reason\n|   more of it", "ours",
			strings.Replace(cargo, "their reason\n|   more of it", open, 1),
		},
		"more causes":         {"|   theirs\n", "|   a\n| \n| Caused by:\n|   b\n", strings.Replace(cargo, "|   theirs", "| "+open, 1)},
		"an exit status":      {"101", "1", cargo},
		"standard output":     {"| a", "| b", cargo},
		"a file":              {"0600", "0644", cargo},
		"no standard error":   {cargo[strings.Index(cargo, "stderr"):strings.Index(cargo, "exit")], "", cargo},
		"a step less":         {cargo, "", cargo},
		"in the second step":  {"", cargo, cargo},
		"a word in a warning": {"warning: w", "warning: v", strings.Replace(cargo, "warning: w", "warning: "+open, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			ours := strings.Replace(cargo, test.old, test.new, 1)
			got := Open(cargo, ours)
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			c := &Case{OurWords: true}
			if agrees := c.Agrees(got, ours); agrees != (got != cargo || ours == cargo) {
				t.Errorf("ours agrees: %v", agrees)
			}
			if !c.Agrees(got, cargo) {
				t.Error("cargo does not agree with its own answer")
			}
			if other := strings.Replace(ours, "error:", "panic:", 1); other != ours && c.Agrees(got, other) {
				t.Error("another frame agrees")
			}
		})
	}
}

package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func ptr(s string) *string { return &s }

func TestParse(t *testing.T) {
	for _, test := range []struct {
		command Command
		args    []string
		want    Options
	}{
		{Logout, nil, Options{}},
		{Logout, []string{"--registry", "x", "-vqv"}, Options{Registry: ptr("x"), Verbose: 2, Quiet: true}},
		{Logout, []string{"--registry=", "--color=NEVER"}, Options{Registry: ptr(""), Color: ptr("NEVER")}},
		{Logout, []string{"--config", "a=1", "--config=b=2", "-Za", "-Z=b", "-Z", "c"}, Options{Config: []string{"a=1", "b=2"}, Unstable: []string{"a", "b", "c"}}},
		{Logout, []string{"--locked", "--offline", "--frozen", "--"}, Options{Locked: true, Offline: true, Frozen: true}},
		{Logout, []string{"logout", "-q"}, Options{Quiet: true}},
		{Logout, []string{"+nightly", "-q"}, Options{Quiet: true, Channel: "nightly"}},
		{Logout, []string{"+nightly", "-Zunstable-options", "-C", "dir"}, Options{Dir: ptr("dir"), Unstable: []string{"unstable-options"}, Channel: "nightly"}},
		{Login, []string{"token", "--", "--a", "b"}, Options{Token: ptr("token"), Args: []string{"--a", "b"}}},
		{Login, []string{"login", "login"}, Options{Token: ptr("login")}},
	} {
		if test.want.Channel == "" {
			test.want.Channel = "stable"
		}
		got, answer := parse(test.command, test.args, nil)
		if answer != accepted || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: parse(%q) = %+v, %s, want %+v", test.command.Name, test.args, got, answer, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		command    Command
		args, want string
	}{
		{Logout, "--regstry x", "error: unexpected argument '--regstry' found"},
		{Logout, "token", "error: unexpected argument 'token' found"},
		{Logout, "logout --version", "error: unexpected argument '--version' found"},
		{Logout, "logout -C dir", "error: unexpected argument '-C' found"},
		{Logout, "--registry -q", "error: a value is required for '--registry <REGISTRY>' but none was supplied"},
		{Logout, "--registry a -q --registry b", "error: the argument '--registry <REGISTRY>' cannot be used multiple times"},
		{Logout, "-test.v", "error: unexpected argument '-t' found"},
		{Logout, "-C dir", errDirectoryUnstable.Error()},
		{Logout, "token --help", "error: unexpected argument 'token' found"},
		{Logout, "--help --nope", help},
		{Login, "--version", "cargo-login 1.2.3"},
	} {
		if _, got := parse(test.command, strings.Fields(test.args), nil); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.command.Name, test.args, got, test.want)
		}
	}
}

func TestVersion(t *testing.T) {
	for described, want := range map[string]string{
		"v1.2.3":                  "cargo-login 1.2.3\n",
		"v1.2.3-4-g0123456789ab":  "cargo-login 1.2.3-4 (0123456789ab)\n",
		"0123456789ab-dirty":      "cargo-login 0123456789ab-dirty\n",
		"v1.2.3-rc.1-4-g01234567": "cargo-login 1.2.3-rc.1-4 (01234567)\n",
	} {
		if got := Version("cargo-login", described); got != want {
			t.Errorf("Version of %q: %q, want %q", described, got, want)
		}
	}
}

func TestChannel(t *testing.T) {
	const override = "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS="
	for _, test := range []struct {
		toolchain string
		environ   []string
		want      Channel
	}{
		{"", nil, "stable"},
		{"nightly-2026-01-01", nil, "nightly"},
		{"stable", []string{"RUSTUP_TOOLCHAIN=nightly"}, "stable"},
		{"", []string{"RUSTUP_TOOLCHAIN=nightly-x86_64"}, "nightly"},
		{"", []string{"RUSTC_BOOTSTRAP=1"}, "dev"},
		{"", []string{"RUSTC_BOOTSTRAP=cargo"}, "stable"},
		{"nightly", []string{override + "beta"}, "beta"},
	} {
		if got := channel(test.toolchain, test.environ); got != test.want {
			t.Errorf("channel(%q, %q) = %q, want %q", test.toolchain, test.environ, got, test.want)
		}
	}
}

func TestUnstableFlags(t *testing.T) {
	for _, test := range []struct {
		flags   []string
		channel Channel
		want    string
	}{
		{[]string{"asymmetric-token", "unstable-options"}, "nightly", ""},
		{[]string{"build-std=core", "of-a-later-cargo"}, "dev", ""},
		{[]string{"asymmetric-token=yes"}, "nightly", "flag -Zasymmetric-token does not take a value, found: `yes`"},
		{[]string{"x"}, "beta", "the `-Z` flag is only accepted on the nightly channel of Cargo, but this is the `beta` channel\n" + channelsPage},
		{nil, "beta", ""},
	} {
		got := ""
		if err := (&Options{Unstable: test.flags, Channel: test.channel}).checkUnstable(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("-Z %q on %s: %s, want %s", test.flags, test.channel, got, test.want)
		}
	}
}

// wrapper adds nothing to what it wraps.
type wrapper struct{ error }

func (w wrapper) Unwrap() error { return w.error }

// FuzzParse: there is always a result, or an error with a text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "--registry x", "-vvq", "--color=\xff", "-C dir", "+nightly -Z unstable-options -C x", "tok -- a",
		"--=", "-=", "- --", "--verbos", "-Z", "--help", "login -C x", "-test.v", "--quiet=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, " ")
		_ = ReadFront(args, nil).Alone()
		for _, command := range []Command{Login, Logout} {
			if _, answer := parse(command, args, nil); answer == "" {
				t.Errorf("%s %q: an error without a text", command.Name, args)
			}
		}
	})
}

// Cargo has no colour of its own for a program that waits for a lock.
func TestEveryStatusHasOneColour(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	shell := NewShell(file, file, nil)
	if err := shell.SetColor(ptr("always")); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"Blocking", "Updating"} {
		shell.Status(verb, "x")
	}
	got, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[1m\x1b[92m    Blocking\x1b[0m x\n\x1b[1m\x1b[92m    Updating\x1b[0m x\n"; string(got) != want {
		t.Errorf("shown %q, want %q", got, want)
	}
}

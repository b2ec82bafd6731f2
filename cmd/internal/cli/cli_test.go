package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
		{Logout, []string{"--locked", "--offline", "--frozen", "--"}, Options{Locked: true, Offline: true, Frozen: true, Args: []string{}}},
		{Logout, []string{"logout", "-q"}, Options{Quiet: true}},
		{Logout, []string{"+nightly", "-q"}, Options{Quiet: true, Channel: "nightly"}},
		{Logout, []string{"+nightly", "-Zunstable-options", "-C", "dir"}, Options{Dir: ptr("dir"), Unstable: []string{"unstable-options"}, Channel: "nightly"}},
		{Login, []string{"token", "--", "--a", "b"}, Options{Token: ptr("token"), Args: []string{"--a", "b"}}},
		{Login, []string{"login", "login"}, Options{Token: ptr("login")}},
	} {
		if test.want.Channel == "" {
			test.want.Channel = "stable"
		}
		got, err := test.command.parse(test.args, nil)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: Parse(%q) = %+v, %v, want %+v", test.command.Name, test.args, got, err, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		command Command
		args    string
		want    string
	}{
		{Logout, "--regstry x", "error: unexpected argument '--regstry' found\n\n  tip: a similar argument exists: '--registry'\n\nUsage: cargo logout --registry <REGISTRY>\n\nFor more information, try '--help'.\n"},
		{Logout, "token", "error: unexpected argument 'token' found\n\nUsage: cargo logout [OPTIONS]\n\nFor more information, try '--help'.\n"},
		{Logout, "--color sometimes", "error: invalid value 'sometimes' for '--color <WHEN>'\n  [possible values: auto, always, never]\n\nFor more information, try '--help'.\n"},
		{Logout, "--config", "error: a value is required for '--config <KEY=VALUE|PATH>' but none was supplied\n\nFor more information, try '--help'.\n"},
		{Login, "--toke", "error: unexpected argument '--toke' found\n\n  tip: a similar argument exists: '--locked'\n  tip: to pass '--toke' as a value, use '-- --toke'\n\nUsage: cargo login --locked [-- [args]...]\n\nFor more information, try '--help'.\n"},
	} {
		_, err := test.command.parse(strings.Fields(test.args), nil)
		var answer *Answer
		if !errors.As(err, &answer) || answer.Error() != test.want || answer.Code != 1 {
			t.Errorf("%s %s: %v\nwant a usage error\n%s", test.command.Name, test.args, err, test.want)
		}
	}
	if _, err := Logout.parse([]string{"-C", "dir"}, nil); err != errDirectoryUnstable {
		t.Errorf("-C on the stable channel: %v", err)
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

func TestParseUnstable(t *testing.T) {
	for _, test := range []struct {
		flags   []string
		channel Channel
		want    Unstable
		warning string
		err     string
	}{
		{[]string{"asymmetric-token", "unstable-options"}, "nightly", Unstable{true, true}, "", ""},
		{[]string{"build-std=core"}, "dev", Unstable{}, "", ""},
		{[]string{"sparse-registry"}, "nightly", Unstable{}, "flag `-Z sparse-registry` has been stabilized in the 1.68 release, and is no longer necessary\n  The sparse protocol is now the default for crates.io\n", ""},
		{[]string{"offline"}, "nightly", Unstable{}, "", "flag `-Z offline` has been stabilized in the 1.36 release\n  Offline mode is now available via the --offline CLI option\n"},
		{[]string{"asymmetric-token=yes"}, "nightly", Unstable{}, "", "flag -Zasymmetric-token does not take a value, found: `yes`"},
		{[]string{"allow-features=foo", "asymmetric-token"}, "nightly", Unstable{}, "", "the feature `asymmetric-token` is not in the list of allowed features: [foo]"},
		{[]string{"x"}, "beta", Unstable{}, "", "the `-Z` flag is only accepted on the nightly channel of Cargo, but this is the `beta` channel\n" + channelsPage},
	} {
		got, warnings, err := parseUnstable(test.flags, test.channel, nil)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("parseUnstable(%q): %v, want %s", test.flags, err, test.err)
			}
			continue
		}
		if err != nil || got != test.want || strings.Join(warnings, "|") != test.warning {
			t.Errorf("parseUnstable(%q) = %v, %q, %v, want %v, %q", test.flags, got, warnings, err, test.want, test.warning)
		}
	}
}

func TestLayersOf(t *testing.T) {
	cause := errors.New("cause: with a colon")
	err := fmt.Errorf("outermost: %w", wrapper{fmt.Errorf("middle: %w", cause)})
	if got, want := layersOf(err), []string{"outermost", "middle", "cause: with a colon"}; !slices.Equal(got, want) {
		t.Errorf("layersOf = %q, want %q", got, want)
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
		_ = ReadFront(args, nil).alone()
		for _, command := range []Command{Login, Logout} {
			_, err := command.parse(args, nil)
			if err == nil {
				continue
			}
			if err.Error() == "" {
				t.Errorf("%s %q: an error without a text", command.Name, args)
			}
			var answer *Answer
			if errors.As(err, &answer) {
				answer.text(1)
				answer.text(40)
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

package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/tomledit"
)

// credentialsHome returns a home with a credentials file.
func credentialsHome(t *testing.T, content string) (home, path string) {
	t.Helper()
	home = t.TempDir()
	path = filepath.Join(home, "credentials.toml")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return home, path
}

// changeCredentials opens, changes and saves the file in home.
func changeCredentials(home string, change func(*credentialsFile) error) error {
	_, err := New(Options{Home: home}).editCredentials(context.Background(), change)
	return err
}

func setToken(registry, token string) func(*credentialsFile) error {
	return func(f *credentialsFile) error { return f.set(registry, setting{"token", token}) }
}

func remove(registry string) func(*credentialsFile) error {
	return func(f *credentialsFile) error { return f.remove(registry) }
}

func readString(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestNewCredentialsFileIsCargos(t *testing.T) {
	for registry, want := range map[string]string{
		"":      "[registry]\ntoken = \"tok1\"\n",
		"a-B_1": "[registries.a-B_1]\ntoken = \"tok1\"\n",
	} {
		home := filepath.Join(t.TempDir(), "new", "home")
		if err := changeCredentials(home, setToken(registry, "tok1")); err != nil {
			t.Fatal(err)
		}
		if got := readString(t, filepath.Join(home, "credentials.toml")); got != want {
			t.Errorf("the file of %q is %q, want %q", registry, got, want)
		}
	}
}

func TestSecretKeysAreSet(t *testing.T) {
	home, path := credentialsHome(t, "[registry]\ntoken = \"t\"\n")
	me := "me"
	for _, step := range []struct {
		key     string
		subject *string
	}{{"k3.secret.me", &me}, {"k3.secret.", nil}} {
		for _, registry := range []string{"", "a"} {
			c := New(Options{Home: home})
			if err := c.SetSecretKey(t.Context(), registry, NewSecret(step.key), step.subject); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Without a subject, a named registry keeps its old one, because Cargo merges.
	want := "[registry]\nsecret-key = \"k3.secret.\"\n\n[registries.a]\nsecret-key = \"k3.secret.\"\nsecret-key-subject = \"me\"\n"
	if got := readString(t, path); got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
}

func TestChangesAreKeptUntilSaved(t *testing.T) {
	home, path := credentialsHome(t, "# c\n")
	f, err := New(Options{Home: home}).openCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := errors.Join(setToken("a", "1")(f), setToken("", "2")(f), f.remove("a")); err != nil {
		t.Fatal(err)
	}
	if got := readString(t, path); got != "# c\n" {
		t.Errorf("the file is %q before it is saved", got)
	}
	if err := errors.Join(f.save(), f.remove(""), f.save()); err != nil {
		t.Fatal(err)
	}
	if got, want := readString(t, path), "# c\n\n[registries.a]\n\n[registry]\n"; got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
}

// A configuration that has read the credentials file notices its own changes.
func TestAConfigurationHasWhatWasSaved(t *testing.T) {
	w := newWorld(t, map[string]string{"home/credentials.toml": "[registries.a]\ntoken = \"old\"\n"})
	c := w.load()
	token := func() string {
		t.Helper()
		r, err := c.Registry("a")
		if err != nil || r == nil || r.Token == nil {
			t.Fatalf("Registry(a) = %v, %v", r, err)
		}
		return r.Token.Val.Expose()
	}
	for i, want := range []string{"new", "newer"} {
		old := token()
		_, err := c.editCredentials(t.Context(), func(f *credentialsFile) error {
			if err := setToken("a", want)(f); err != nil {
				return err
			}
			if got := token(); got != old {
				t.Errorf("the token is %q before change %d is saved, want %q", got, i, old)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := token(); got != want {
			t.Errorf("the token is %q after change %d, want %q", got, i, want)
		}
	}
}

func TestCredentialsAreSetReadAndRemoved(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	c := New(Options{Home: home})
	if removed, err := c.RemoveCredentials(t.Context(), "a"); removed != nil || err != nil {
		t.Errorf("of no file %v is removed, %v", removed, err)
	}
	if file, stored, err := c.StoredCredentials(); len(stored) != 0 || err != nil || file != filepath.Join(home, "credentials.toml") {
		t.Errorf("no file at %s has %v, %v", file, stored, err)
	}
	if _, err := os.Stat(home); err == nil {
		t.Error("looking has made the home")
	}
	me := "me"
	file, err := c.SetToken(t.Context(), "", NewSecret("t"))
	if err = errors.Join(err, c.SetSecretKey(t.Context(), "a", NewSecret("k"), &me)); err != nil {
		t.Fatal(err)
	}
	_, stored, err := c.StoredCredentials()
	if err != nil || len(stored) != 2 || stored[""].Token.Val.Expose() != "t" || stored[""].Token.Definition.Path != file ||
		stored["a"].SecretKey.Val.Expose() != "k" || *stored["a"].SecretKeySubject != me || stored["a"].Token != nil {
		t.Errorf("the file has %v, %v", stored, err)
	}
	removed, err := c.RemoveCredentials(t.Context(), "a")
	if err != nil || removed == nil || removed.SecretKey.Val.Expose() != "k" {
		t.Errorf("%v is removed, %v", removed, err)
	}
	if err := c.RemoveToken(t.Context(), "", NewSecret("another")); err == nil {
		t.Error("another token is removed")
	}
	if err := errors.Join(c.RemoveToken(t.Context(), "", NewSecret("t")), c.RemoveToken(t.Context(), "", NewSecret("t"))); err != nil {
		t.Error(err)
	}
	if got, want := readString(t, file), "[registry]\n\n[registries.a]\n"; got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
}

// Some programs write the file without a lock.
func TestAChangeStartsAgainIfAnotherProgramWrites(t *testing.T) {
	home, path := credentialsHome(t, "")
	// login logs in while another program writes to the file that many times.
	login := func(others int) error {
		attempt := 0
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		return changeCredentials(home, func(f *credentialsFile) error {
			if attempt++; attempt <= others {
				content := fmt.Sprintf("[registries.other]\ntoken = \"%d\"\n", attempt)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					return err
				}
			}
			return setToken("a", "t")(f)
		})
	}
	if err := login(2); err != nil {
		t.Fatal(err)
	}
	want := "[registries.other]\ntoken = \"2\"\n\n[registries.a]\ntoken = \"t\"\n"
	if got := readString(t, path); got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
	if err := login(mostAttempts); !errors.Is(err, errChanged) {
		t.Errorf("over a file that changes each time: %v, want %v", err, errChanged)
	}
}

func TestTheOldNameIsUsed(t *testing.T) {
	home, path := credentialsHome(t, "[registry]\ntoken = \"new name\"\n")
	old := filepath.Join(home, "credentials")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := changeCredentials(home, setToken("a", "x")); err != nil {
		t.Fatal(err)
	}
	if got, want := readString(t, old), "[registries.a]\ntoken = \"x\"\n"; got != want {
		t.Errorf("the old file is %q, want %q", got, want)
	}
	if got, want := readString(t, path), "[registry]\ntoken = \"new name\"\n"; got != want {
		t.Errorf("the other file is %q, want %q", got, want)
	}
}

// layers splits an error as a program prints it.
func layers(err error) string {
	var texts []string
	for err != nil {
		text, cause := err.Error(), errors.Unwrap(err)
		if cause != nil {
			text = strings.TrimSuffix(text, ": "+cause.Error())
		}
		texts = append(texts, text)
		err = cause
	}
	return strings.Join(texts, " | ")
}

func TestWrongFilesAreRefusedInCargosWords(t *testing.T) {
	for _, test := range []struct {
		content string
		change  func(*credentialsFile) error
		want    string
	}{
		{"a = \"\xff\"\n", setToken("a", "x"), "failed to read configuration file `FILE` | stream did not contain valid UTF-8"},
		{"x = 1.5\n", remove("a"), "failed to load TOML configuration from `FILE` | failed to parse config at `x` | unsupported TOML configuration type `float`"},
		{"x = 1\nx = 2\n", remove("a"), "could not parse TOML configuration in `FILE` | TOML parse error at line 2, column 1\nthis key is already defined"},
		{"registry = []\n", setToken("", "x"), "expected table for configuration key `registry`, but found array in FILE"},
		{"token = \"t\"\nregistry = 1\n", remove("a"), "expected table for configuration key `registry`, but found integer in FILE"},
		{"registries = 1\n", setToken("a", "x"), "failed to merge config value from `FILE` into `FILE`: expected table, but found integer"},
		{"registries = 1\n", remove("a"), ""},
		{"registries.a = 'x'\n", setToken("a", "x"), "failed to merge key `a` between FILE and FILE | failed to merge config value from `FILE` into `FILE`: expected table, but found string"},
		{"registries.a = 'x'\n", setToken("b", "x"), ""},
		{"registries.a = 'x'\n", remove("a"), "expected `[registries.a]` to be a table"},
		{"[[registries.a]]\n", remove("a"), "expected `[registries.a]` to be a table"},
		{"[registries.a]\ntoken = [1]\n", setToken("a", "x"), "failed to merge key `a` between FILE and FILE | failed to merge key `token` between FILE and FILE | failed to merge config value from `FILE` into `FILE`: expected string, but found array"},
	} {
		home, path := credentialsHome(t, test.content)
		got := strings.ReplaceAll(layers(changeCredentials(home, test.change)), path, "FILE")
		if got != test.want {
			t.Errorf("%q: the error is\n%s, want\n%s", test.content, got, test.want)
		}
		if content := readString(t, path); test.want != "" && content != test.content {
			t.Errorf("%q has become %q", test.content, content)
		}
	}
}

func TestADirectoryInItsPlaceIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of Unix")
	}
	home := t.TempDir()
	path := filepath.Join(home, "credentials.toml")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	want := "failed to open: " + path + " | Is a directory (os error 21)"
	if got := layers(changeCredentials(home, setToken("", "x"))); got != want {
		t.Errorf("the error is %s, want %s", got, want)
	}
	if _, err := readLocked(path); !strings.Contains(layers(err), "| Is a directory (os error 21)") {
		t.Errorf("the error of reading is %v", err)
	}
}

func TestAWaitIsSaidAndCanEnd(t *testing.T) {
	home, path := credentialsHome(t, "")
	other, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := system.Exclusive(context.Background(), other, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var messages []Message
	_, err = New(Options{Home: home, Notify: func(m Message) {
		messages = append(messages, m)
		cancel()
	}}).openCredentials(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want %v", err, context.Canceled)
	}
	want := Message{Kind: Status, Verb: "Blocking", Text: "waiting for file lock on credentials' config file"}
	if len(messages) != 1 || messages[0] != want {
		t.Errorf("the messages are %v, want only %v", messages, want)
	}
	// The lock is free for others now.
	other.Close()
	ctx, cancel = context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	f, err := New(Options{Home: home}).openCredentials(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.close()
}

func TestAFileReplacedDuringTheWaitIsNotWritten(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not replace an open file")
	}
	home, path := credentialsHome(t, "# old\n")
	other, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := system.Exclusive(context.Background(), other, nil); err != nil {
		t.Fatal(err)
	}
	c := New(Options{Home: home, Notify: func(Message) {
		replacement := filepath.Join(home, "replacement")
		if err := errors.Join(os.WriteFile(replacement, []byte("# new\n"), 0o600), os.Rename(replacement, path), other.Close()); err != nil {
			t.Error(err)
		}
	}})
	if _, err := c.SetToken(t.Context(), "", NewSecret("x")); err != nil {
		t.Fatal(err)
	}
	if got, want := readString(t, path), "# new\n\n[registry]\ntoken = \"x\"\n"; got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
}

func TestReadingCreatesNothing(t *testing.T) {
	home := t.TempDir()
	if _, err := readLocked(filepath.Join(home, "credentials.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
	if entries, _ := os.ReadDir(home); len(entries) != 0 {
		t.Errorf("reading has created %v", entries)
	}
	if content, err := readLocked(os.DevNull); err != nil || len(content) != 0 {
		t.Errorf("the null device reads as %q, %v", content, err)
	}
}

func TestAReaderGivesUpWaiting(t *testing.T) {
	_, path := credentialsHome(t, "# c\n")
	other, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := system.Exclusive(context.Background(), other, nil); err != nil {
		t.Fatal(err)
	}
	if content, err := readLocked(path); err != nil || string(content) != "# c\n" {
		t.Errorf("the file reads as %q, %v", content, err)
	}
}

// credentialsChanges are the changes of testdata/credentials.json.
var credentialsChanges = map[string]func(*credentialsFile) error{
	"login":    setToken("", "new"),
	"login a":  setToken("a", "new"),
	"logout":   remove(""),
	"logout a": remove("a"),
}

// recorded is a credentials file, and what the real cargo makes of it with each
// change. Changes that cargo refuses, or that change nothing, are missing.
type recorded struct {
	Name   string
	Before string
	After  map[string]string
}

func recordedCredentials(t testing.TB) []recorded {
	t.Helper()
	content, err := os.ReadFile("testdata/credentials.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []recorded
	if err := json.Unmarshal(content, &files); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestChangesMeanWhatCargosDo(t *testing.T) {
	count := 0
	for _, file := range recordedCredentials(t) {
		for name, cargos := range file.After {
			count++
			home, path := credentialsHome(t, file.Before)
			if err := changeCredentials(home, credentialsChanges[name]); err != nil {
				t.Errorf("%s: %s: %v", file.Name, name, err)
				continue
			}
			content := readString(t, path)
			got, err := parseTOML([]byte(content), &Definition{})
			if err != nil {
				t.Errorf("%s: %s: %v", file.Name, name, err)
				continue
			}
			want, err := parseTOML([]byte(cargos), &Definition{})
			if err != nil {
				t.Fatal(err)
			}
			if !got.means(want) {
				t.Errorf("%s: %s of %q is %q, which means\n%s, want\n%s", file.Name, name, file.Before, content, show(got), show(want))
			}
			for line := range strings.Lines(file.Before) {
				if _, comment, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "# "); ok && !strings.Contains(content, "# "+comment) {
					t.Errorf("%s: %s has lost the comment %q", file.Name, name, comment)
				}
			}
			if lines := strings.Count(content, "\n"); strings.Contains(file.Before, "\r\n") && strings.Count(content, "\r\n") != lines {
				t.Errorf("%s: %s mixes line ends: %q", file.Name, name, content)
			}
		}
	}
	if count < 90 {
		t.Errorf("only %d changes are recorded", count)
	}
}

func FuzzCredentialsFile(f *testing.F) {
	for _, file := range recordedCredentials(f) {
		f.Add([]byte(file.Before))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for name, change := range credentialsChanges {
			file := &credentialsFile{document: document{path: "credentials.toml"}}
			if file.parse(content) != nil {
				return
			}
			if _, err := descend(file.tree, tableOf("").child("token")); err != nil {
				return // such a file cannot be opened
			}
			err := change(file)
			if errors.Is(err, tomledit.ErrRefused) || err != nil && strings.HasPrefix(err.Error(), "failed to edit") {
				t.Errorf("%s of %q: %v", name, content, err)
			}
			if err != nil && string(file.text.Bytes()) != string(content) {
				t.Errorf("%s of %q has failed and left %q", name, content, file.text.Bytes())
			}
			// The second time changes nothing.
			once := string(file.text.Bytes())
			if err == nil && change(file) != nil || string(file.text.Bytes()) != once {
				t.Errorf("%s of %q, done again, makes %q of %q", name, content, file.text.Bytes(), once)
			}
		}
	})
}

func TestALockCountsForTheFileThatIsThere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not replace an open file")
	}
	for _, test := range []struct {
		name   string
		happen func(home, path string) error
		want   bool
	}{
		{"nothing happens", func(home, path string) error { return nil }, true},
		{"another file is put in its place", func(home, path string) error {
			other := filepath.Join(home, "other")
			if err := os.WriteFile(other, nil, 0o600); err != nil {
				return err
			}
			return os.Rename(other, path)
		}, false},
		{"it is removed", func(home, path string) error { return os.Remove(path) }, false},
		{"it becomes a link to it", func(home, path string) error {
			there := filepath.Join(home, "there")
			if err := os.Rename(path, there); err != nil {
				return err
			}
			return os.Symlink(there, path)
		}, true},
		{"one with the old name appears", func(home, path string) error {
			return os.WriteFile(filepath.Join(home, "credentials"), nil, 0o600)
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := t.TempDir()
			path := filepath.Join(home, "credentials.toml")
			f, err := openOrCreate(t.Context(), credentialsKind, path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := test.happen(home, path); err != nil {
				t.Skip(err)
			}
			if got := isStill(f, credentialsKind, home, path); got != test.want {
				t.Errorf("it is still the credentials file: %v, want %v", got, test.want)
			}
		})
	}
}

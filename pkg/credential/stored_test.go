package credential

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// Some programs write the credentials file without a lock.
func TestAnEditIsMadeAnewOverWhatAnotherHasWritten(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "credentials.toml")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pub, err := registry.New("pub", "sparse+https://registry.example/")
	if err != nil {
		t.Fatal(err)
	}
	entry := credentialsEntry{config.New(config.Options{Dir: home, Home: home}), pub}
	// login logs in while another program writes the file so many times.
	login := func(others int) error {
		write("")
		attempt := 0
		return entry.edit(t.Context(), func(f *config.CredentialsFile, name string) error {
			if attempt++; attempt <= others {
				write(fmt.Sprintf("[registries.other]\ntoken = \"%d\"\n", attempt))
			}
			return f.SetToken(name, config.NewSecret("t"))
		})
	}

	if err := login(2); err != nil {
		t.Fatal(err)
	}
	want := "[registries.other]\ntoken = \"2\"\n\n[registries.pub]\ntoken = \"t\"\n"
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("the file is %q, %v, want %q", got, err, want)
	}
	if err := login(mostAttempts); !errors.Is(err, config.ErrChanged) {
		t.Errorf("over a file that changes for ever: %v, want %v", err, config.ErrChanged)
	}
}

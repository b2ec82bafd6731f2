//go:build unix

package credential_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// cargo returns the real cargo's program, past what chooses between several.
func cargo(t *testing.T) string {
	t.Helper()
	if output, err := exec.Command("rustup", "which", "cargo").Output(); err == nil {
		return strings.TrimSpace(string(output))
	}
	path, err := exec.LookPath("cargo")
	if err != nil {
		t.Skip("there is no cargo on this machine")
	}
	return path
}

func TestCargoUsesTheFileStore(t *testing.T) {
	program := cargo(t)
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/index/config.json" {
			fmt.Fprintf(w, `{"dl":"http://%[1]s/dl","api":"http://%[1]s"}`, r.Host)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		seen = append(seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		io.WriteString(w, `{"ok":true}`)
	}))
	defer server.Close()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	store := filepath.Join(dir, "tokens")
	configuration := fmt.Sprintf("[registries.pub]\nindex = \"sparse+%s/index/\"\ncredential-provider = [%q, \"an argument\"]\n", server.URL, self)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) string {
		t.Helper()
		c := exec.CommandContext(context.Background(), program, args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "CARGO_HOME="+dir, provider+"="+store)
		c.Stdin = strings.NewReader(stdin)
		output, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("cargo %s: %v\n%s", strings.Join(args, " "), err, output)
		}
		return string(output)
	}

	run("t0ken\n", "login", "--registry", "pub")
	output := run("", "yank", "--registry", "pub", "--version", "1.0.0", "hello")
	if !strings.Contains(output, "printed\narguments: [an argument]\n") {
		t.Errorf("the user did not see what the provider says: %q", output)
	}
	if got, want := strings.Join(seen, "\n"), "DELETE /api/v1/crates/hello/1.0.0/yank t0ken"; got != want {
		t.Errorf("the registry saw %q, want %q", got, want)
	}
	run("", "logout", "--registry", "pub")
	if output := run("", "logout", "--registry", "pub"); !strings.Contains(output, "not currently logged in to `pub`") {
		t.Errorf("a second logout: %q", output)
	}
	if text, err := os.ReadFile(store); err != nil || string(text) != "{}" {
		t.Errorf("the store has %q, %v", text, err)
	}
}

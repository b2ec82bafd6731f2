//go:build unix

package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// While the network takes its time there is a line of progress on a terminal,
// and it is gone when the prompt comes.
//
// differs: progress-line
func TestProgressOnATerminal(t *testing.T) {
	const bar = "[==>                              ] 0 complete; 1 pending        \r"
	for _, test := range []struct{ about, environ, want string }{
		{"colours", "TERM=xterm", "\x1b[1m\x1b[96m       Fetch\x1b[0m " + bar + "\x1b[K"},
		{"no colours", "NO_COLOR=1", "       Fetch " + bar + strings.Repeat(" ", 78) + "\r"},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			registry, err := stubregistry.Start([]stubregistry.Rule{
				{Path: "/pub/config.json", Status: 200, Body: `{"dl":"x","api":"https://pub.example"}`, Hold: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { registry.Close() })
			home := t.TempDir()
			config := "registries.pub.index = \"" + registry.Index("pub") + "\"\n"
			if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := command(t, ours(t, "cargo-login"), "--registry", "pub")
			cmd.Dir = home
			cmd.Env = []string{"HOME=" + home, "CARGO_HOME=" + home, test.environ}
			screen, err := terminal.Session{Steps: []terminal.Step{
				{After: "pending", Do: registry.Release},
				{After: "below\r\n", Type: "t\n"},
			}}.Run(cmd)
			if err != nil || !strings.Contains(string(screen), test.want+"please paste the token") {
				t.Errorf("%v: the screen has shown %q, want %q before the prompt", err, screen, test.want)
			}
		})
	}
}

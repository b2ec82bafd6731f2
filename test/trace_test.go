//go:build linux

// A token goes where it must and nowhere else, as strace sees it, and no other
// program of the user reads it from memory.

package test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

// A token goes to the file, to a provider's standard input or to a request's
// header. It goes nowhere else: to no argument, environment or message.
func TestWhereATokenGoes(t *testing.T) {
	need(t, "strace")
	needRootToTrace(t)
	const token = "t0kenThatGoesNowhereElse"
	const provider = "#!/bin/sh\necho '{\"v\":[1]}'\nread -r request\n" +
		"case $request in *'\"login\"'*) echo '{\"Ok\":{\"kind\":\"login\"}}';; *) echo '{\"Ok\":{\"kind\":\"logout\"}}';; esac\n"
	registry, err := stubregistry.Start([]stubregistry.Rule{
		{Path: "/closed/config.json", Status: 401, Header: http.Header{"Www-Authenticate": {`Cargo login_url="https://closed.example/"`}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	config := func(name, own string) string {
		return fmt.Sprintf("[registries.%s]\nindex = %q\n%s\n", name, registry.Index(name), own)
	}
	for _, test := range []struct {
		about, program, config, stored string
		args                           []string
		stdin                          string
		// to lists where the token must go.
		to []string
	}{
		{"a login to the file", "cargo-login", config("pub", ""), "", []string{"-v", "--registry", "pub"}, token, []string{"credentials.toml"}},
		{"a login with a token that is refused", "cargo-login", config("pub", ""), "", []string{"-v", "--registry", "pub"}, token + "\x01", nil},
		{
			"a login through a provider", "cargo-login", config("pub", "credential-provider = '$HOME/provider'"), "",
			[]string{"-v", "--registry", "pub"},
			token,
			[]string{"pipe"},
		},
		{
			"a login to a registry that wants one first", "cargo-login", config("closed", "credential-provider = 'cargo:token'"),
			"registries.closed.token = '" + token + "'\n",
			[]string{"-v", "--registry", "closed"},
			"another",
			[]string{"TCP"},
		},
		{
			"a logout", "cargo-logout", config("pub", ""), "registries.pub.token = '" + token + "'\nregistries.a.token = 'a'\n",
			[]string{"-v", "--registry", "pub"},
			"", nil,
		},
		{
			"a logout that fails", "cargo-logout", config("pub", ""), "registries.pub.token = '" + token + "'\nbroken = 1.5\n",
			[]string{"-v", "--registry", "pub"},
			"", nil,
		},
		{
			"a logout through a provider", "cargo-logout", config("pub", "credential-provider = '$HOME/provider'"),
			"registries.pub.token = '" + token + "'\n",
			[]string{"-v", "--registry", "pub"},
			"", nil,
		},
		{
			"a status", "cargo-credential-keyring", config("pub", ""), "registries.pub.token = '" + token + "'\n",
			[]string{"status", "--json"},
			"", nil,
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			for name, content := range map[string]string{"config.toml": test.config, "credentials.toml": test.stored, "provider": provider} {
				if content == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(home, name), []byte(strings.ReplaceAll(content, "$HOME", home)), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			log := filepath.Join(t.TempDir(), "strace")
			cmd := command(t, "strace", append([]string{
				"-f", "-v", "-yy", "-s", "1000000", "-o", log, "-e", "trace=execve,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg",
				ours(t, test.program),
			}, test.args...)...)
			cmd.Dir = home
			cmd.Env = []string{"HOME=" + home, "CARGO_HOME=" + home, "PATH=" + os.Getenv("PATH")}
			cmd.Stdin = strings.NewReader(test.stdin + "\n")
			out, _ := cmd.CombinedOutput()
			if strings.Contains(string(out), token) {
				t.Errorf("it shows the token:\n%s", out)
			}
			trace, err := os.ReadFile(log)
			if err != nil || !strings.Contains(string(trace), "execve") {
				t.Fatalf("strace saw %q, %v\n%s", trace, err, out)
			}
			to := map[string]bool{}
			for line := range strings.Lines(string(trace)) {
				if !strings.Contains(line, token) {
					continue
				}
				where := destination(line)
				if !to[where] {
					t.Logf("%s: %.200s", where, line)
				}
				to[where] = true
			}
			for _, where := range test.to {
				if !to[where] {
					t.Errorf("the token does not go to %s\n%s", where, out)
				}
				delete(to, where)
			}
			for where := range to {
				t.Errorf("the token goes to %s", where)
			}
		})
	}
}

var descriptor = regexp.MustCompile(`^\d+ +(\w+)\(\d+<([^>]*)>`)

// destination returns where a system call in strace's output writes to.
func destination(line string) string {
	match := descriptor.FindStringSubmatch(line)
	switch {
	case match == nil:
		return strings.TrimSpace(line)
	case strings.HasPrefix(match[2], "pipe:"):
		return "pipe"
	case strings.HasPrefix(match[2], "TCP") && strings.Contains(strings.ToLower(line), "authorization: "):
		return "TCP"
	}
	return filepath.Base(match[2])
}

// Only root can look into the memory of our programs: what they have in /proc is
// root's. A provider looks at the program that runs it.
func TestOtherProgramsCannotReadTheMemory(t *testing.T) {
	registry, err := stubregistry.Start([]stubregistry.Rule{
		{Path: "/pub/config.json", Status: 200, Body: `{"dl":"x","api":"https://pub.example"}`},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	dir, err := os.MkdirTemp("", "memory")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := "registries.pub = { index = \"" + registry.Index("pub") + "\", credential-provider = \"" + dir + "/provider\" }\n"
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "provider"), []byte("#!/bin/sh\nstat -c 'owned by %u' /proc/$PPID/mem >&2\n"), 0o755),
		os.WriteFile(filepath.Join(dir, "config.toml"), []byte(config), 0o644),
		os.Chmod(dir, 0o777),
	); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"cargo-login", "cargo-logout"} {
		cmd := command(t, ours(t, program), "--registry", "pub")
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "CARGO_HOME=" + dir, "PATH=" + os.Getenv("PATH")}
		if os.Getuid() == 0 {
			const nobody = 65534
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		if out, _ := cmd.CombinedOutput(); !strings.HasPrefix(string(out), "owned by 0\n") && !strings.Contains(string(out), "\nowned by 0\n") {
			t.Errorf("%s says %q, want its memory owned by 0", program, out)
		}
	}
}

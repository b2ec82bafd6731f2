// Command demo shows a login and a logout. It starts a registry on loopback and
// runs the built programs in a temporary home; its argument is their directory.
// It touches nothing outside that home.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
)

const token = "cioExampleTokenOfADemo"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo DIRECTORY-OF-THE-PROGRAMS")
		os.Exit(2)
	}
	if err := show(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func show(programs string) error {
	programs, err := filepath.Abs(programs)
	if err != nil {
		return err
	}
	registry, err := stubregistry.Start(nil)
	if err != nil {
		return err
	}
	defer registry.Close()
	home, err := os.MkdirTemp("", "cargo-auth-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)

	s := session{
		programs: programs,
		dir:      home,
		environ: []string{
			"HOME=" + home,
			"USERPROFILE=" + home,
			"SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
			"CARGO_HOME=" + home,
			"CARGO_REGISTRIES_DEMO_INDEX=" + registry.Index("demo"),
		},
	}
	fmt.Printf("# A registry listens on %s; CARGO_HOME is %s.\n", registry.URL, home)
	for _, step := range []func() error{
		func() error { return s.run(token+"\n", "cargo-login", "--registry", "demo") },
		s.cat,
		func() error { return s.run("", "cargo-logout", "--registry", "demo") },
		s.cat,
		func() error { return s.run("", "cargo-logout", "--registry", "demo") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type session struct {
	programs string
	dir      string
	environ  []string
}

// run runs one of the programs as a person would, and prints the command and its
// output.
func (s *session) run(input, program string, args ...string) error {
	line := strings.Join(append([]string{program}, args...), " ")
	if input != "" {
		line = `echo "$TOKEN" | ` + line
	}
	fmt.Printf("\n$ %s\n", line)
	cmd := exec.Command(filepath.Join(s.programs, program), args...)
	cmd.Dir, cmd.Env = s.dir, s.environ
	cmd.Stdin = strings.NewReader(input)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	return cmd.Run()
}

// cat prints the credentials file and masks the token.
func (s *session) cat() error {
	path := filepath.Join(s.dir, "credentials.toml")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Printf("\n$ cat $CARGO_HOME/credentials.toml   # %v\n", info.Mode())
	_, err = os.Stdout.Write(bytes.ReplaceAll(content, []byte(token), []byte("********")))
	return err
}

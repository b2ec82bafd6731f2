// Stub-registry runs the tests' registry as a process of its own, for a demo or
// to try things by hand. With a command it runs that with STUB_REGISTRY set to
// the server's address and ends with its exit code; without one it prints the
// address and ends when standard input does:
//
//	go run ./internal/stubregistry/cmd/stub-registry sh -c 'curl $STUB_REGISTRY/pub/config.json'
//
// The index of a registry NAME is sparse+$STUB_REGISTRY/NAME/; every name has
// one.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/cargo-auth/cargo-auth/internal/stubregistry"
)

func main() {
	err := run(os.Args[1:])
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "stub-registry:", err)
		os.Exit(1)
	}
}

func run(command []string) error {
	s, err := stubregistry.Start(nil)
	if err != nil {
		return err
	}
	defer s.Close()
	if len(command) == 0 {
		fmt.Println(s.URL)
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "STUB_REGISTRY="+s.URL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// runChild runs a program with this one's input and output and returns its exit
// code. What interrupts both is for the child to answer. Only Windows needs it;
// it is compiled everywhere so that its test runs everywhere.
func runChild(program string, args, environ []string) (int, error) {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command(program, args...)
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

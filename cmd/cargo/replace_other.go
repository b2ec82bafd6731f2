//go:build !unix

package main

import "os"

// replaceProcess runs the program and ends as it does.
func replaceProcess(program string, args, environ []string) error {
	code, err := runChild(program, args, environ)
	if err == nil {
		os.Exit(code)
	}
	return err
}

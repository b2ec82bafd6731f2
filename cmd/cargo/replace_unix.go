//go:build unix

package main

import "syscall"

// replaceProcess turns this process into the program.
func replaceProcess(program string, args, environ []string) error {
	return syscall.Exec(program, append([]string{program}, args...), environ)
}

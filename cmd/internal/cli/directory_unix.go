//go:build unix

package cli

import "golang.org/x/sys/unix"

// workingDirectory returns the directory without symbolic links, as the system
// knows it: os.Getwd would believe $PWD.
func workingDirectory() (string, error) {
	return unix.Getwd()
}

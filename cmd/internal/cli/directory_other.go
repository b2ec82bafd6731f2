//go:build !unix

package cli

import "os"

func workingDirectory() (string, error) {
	return os.Getwd()
}

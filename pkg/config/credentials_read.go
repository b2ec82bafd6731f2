package config

import (
	"fmt"
	"os"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// readLocked reads the credentials file.
func readLocked(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read configuration file `%s`: %w", path, oserror.New(err))
	}
	return content, nil
}

package config

import (
	"bytes"
	"fmt"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
)

// ownerOnly is the mode of the credentials file.
const ownerOnly = 0o600

// Save writes the changes. Whoever else may read the file loses that before a
// token is in it, even if nothing has changed. At every moment the file holds
// all of the old or all of the new document, at most with line ends behind it.
// If it fails, the file is as it was, as far as the system allows. The error is
// [ErrChanged] if a program that knows nothing of the lock has changed it.
func (f *CredentialsFile) Save() error {
	info, err := f.file.Stat()
	if err == nil {
		err = narrow(f.file, info)
	}
	if err != nil {
		return fmt.Errorf("failed to set permissions of `%s`: %w", f.path, oserror.New(err))
	}
	content := f.text.Bytes()
	if bytes.Equal(content, f.saved) {
		return nil
	}
	if err := replace(f.file, f.saved, content); err != nil {
		return fmt.Errorf("failed to write to `%s`: %w", f.path, oserror.New(err))
	}
	clear(f.saved)
	f.saved = content
	return nil
}

package keyring

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// backends are the names that [Options] may have here.
var backends = []string{SecretService, Keyutils}

func open(o *Options) Store {
	if o.Backend == Keyutils {
		return keyutils{}
	}
	return secretService{o}
}

// keyutils is the kernel's persistent keyring of the user. It loses its tokens when
// the machine is switched off, and when they were not used for the time in
// /proc/sys/kernel/keys/persistent_keyring_expiry, three days by default.
type keyutils struct{}

// withRing calls do with the persistent keyring. The kernel lets a thread read only
// the keys that it possesses, so do runs on one thread.
func withRing(do func(ring int) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ring, err := unix.KeyctlInt(unix.KEYCTL_GET_PERSISTENT, -1, unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
	switch {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, fs.ErrPermission):
		return unavailablef("the kernel has no persistent keyring for this user: %w", err)
	case err != nil:
		return fmt.Errorf("cannot open the kernel's keyring: %w", err)
	}
	return do(ring)
}

func (keyutils) Name() string { return "the kernel's keyring" }

func (keyutils) forgets() string { return "the machine is switched off" }

const keyType = "user"

// find returns the key of an entry.
func find(ring int, indexURL string) (int, error) {
	id, err := unix.KeyctlSearch(ring, keyType, labelPrefix+indexURL, 0)
	switch {
	case errors.Is(err, unix.ENOKEY) || errors.Is(err, unix.EKEYEXPIRED) || errors.Is(err, unix.EKEYREVOKED):
		return 0, credential.ErrNotFound
	case err != nil:
		return 0, fmt.Errorf("cannot search the kernel's keyring: %w", err)
	}
	return id, nil
}

func (keyutils) Get(_ context.Context, indexURL string) (token config.Secret, err error) {
	err = withRing(func(ring int) error {
		id, err := find(ring, indexURL)
		if err != nil {
			return err
		}
		buffer := make([]byte, 32767) // the most that such a key can hold
		n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, buffer, len(buffer))
		if err != nil {
			return fmt.Errorf("cannot read the token from the kernel's keyring: %w", err)
		}
		token = config.NewSecret(string(buffer[:n]))
		clear(buffer)
		return nil
	})
	return token, err
}

func (keyutils) Set(_ context.Context, indexURL, _ string, token config.Secret) error {
	payload := []byte(token.Expose())
	defer clear(payload)
	return withRing(func(ring int) error {
		if _, err := unix.AddKey(keyType, labelPrefix+indexURL, payload, ring); err != nil {
			return fmt.Errorf("cannot store the token in the kernel's keyring: %w", err)
		}
		return nil
	})
}

func (keyutils) Delete(_ context.Context, indexURL string) error {
	return withRing(func(ring int) error {
		id, err := find(ring, indexURL)
		if err != nil {
			return err
		}
		if _, err := unix.KeyctlInt(unix.KEYCTL_UNLINK, id, ring, 0, 0); err != nil {
			return fmt.Errorf("cannot remove the token from the kernel's keyring: %w", err)
		}
		return nil
	})
}

func (keyutils) Locked(context.Context) (bool, error) {
	return false, withRing(func(int) error { return nil })
}

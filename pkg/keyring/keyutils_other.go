//go:build !linux

package keyring

import "errors"

func openKeyutils() (Store, error) { return nil, errors.ErrUnsupported }

//go:build unix && !darwin && !linux

package keyring

import "errors"

func openKeyutils() (Store, error) { return nil, errors.ErrUnsupported }

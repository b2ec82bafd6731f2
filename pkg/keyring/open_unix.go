//go:build unix && !darwin

package keyring

func open(o Options) (Store, error) {
	switch o.Backend {
	case "", SecretService:
		return secretService{o}, nil
	case Keyutils:
		return openKeyutils()
	}
	return nil, errUnknownBackend(o)
}

//go:build unix && !darwin

package keyring

func open(o Options) (Store, error) {
	if o.Backend == Keyutils {
		return openKeyutils()
	}
	return secretService{o}, nil
}

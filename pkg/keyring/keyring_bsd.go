//go:build !linux && !darwin && !windows

package keyring

// CargoProvider is empty: Cargo has no provider over this system's store.
const CargoProvider = ""

// backends are the names that [Options] may have here.
var backends = []string{SecretService}

func open(o Options) Store { return secretService{o} }

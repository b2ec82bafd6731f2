//go:build !linux && !darwin && !windows

package keyring

// CargoProvider is Cargo's name for its provider over this system's store;
// empty where Cargo has none.
const CargoProvider = ""

// backends are the names that [Options] may have here.
var backends = []string{SecretService}

func open(o Options) Store { return secretService{o} }

//go:build unix && !linux && !darwin

package keyring

// backends are the names that [Options] may have here.
var backends = []string{SecretService}

func open(o *Options) Store { return secretService{o} }

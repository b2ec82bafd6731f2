package keyring

// CargoProvider is Cargo's name for its provider over this system's store;
// empty where Cargo has none.
const CargoProvider = "cargo:libsecret"

// backends are the names that [Options] may have here.
var backends = []string{SecretService, Keyutils}

package keyring

const systemName = "Keychain"

// service and user are those of Cargo's provider.
func (e Entry) service() string { return labelPrefix + e.IndexURL }
func (e Entry) user() string    { return "" }

// CargoProvider is Cargo's name for its provider over this system's store.
const CargoProvider = "cargo:macos-keychain"

package keyring

const systemName = "Credential Manager"

// service and user make, with a colon between them, the target of Cargo's
// provider.
func (e Entry) service() string { return "cargo-registry" }
func (e Entry) user() string    { return e.IndexURL }

// CargoProvider is Cargo's name for its provider over this system's store.
const CargoProvider = "cargo:wincred"

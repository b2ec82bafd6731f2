package keyring

// CargoProvider is Cargo's name for its provider over this system's store;
// empty where Cargo has none.
const CargoProvider = "cargo:libsecret"

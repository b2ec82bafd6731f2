package keyring

const systemName = "Keychain"

// service and user are those of Cargo's provider.
func (e Entry) service() string { return labelPrefix + e.IndexURL }
func (e Entry) user() string    { return "" }

package config

// RegistryConfig is what is configured for one registry: the table
// [registries.NAME], or [registry] for crates.io, with environment variables
// and the credentials file laid over it. A nil field is not configured.
type RegistryConfig struct {
	Index              *Value[string]
	Token              *Value[Secret]
	CredentialProvider *Program
	SecretKey          *Value[Secret]
	SecretKeySubject   *Value[string]
}

// Program is a configured program with its arguments, such as a credential
// provider: a string that is split at white space, or a list.
type Program struct {
	// Name is the first word as configured; [Config.ResolveProgram] gives the
	// path to run.
	Name       string
	Args       []string
	Definition Definition
}

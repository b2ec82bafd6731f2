package config

// Options says where configuration comes from. The library reads nothing of
// the process by itself.
type Options struct {
	// Dir is the working directory, absolute.
	Dir string
	// Home is Cargo's home directory, absolute; see [HomeDir].
	Home string
	// Environ is the environment, as from os.Environ.
	Environ []string
	// Notify receives warnings as they arise. It may be nil.
	Notify func(Notice)
}

// Config is Cargo's configuration as seen from one directory.
type Config struct {
	Options
}

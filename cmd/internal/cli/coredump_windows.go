package cli

// NoCoreDump does nothing: Windows dumps where an administrator has said so.
func NoCoreDump() {}

package config

const (
	homeVariable   = "USERPROFILE"
	pathSeparators = `/\`
)

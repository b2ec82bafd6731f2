package config

// NoticeKind says how a [Notice] is shown.
type NoticeKind int

const (
	// Warning is shown after "warning: ", unless the user asked for quiet.
	Warning NoticeKind = iota
	// Note is shown after "note: ", unless the user asked for quiet.
	Note
	// Help is shown after "help: ", below the warning it belongs to.
	Help
	// Status is a status line: a verb, right-aligned, and what it is about;
	// hidden when the user asked for quiet.
	Status
	// VerboseStatus is a status line that only a user who asked for verbose
	// output sees.
	VerboseStatus
	// Plain is shown as it is, whatever the user asked for.
	Plain
)

// Notice is something that a user of a program should be told, but that is no
// error: the library prints nothing, it hands notices to its caller.
type Notice struct {
	Kind NoticeKind
	// Verb is the verb of a status line ("Login", "Updating"); empty for the
	// other kinds.
	Verb string
	// Text may have several lines. It never ends with a line feed and never
	// holds a token.
	Text string
}

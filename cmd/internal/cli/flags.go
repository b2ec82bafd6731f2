package cli

import (
	"strings"

	"github.com/spf13/pflag"
)

// present is what pflag sets a flag to that was given without a value. No
// argument can hold it.
const present = "\x00"

// define adds an option to the parser's flag set. An option without a long
// name has one there that pflag refuses on a command line.
func (p *parser) define(o *option) {
	long := o.long
	if long == "" {
		long = "=" + o.short
	}
	flag := p.flags.VarPF(&flagValue{p, o}, long, o.short, o.help)
	flag.Hidden = o.instead != ""
	if o.flag() {
		flag.NoOptDefVal = present
	}
}

// flagValue connects a flag with the parser that it is set in.
type flagValue struct {
	parser *parser
	option *option
}

func (v *flagValue) String() string { return "" }

// Type returns the name of the value, as pflag's own help would show it.
func (v *flagValue) Type() string { return v.option.value }

// Set is called by pflag for each option that it finds in an argument, with
// the value attached to it.
func (v *flagValue) Set(value string) error {
	p, o := v.parser, v.option
	long := strings.HasPrefix(p.argument, "--")
	if o.flag() && value != present && long {
		return p.unneededValue(o, value)
	}
	if err := p.acceptPending(); err != nil {
		return err
	}
	if !o.flag() {
		if !long && value == "=" && !strings.HasSuffix(p.argument, "==") {
			// pflag takes the sign in "-Z=" for the value.
			value = ""
		}
		return p.acceptOption(o, value, v.store)
	}
	if o.long == "help" {
		return p.command.help()
	}
	if err := p.acceptOption(o, "", v.store); err != nil {
		return err
	}
	if value != present {
		// A short flag has no value: in "-q=x" the sign is the next flag.
		return p.unknownShort("=")
	}
	return nil
}

// store puts an accepted value where the program finds it.
func (v *flagValue) store(value string) {
	options := &v.parser.options
	switch v.option.name() {
	case "--registry":
		options.Registry = &value
	case "--verbose":
		options.Verbose++
	case "--quiet":
		options.Quiet = true
	case "--color":
		options.Color = &value
	case "--config":
		options.Config = append(options.Config, value)
	case "-Z":
		options.Unstable = append(options.Unstable, value)
	case "--locked":
		options.Locked = true
	case "--offline":
		options.Offline = true
	case "--frozen":
		options.Frozen = true
	case "-C":
		options.Dir = &value
	case "--version", "--list", "--explain":
		v.parser.asks = v.option.name()
	}
}

var _ pflag.Value = (*flagValue)(nil)

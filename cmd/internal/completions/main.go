// Command completions writes the files with which shells complete the command
// lines of programs:
//
//	completions DIR PROGRAM...
//
// Below DIR, which stands for the prefix that the programs are installed under,
// each shell finds the file of a program in the usual place. PowerShell has
// none; there a person loads the file from share/cargo-auth.
//
// The files hold nothing of what there is to complete: the program says it. It
// is asked as cobra's programs are, "PROGRAM __complete ARGS... WORD", and
// writes a line for each candidate, with a description behind a tab, and last a
// colon and a number: 0 has files offered, 16 directories, and 4 neither.
//
// Cobra's own files would do, but to take quotes off they run what stands on
// the line, such as $(command), and in fish what was quoted. Only PowerShell's is
// cobra's.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed program.bash
var bash string

//go:embed program.zsh
var zsh string

//go:embed program.fish
var fish string

func main() {
	for _, program := range os.Args[2:] {
		if err := write(os.Args[1], program); err != nil {
			fmt.Fprintln(os.Stderr, "completions:", err)
			os.Exit(1)
		}
	}
}

// write writes the files of one program.
func write(dir, program string) error {
	var powerShell strings.Builder
	if err := (&cobra.Command{Use: program}).GenPowerShellCompletionWithDesc(&powerShell); err != nil {
		return err
	}
	for path, text := range map[string]string{
		"share/bash-completion/completions/PROGRAM":    bash,
		"share/zsh/site-functions/_PROGRAM":            zsh,
		"share/fish/vendor_completions.d/PROGRAM.fish": fish,
		"share/cargo-auth/completions/PROGRAM.ps1":     powerShell.String(),
	} {
		path = filepath.Join(dir, strings.ReplaceAll(path, "PROGRAM", program))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "PROGRAM", program)), 0o666); err != nil {
			return err
		}
	}
	return nil
}

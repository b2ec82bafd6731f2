package terminal_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/cargo-auth/cargo-auth/internal/terminal"
)

// A line from a pipe, as from a terminal, where it would not be shown.
func ExampleReadSecret() {
	in, typed, err := os.Pipe() // a program reads os.Stdin
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	fmt.Fprintln(typed, "t0ken")
	typed.Close()

	token, err := terminal.ReadSecret(context.Background(), in, os.Stdout, "please paste the token below")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(token), "characters")
	// Output:
	// please paste the token below
	// 5 characters
}

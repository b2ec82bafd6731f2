package main

import (
	"fmt"
	"io"
	"strings"
)

// report is what status shows. It never holds a token.
type report struct {
	Store      storeReport      `json:"store"`
	Registries []registryReport `json:"registries"`
	// Problems are about the configuration as a whole.
	Problems []string `json:"problems,omitempty"`
}

type storeReport struct {
	Name string `json:"name"`
	// Available says that the store can be reached, and Locked that somebody has
	// to unlock it.
	Available bool `json:"available"`
	Locked    bool `json:"locked"`
	// Problem says what is missing.
	Problem string `json:"problem,omitempty"`
}

type registryReport struct {
	Name  string `json:"name"`
	Index string `json:"index,omitempty"`
	// Providers are in the order in which Cargo asks them.
	Providers []providerReport `json:"providers"`
	// Token is the one that Cargo would use; Unused are those behind it. If
	// Unknown is set, somebody who cannot be looked into is asked before.
	Token   *tokenReport  `json:"token"`
	Unknown bool          `json:"token_unknown,omitempty"`
	Unused  []tokenReport `json:"unused_tokens,omitempty"`
	Notes   []string      `json:"notes,omitempty"`
}

type providerReport struct {
	Provider string `json:"provider"`
	// Args are this program's; those of others may be secrets.
	Args []string `json:"args,omitempty"`
	// DefinedIn is the file or the variable that names it.
	DefinedIn string `json:"defined_in"`
}

type tokenReport struct {
	// Provider is the one that has it; empty if Cargo asks none that does.
	Provider string `json:"provider,omitempty"`
	// Where is the secret store's name, a file or an environment variable.
	Where string `json:"where"`
}

// print writes the report for people.
func (r *report) print(w io.Writer) error {
	var b strings.Builder
	state := "unlocked"
	switch {
	case !r.Store.Available:
		state = r.Store.Problem
	case r.Store.Locked:
		state = "locked"
	}
	name := r.Store.Name
	if name == "" {
		name = "secret store"
	}
	fmt.Fprintf(&b, "%s: %s\n", name, state)
	for _, problem := range r.Problems {
		fmt.Fprintf(&b, "problem: %s\n", problem)
	}
	for _, registry := range r.Registries {
		registry.print(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *registryReport) print(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s %s\n", r.Name, r.Index)
	line := func(what, text string) { fmt.Fprintf(b, "  %-9s %s\n", what, text) }
	for i, p := range r.Providers {
		what := "provider"
		if i > 0 {
			what = "then"
		}
		line(what, fmt.Sprintf("%s (%s)", strings.Join(append([]string{p.Provider}, p.Args...), " "), p.DefinedIn))
	}
	switch {
	case r.Token == nil && r.Unknown:
		line("token", "not known")
	case r.Token == nil:
		line("token", "none found")
	default:
		line("token", "in "+r.Token.Where)
	}
	for _, token := range r.Unused {
		line("unused", "a token in "+token.Where)
	}
	for _, note := range r.Notes {
		line("note", note)
	}
}

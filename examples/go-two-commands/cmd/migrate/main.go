// Command migrate applies the guest book's migrations, in order, and ends.
package main

import (
	"flag"
	"fmt"
	"os"

	"example.com/go-two-commands/internal/config"
)

func main() {
	dryRun := flag.Bool("dry-run", false, "only list the migrations")
	flag.Parse()

	if err := migrate(*dryRun); err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		os.Exit(1)
	}
}

func migrate(dryRun bool) error {
	settings, err := config.Load()
	if err != nil {
		return err
	}

	verb := "applied"
	if dryRun {
		verb = "would apply"
	}
	for i, migration := range settings.Migrations {
		fmt.Printf("%03d %s: %s\n", i+1, verb, migration)
	}
	fmt.Printf("done: %d migrations\n", len(settings.Migrations))
	return nil
}

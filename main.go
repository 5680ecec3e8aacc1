// Command gatecrier is the whole program. Its --help lists the commands.
package main

import (
	"os"

	"gatecrier/app/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }

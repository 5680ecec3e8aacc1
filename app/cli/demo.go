package cli

import (
	"gatecrier/app"
	"gatecrier/app/demo"
)

type demoCmd struct {
	DataDir string `default:"gatecrier-demo" help:"The data directory of the demo; created if it does not exist."`
	Listen  string `default:"127.0.0.1:8080" help:"The loopback address to listen on; port 0 picks a free one."`
	Verbose bool   `help:"Write the server's log to stderr."`
}

// Run runs the demo until a signal.
func (c demoCmd) Run(in *invocation) error {
	level := "warn"
	if c.Verbose {
		level = "info"
	}
	log, err := in.logger(app.Config{LogLevel: level, LogFormat: "text"})
	if err != nil {
		return err
	}
	return demo.Run(in.ctx, demo.Options{Dir: c.DataDir, Listen: c.Listen, Log: log, Stdout: in.stdout})
}

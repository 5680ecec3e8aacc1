package cli

import (
	"gatecrier/app"
	"gatecrier/app/demo"
)

type demoCmd struct {
	DataDir string `default:"gatecrier-demo" help:"Where the demo keeps its data; made if it is not there."`
	Listen  string `default:"127.0.0.1:8080" help:"Where to listen, on loopback; port 0 picks one."`
	Verbose bool   `help:"Log what a server would log."`
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

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a server under test.
type process struct {
	cmd     *exec.Cmd
	address string
	started time.Duration // from its start to its first answer to /healthz
}

// start starts a server. address finds the address that it listens on in a line of its output.
func start(cmd *exec.Cmd, output func() (io.ReadCloser, error), address *regexp.Regexp) (*process, error) {
	lines, err := output()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	var seen []string
	scan := bufio.NewScanner(lines)
	for scan.Scan() {
		if m := address.FindStringSubmatch(scan.Text()); m != nil {
			p.address = m[1]
			break
		}
		seen = append(seen, scan.Text())
	}
	if p.address == "" {
		return nil, errors.Join(fmt.Errorf("%s did not start: %s", cmd.Path, strings.Join(seen, "\n")), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() //nolint:errcheck // a full pipe would stop the server
	c := &connection{address: p.address}
	defer c.close()
	for {
		status, err := c.do(request{method: "GET", path: "/healthz"})
		if err == nil && status == 200 {
			p.started = time.Since(began)
			return p, nil
		}
		if time.Since(began) > 30*time.Second {
			return nil, errors.Join(fmt.Errorf("%s is not healthy: status %d", cmd.Path, status), err, p.stop())
		}
		<-time.After(time.Millisecond)
	}
}

// stop ends the server and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() }) //nolint:errcheck // it has ended
	defer timer.Stop()
	err := p.cmd.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return nil // the limit ends by the signal
	}
	return err
}

// A usage is what a process has used so far.
type usage struct {
	cpu     time.Duration
	written int64 // bytes sent to the disk
	memory  int64 // resident bytes
	peak    int64 // most resident bytes at any time
}

// tick is the unit of the CPU times in /proc, which Linux fixes at 100 a second.
const tick = 10 * time.Millisecond

func (p *process) usage() (usage, error) {
	dir := "/proc/" + strconv.Itoa(p.cmd.Process.Pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return usage{}, err
	}
	// The name of the program is in parentheses and can contain spaces; utime and stime are the
	// 12th and 13th fields after it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return usage{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	var u usage
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return usage{}, err
		}
		u.cpu += time.Duration(n) * tick
	}
	status, err := named(dir + "/status")
	if err != nil {
		return usage{}, err
	}
	u.memory, u.peak = status["VmRSS"]<<10, status["VmHWM"]<<10
	disk, err := named(dir + "/io")
	if err != nil {
		return usage{}, err
	}
	u.written = disk["write_bytes"]
	return u, nil
}

// named reads a file of lines "name: number".
func named(file string) (map[string]int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	values := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if fields := strings.Fields(rest); len(fields) > 0 {
			if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
				values[name] = n
			}
		}
	}
	return values, nil
}

package apptest_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// command runs a command of the program in its own process, and returns its exit code and output.
func command(t *testing.T, environment []string, args ...string) (code int, output string) {
	t.Helper()
	cmd := commandProcess(t, environment, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func commandProcess(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(append(os.Environ(), commandEnv+"="+strings.Join(args, "\n")), environment...)
	return cmd
}

// killAfter starts a command and kills it after a time, unless it has ended.
func killAfter(t *testing.T, cmd *exec.Cmd, d time.Duration) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(d, func() { cmd.Process.Kill() }) //nolint:errcheck // it can have ended
	cmd.Wait()                                                //nolint:errcheck // it was killed
	timer.Stop()
}

// mustRun runs a command that must succeed.
func mustRun(t *testing.T, environment []string, args ...string) string {
	t.Helper()
	code, out := command(t, environment, args...)
	if code != 0 {
		t.Fatalf("%v: exit %d\n%s", args, code, out)
	}
	return out
}

func dataDir(dir string) []string { return []string{"GATECRIER_DATA_DIR=" + dir} }

var productCount = regexp.MustCompile(`(\d+) products`)

// A backup under load has what was acknowledged before it, whole transactions only, and as many rows as
// it says.
func TestBackup_UnderLoad(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	c := p.client(t)
	var made, backups atomic.Int64
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				a := c.Do("POST", "/products", object{"name": fmt.Sprintf("Product %d-%d", w, i)})
				if a.Status != http.StatusCreated {
					t.Errorf("create a product: %d %s", a.Status, a.Text)
					return
				}
				made.Add(1)
			}
		})
	}
	apptest.Eventually(t, "there are products", func() bool { return made.Load() > 50 })
	type taken struct {
		file          string
		before, after int64
	}
	var list []taken
	for i := range 3 {
		file := filepath.Join(t.TempDir(), "backup")
		one := taken{file: file, before: made.Load()}
		out := mustRun(t, dataDir(p.dir), "backup", file)
		one.after = made.Load() + 8 // one request of each writer can be stored and not answered
		list = append(list, one)
		backups.Add(1)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("backup %d: mode %v, %v", i, info.Mode(), err)
		}
		if !strings.Contains(out, "verified") || !strings.Contains(out, "The key is not in it") {
			t.Errorf("it says %s", out)
		}
	}
	close(stop)
	writers.Wait()
	for i, one := range list {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "secret.key"), readFile(t, filepath.Join(p.dir, "secret.key")))
		out := mustRun(t, dataDir(dir), "restore", one.file)
		said := productCount.FindStringSubmatch(out)
		if said == nil {
			t.Fatalf("it says %s", out)
		}
		n, err := strconv.ParseInt(said[1], 10, 64)
		if err != nil || n < one.before || n > one.after {
			t.Errorf("backup %d has %d products; %d were acknowledged before, %d after", i, n, one.before, one.after)
		}
		restored := startProcess(t, dir)
		// Each product was written with its owner in one transaction.
		store := restored.store(t)
		products, err := store.Products(t.Context(), apptest.AllProducts(), models.ProductFilter{Limit: 100_000})
		if err != nil || int64(len(products)) != n {
			t.Errorf("restored %d products, the backup says %d: %v", len(products), n, err)
		}
		for _, product := range products {
			members, err := store.Members(t.Context(), apptest.AllProducts(), product.Product.ID)
			if err != nil || len(members) != 1 {
				t.Errorf("product %d has %d members, want 1: %v", product.Product.ID, len(members), err)
			}
		}
		restored.kill()
	}
}

// Whatever byte of a backup is changed, restore refuses it and touches nothing.
func TestRestore_RefusesDamagedBackup(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, dataDir(p.Dir), "backup", "--with-key", file)
	good := readFile(t, file)
	damaged := filepath.Join(t.TempDir(), "damaged")
	try := func(what string, content []byte) {
		t.Helper()
		writeFile(t, damaged, content)
		dir := filepath.Join(t.TempDir(), "new")
		code, _, errs := runRestore(t, dir, damaged)
		if code != 1 || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: exit %d: %s", what, code, errs)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: it made the data directory", what)
		}
	}
	for i := 0; i < len(good); i += max(1, len(good)/300) {
		changed := append([]byte(nil), good...)
		changed[i] ^= 1 << (i % 8)
		try(fmt.Sprintf("byte %d of %d", i, len(good)), changed)
	}
	for i := 1; i <= 2048+512; i += 37 { // the end has the sum and padding
		changed := append([]byte(nil), good...)
		changed[len(good)-i] ^= 0x20
		try(fmt.Sprintf("byte %d before the end", i), changed)
	}
	for _, size := range []int{0, 1, 511, 512, 2048, len(good) / 2, len(good) - 2048, len(good) - 512, len(good) - 1} {
		try(fmt.Sprintf("%d of %d bytes", size, len(good)), good[:size])
	}
	try("bytes are added", append(append([]byte(nil), good...), make([]byte, 512)...))
	try("it is a database", readFile(t, filepath.Join(p.Dir, "gatecrier.db")))
	writeFile(t, damaged, good)
	if code, out, errs := runRestore(t, filepath.Join(t.TempDir(), "new"), damaged); code != 0 {
		t.Errorf("the good one: exit %d: %s%s", code, out, errs)
	}
}

// restoreLock lets one restore at a time set the environment.
var restoreLock sync.Mutex

// runRestore restores a backup in this process.
func runRestore(t *testing.T, dir string, args ...string) (int, string, string) {
	t.Helper()
	restoreLock.Lock()
	defer restoreLock.Unlock()
	if err := os.Setenv("GATECRIER_DATA_DIR", dir); err != nil { //nolint:usetesting // the test runs in parallel
		t.Fatal(err)
	}
	defer os.Unsetenv("GATECRIER_DATA_DIR") //nolint:errcheck // it cannot fail
	return runCommand(t, append([]string{"restore"}, args...)...)
}

// A restore refuses what would lose something, and says the way out.
func TestRestore_RefusesWithReason(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	dir := t.TempDir()
	p := startProcess(t, dir)
	newProduct(t, p.client(t), "Shop", receiver.URL)
	files := t.TempDir()
	plainFile, keyFile := filepath.Join(files, "plain"), filepath.Join(files, "key")
	mustRun(t, dataDir(dir), "backup", plainFile)
	mustRun(t, dataDir(dir), "backup", "--with-key", keyFile)
	other := t.TempDir()
	writeFile(t, filepath.Join(other, "secret.key"), otherKey())
	refused := func(environment []string, want string, args ...string) {
		t.Helper()
		code, out := command(t, environment, args...)
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, want %q: %s", args, code, want, out)
		}
	}
	refused(dataDir(dir), "plain exists: name another file, or replace it with --force", "backup", plainFile)
	refused(dataDir(dir), "belongs to the installation", "backup", "--force", filepath.Join(dir, "gatecrier.db"))
	refused(dataDir(t.TempDir()), "no database at", "backup", filepath.Join(files, "none"))
	refused(dataDir(dir), "a gatecrier server uses", "restore", "--force", plainFile)
	p.kill()
	refused(dataDir(dir), "exists: name another GATECRIER_DATA_DIR", "restore", plainFile)
	refused(dataDir(t.TempDir()), "does not exist", "restore", plainFile)
	refused(dataDir(other), "secret.key is not the key", "restore", plainFile)
	refused(dataDir(other), "is not the key of the backup, which has its own", "restore", keyFile)
	refused(append(dataDir(t.TempDir()), "GATECRIER_SECRET_KEY="+string(otherKey())),
		"GATECRIER_SECRET_KEY is not the key", "restore", plainFile)

	// The key comes from the backup, from the environment or from a file that exists alone.
	key := readFile(t, filepath.Join(dir, "secret.key"))
	fromBackup, fromEnvironment, beside := t.TempDir(), t.TempDir(), t.TempDir()
	mustRun(t, dataDir(fromBackup), "restore", keyFile)
	if string(readFile(t, filepath.Join(fromBackup, "secret.key"))) != string(key) {
		t.Error("the key of the backup is not restored")
	}
	mustRun(t, append(dataDir(fromEnvironment), "GATECRIER_SECRET_KEY="+string(key)), "restore", plainFile)
	if _, err := os.Stat(filepath.Join(fromEnvironment, "secret.key")); err == nil {
		t.Error("a key file was made beside the key of the environment")
	}
	writeFile(t, filepath.Join(beside, "secret.key"), key)
	mustRun(t, dataDir(beside), "restore", plainFile)
	for _, restored := range []string{fromBackup, beside} {
		if n := productsIn(t, restored); n != 1 {
			t.Errorf("%d products, want 1", n)
		}
	}
	// Without any key the rest can be restored.
	lost := t.TempDir()
	out := mustRun(t, dataDir(lost), "restore", "--discard-secrets", plainFile)
	if n := productsIn(t, lost); n != 1 || !strings.Contains(out, "this was removed: 1 connection (where targets send)") {
		t.Errorf("%d products without a key: %s", n, out)
	}
	// Another installation is kept aside with its key.
	out = mustRun(t, dataDir(lost), "restore", "--force", keyFile)
	kept := regexp.MustCompile(`Kept: (.*)`).FindAllStringSubmatch(out, -1)
	if len(kept) != 2 || productsIn(t, lost) != 1 {
		t.Errorf("it keeps %v: %s", kept, out)
	}
	for _, file := range kept {
		if info, err := os.Stat(file[1]); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", file[1], err)
		}
	}
}

// A restore that is killed leaves the old installation or the new one, and can be repeated.
func TestRestore_Killed(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	dir, oldDir := t.TempDir(), t.TempDir()
	p := startProcess(t, dir)
	newProduct(t, p.client(t), "Restored", receiver.URL)
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, dataDir(dir), "backup", "--with-key", file)
	p.kill()
	old := startProcess(t, oldDir)
	for _, name := range []string{"Old 1", "Old 2"} {
		newProduct(t, old.client(t), name, receiver.URL)
	}
	old.kill()
	start := time.Now()
	mustRun(t, dataDir(filepath.Join(t.TempDir(), "x")), "restore", file)
	whole := time.Since(start)
	const kills = 12
	for i := range kills {
		target := filepath.Join(t.TempDir(), "target")
		if err := os.CopyFS(target, os.DirFS(oldDir)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"gatecrier.db", "secret.key"} {
			if err := os.Chmod(filepath.Join(target, name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := commandProcess(t, dataDir(target), "restore", "--force", file)
		killAfter(t, cmd, whole*time.Duration(i+1)/kills)
		n := productsIn(t, target)
		if n != 1 && n != 2 {
			t.Errorf("kill %d leaves %d products", i, n)
		}
		t.Logf("kill %d at %v leaves %d products", i, whole*time.Duration(i+1)/kills, n)
		mustRun(t, dataDir(target), "restore", "--force", file)
		if n := productsIn(t, target); n != 1 {
			t.Errorf("the restore after kill %d has %d products, want 1", i, n)
		}
		left, err := filepath.Glob(filepath.Join(target, ".gatecrier-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("kill %d leaves %v, %v", i, left, err)
		}
	}
}

package apptest_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"gatecrier/app/apptest"
)

// kitFile reads a file of the CI kit.
func kitFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(apptest.Root(t), "docs/ci", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// decodeYAML decodes a document of the CI kit. It refuses keys that the type does not have.
func decodeYAML(t *testing.T, name, text string, into any) {
	t.Helper()
	if err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

type kitInput struct {
	Description string
	Required    bool
	Type        string
	Default     any
}

type githubAction struct {
	Name, Description string
	Inputs            map[string]kitInput
	Runs              struct {
		Using string
		Steps []struct {
			Shell string
			Env   map[string]string
			Run   string
		}
	}
}

type gitlabSpec struct {
	Spec struct{ Inputs map[string]kitInput }
}

type gitlabJobs struct {
	Push struct {
		Stage, Image string
		Variables    map[string]any
		Script       []string
	} `yaml:"gatecrier-push"`
}

// ciScript is the script of a CI system, and the variables that its inputs become.
type ciScript struct {
	name, format string
	shell        []string
	script       string
	variables    map[string]string // the input, by its variable
	defaults     map[string]string // by input
}

var inputRef = regexp.MustCompile(`^(?:\$\{\{ inputs\.([a-z0-9-]+) \}\}|\$\[\[ inputs\.([a-z0-9-]+) \]\])$`)

func (s *ciScript) variable(t *testing.T, name, value string) {
	t.Helper()
	if ref := inputRef.FindStringSubmatch(value); ref != nil {
		s.variables[name] = ref[1] + ref[2]
	} else if name != "PUSH_FORMAT" || value != s.format {
		t.Errorf("%s: %s is %q, which is no input", s.name, name, value)
	}
}

func (s *ciScript) inputs(inputs map[string]kitInput) {
	for name, in := range inputs {
		if in.Default != nil {
			s.defaults[name] = fmt.Sprint(in.Default)
		}
	}
}

func githubScript(t *testing.T) ciScript {
	t.Helper()
	var action githubAction
	decodeYAML(t, "action.yml", kitFile(t, "github/action.yml"), &action)
	if action.Name == "" || action.Description == "" || action.Runs.Using != "composite" || len(action.Runs.Steps) != 1 {
		t.Fatalf("the action: %+v", action)
	}
	step := action.Runs.Steps[0]
	s := ciScript{
		name: "GitHub", format: "github", script: step.Run, variables: map[string]string{}, defaults: map[string]string{},
		shell: []string{step.Shell, "--noprofile", "--norc", "-eo", "pipefail", "-c"},
	}
	for name, value := range step.Env {
		s.variable(t, name, value)
	}
	s.inputs(action.Inputs)
	s.defaults["branch"], s.defaults["default-branch"] = "main", "main" // expressions of GitHub
	return s
}

func gitlabScript(t *testing.T) ciScript {
	t.Helper()
	head, jobs, ok := strings.Cut(kitFile(t, "gitlab/push.yml"), "\n---\n")
	if !ok {
		t.Fatal("push.yml has no spec")
	}
	var spec gitlabSpec
	decodeYAML(t, "push.yml", head, &spec)
	var job gitlabJobs
	decodeYAML(t, "push.yml", jobs, &job)
	if len(job.Push.Script) != 1 {
		t.Fatalf("the job: %+v", job)
	}
	s := ciScript{
		name: "GitLab", format: "gitlab", shell: []string{"sh", "-c"}, script: job.Push.Script[0],
		variables: map[string]string{}, defaults: map[string]string{},
	}
	for name, v := range job.Push.Variables {
		switch v := v.(type) {
		case string:
			s.variable(t, name, v)
		case map[string]any:
			if v["expand"] != false {
				t.Errorf("GitLab replaces variables in %s", name)
			}
			s.variable(t, name, fmt.Sprint(v["value"]))
		}
	}
	s.inputs(spec.Spec.Inputs)
	return s
}

func TestCIKit_HasOneScriptAndTheSameInputs(t *testing.T) {
	t.Parallel()
	script := kitFile(t, "gatecrier-push.sh")
	want := []string{
		"branch", "default-branch", "fail-on-gate", "files", "product", "release-url", "retry", "scanner", "sha256",
		"source", "token", "url", "version",
	}
	for _, s := range []ciScript{githubScript(t), gitlabScript(t)} {
		if s.script != script {
			t.Errorf("%s has another script than gatecrier-push.sh", s.name)
		}
		if got := slices.Sorted(maps.Values(s.variables)); !slices.Equal(got, want) {
			t.Errorf("%s: inputs %v", s.name, got)
		}
		for variable, input := range s.variables {
			if !strings.Contains(kitFile(t, "README.md"), "| "+input+" | "+variable+" |") {
				t.Errorf("%s and %s are not in the README", input, variable)
			}
		}
	}
	if strings.Contains(script, "${{") || strings.Contains(script, "$[[") {
		t.Error("the script has text of inputs in it")
	}
	var hooks struct {
		Types []string `yaml:"default_install_hook_types"`
		Repos []struct {
			Repo  string
			Hooks []map[string]any
		}
	}
	decodeYAML(t, "pre-commit", kitFile(t, "pre-commit/.pre-commit-config.yaml"), &hooks)
	for _, hook := range hooks.Repos[0].Hooks {
		if hook["language"] != "system" || hook["pass_filenames"] != false || hook["entry"] == "" {
			t.Errorf("the hook: %v", hook)
		}
	}
	for name, mention := range map[string]string{
		"jenkins/Jenkinsfile":                "sh ci/gatecrier-push.sh",
		"pre-commit/.pre-commit-config.yaml": "sh ci/gatecrier-push.sh",
		"github/example.yml":                 "./.github/actions/gatecrier-push",
		"gitlab/example.yml":                 "component: ",
	} {
		if !strings.Contains(kitFile(t, name), mention) {
			t.Errorf("%s does not use the kit", name)
		}
	}
}

// programFile returns a script that runs this test binary as the program.
func programFile() string {
	return "#!/bin/sh\n" + commandEnv + "=$(printf '%s\\n' \"$@\")\nexport " + commandEnv + "\nexec '" + os.Args[0] + "'\n"
}

// run runs a script with inputs, and returns its exit code and its output.
func (s ciScript) run(t *testing.T, dir string, inputs map[string]string) (int, string) {
	t.Helper()
	args := append(slices.Clone(s.shell), s.script)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...) // #nosec G204 -- a script of the documents
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "PUSH_FORMAT=" + s.format}
	for variable, input := range s.variables {
		value, ok := inputs[input]
		if !ok {
			value = s.defaults[input]
		}
		cmd.Env = append(cmd.Env, variable+"="+value)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", s.name, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// kitFixture is a server with a product of a hostile name, and a folder with the program and
// reports.
type kitFixture struct {
	admin  *apptest.Client
	path   string
	dir    string
	inputs map[string]string
}

const hostile = `a "b" $(touch pwned) '; touch pwned; ` + "`touch pwned`"

func newKitFixture(t *testing.T) kitFixture {
	t.Helper()
	p := apptest.Start(t, apptest.Options{})
	f := kitFixture{admin: p.Client("admin"), dir: t.TempDir()}
	f.path = newProduct(t, f.admin, hostile, "").path
	a := f.admin.Must(http.StatusCreated, "POST", f.path+"/tokens", object{"name": "ci", "role": "upload"})
	token, _ := a.Get("token").(string)
	if err := os.Mkdir(filepath.Join(f.dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"bin/gatecrier":  programFile(),
		"bad one.json":   string(apptest.Report(t, "grype-image.json")),
		"good $HOME.txt": string(apptest.Report(t, "grype-none.json")),
	} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o700); err != nil { // #nosec G306 -- it runs
			t.Fatal(err)
		}
	}
	f.inputs = map[string]string{
		"url": p.URL, "token": token, "product": hostile, "branch": hostile, "default-branch": "main",
		"files": "im\"a'ge=bad one.json\n\nconfig=good $HOME.txt\n",
	}
	return f
}

func TestCIKit_PushesReports(t *testing.T) {
	t.Parallel()
	f := newKitFixture(t)
	for _, s := range []ciScript{githubScript(t), gitlabScript(t)} {
		code, out := s.run(t, f.dir, f.inputs)
		if code != 2 || !strings.Contains(out, "18 high") {
			t.Errorf("%s: a failed gate: exit %d\n%s", s.name, code, out)
		}
		for field, change := range map[string]string{
			"fail-on-gate": "false", "files": "im\"a'ge=good $HOME.txt\nconfig=good $HOME.txt",
		} {
			inputs := maps.Clone(f.inputs)
			inputs[field] = change
			if code, out := s.run(t, f.dir, inputs); code != 0 {
				t.Errorf("%s: %s %s: exit %d\n%s", s.name, field, change, code, out)
			}
		}
		for field, change := range map[string]string{"files": "", "token": "gct_none", "fail-on-gate": "yes"} {
			inputs := maps.Clone(f.inputs)
			inputs[field] = change
			if code, out := s.run(t, f.dir, inputs); code != 1 {
				t.Errorf("%s: %s %q: exit %d\n%s", s.name, field, change, code, out)
			}
		}
	}
	// The default branch gets its name from the first report of it.
	inputs := maps.Clone(f.inputs)
	inputs["branch"], inputs["default-branch"] = "trunk", "trunk"
	if code, out := githubScript(t).run(t, f.dir, inputs); code != 2 {
		t.Errorf("the default branch: exit %d\n%s", code, out)
	}
	a := f.admin.Must(http.StatusOK, "GET", f.path+"/branches", nil)
	if a.Get("items.0.name") != "trunk" || a.Get("items.1.name") != hostile || a.Get("items.2") != nil {
		t.Errorf("branches: %s", a.Text)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "pwned")); err == nil {
		t.Error("an input was run as a command")
	}
}

package apptest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// A user uploads several reports at once: all are imported, or none. One list is in the generic format.
func TestUploadOfFilesInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: time.Hour})
	newProduct(t, p.Client("admin"), "Checkout", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	upload := func(paths ...string) {
		b.Open("/products/1/upload")
		b.Do(chromedp.SetUploadFiles("[name=file]", paths))
	}
	image := file("image.json", string(apptest.Report(t, "grype-image.json")))
	secrets := file("secrets.json", string(apptest.Report(t, "gitleaks-git.json")))

	upload(image, file("broken.json", `{"matches": [{`))
	b.Press("form[action$='/upload'] button[type=submit]")
	b.WantText("broken.json", "ends too early")
	b.Open("/products/1")
	b.WantText("Send the first report")

	upload(image, secrets)
	b.Press("form[action$='/upload'] button[type=submit]")
	b.WantText("Failed", "2 reports imported. Gate: not evaluated → failed", "image.json", "secrets.json")
	b.CheckPage("upload-results")

	list := file("list.json", `[{"title": "Weak lock", "severity": "high"}, {"title": "Old key", "severity": "low"}]`)
	upload(list)
	b.Press("form[action$='/upload'] button[type=submit]")
	b.WantText("format=generic")
	upload(list)
	b.Do(chromedp.SetValue("[name=format]", "generic"))
	b.Fill("[name=scanner]", "Heronscan")
	b.Press("form[action$='/upload'] button[type=submit]")
	b.WantText("Generic report of Heronscan", "24 high", "--report-format generic")
}

package apptest

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// SetZone sets the time zone of the browser.
func (b *Browser) SetZone(name string) {
	b.t.Helper()
	b.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetTimezoneOverride,
			emulation.SetTimezoneOverrideParams{TimezoneID: name})
		return err
	}))
}

// Value returns the value of a field.
func (b *Browser) Value(selector string) string {
	b.t.Helper()
	script := fmt.Sprintf("document.querySelector(%q)?.value ?? 'no such field'", selector)
	value, err := Read(b, chromedp.Evaluate[string](script))
	if err != nil {
		b.t.Fatalf("read %s: %v\n%s", selector, err, b.Text())
	}
	return value
}

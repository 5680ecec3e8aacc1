package apptest

import (
	"sync/atomic"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// leaveDialog answers the question that the browser asks before it leaves a page with unsaved
// changes.
type leaveDialog struct {
	stay  atomic.Bool  // the answer; a page is left unless a test wants otherwise
	asked atomic.Int64 // how often the browser asked
}

// answerDialog answers a dialog. The browser's page waits for that, so it must not wait for the page.
func (b *Browser) answerDialog(ev *page.EventJavascriptDialogOpening) {
	if ev.Type != page.DialogTypeBeforeunload {
		b.note("dialog " + ev.Type.String() + ": " + ev.Message)
	}
	answer := page.HandleJavaScriptDialogParams{Accept: !b.leave.stay.Load()}
	go func() {
		b.leave.asked.Add(1)
		if _, err := chromedp.Call(b.ctx, page.HandleJavaScriptDialog, answer); err != nil && b.ctx.Err() == nil {
			b.note("answer the dialog: " + err.Error())
		}
	}()
}

// WantQuestion fails the test unless the browser asks before it leaves the page by a link, and stays.
func (b *Browser) WantQuestion(link string) {
	b.t.Helper()
	path, before := b.Path(), b.leave.asked.Load()
	b.leave.stay.Store(true)
	defer b.leave.stay.Store(false)
	b.Do(chromedp.Click(link))
	Eventually(b.t, "the browser asks before it leaves "+path, func() bool { return b.leave.asked.Load() > before })
	if now := b.Path(); now != path {
		b.t.Errorf("the browser left %s for %s", path, now)
	}
}

// Questions returns how often the browser has asked whether to leave a page.
func (b *Browser) Questions() int { return int(b.leave.asked.Load()) }

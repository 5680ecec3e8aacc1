package apptest

import "github.com/chromedp/chromedp"

// overlaps lists texts of the page that lie over one another, and texts that are cut off without an
// ellipsis or a way to scroll to them. It leaves out what is meant to lie over the page: popovers,
// menus and what sticks to an edge.
const overlaps = `(() => {
	const over = e => {
		for (; e && e !== document.body; e = e.parentElement) {
			if (e.matches("dialog, svg, select, option, .visually-hidden") || getComputedStyle(e).position !== "static" &&
				getComputedStyle(e).position !== "relative") return true;
		}
		return false;
	};
	// The part of a rectangle that its ancestors show, and whether one cuts it off for good.
	const shown = (e, r) => {
		let [left, top, right, bottom] = [r.left, r.top, r.right, r.bottom], cut = false;
		for (; e && e !== document.documentElement; e = e.parentElement) {
			const s = getComputedStyle(e);
			if (s.overflowX === "visible" || s.display === "inline") continue;
			const box = e.getBoundingClientRect();
			const beyond = right > box.right + 2 || left < box.left - 2;
			if (beyond && s.overflowX === "hidden" && s.textOverflow !== "ellipsis") cut = true;
			left = Math.max(left, box.left); right = Math.min(right, box.right);
			top = Math.max(top, box.top); bottom = Math.min(bottom, box.bottom);
			if (s.overflowX === "auto" || s.overflowX === "scroll") break;
		}
		return {left, top, right, bottom, cut};
	};
	const texts = [], found = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n && texts.length < 600; n = walk.nextNode()) {
		const e = n.parentElement, text = n.data.trim();
		if (!text || !e.checkVisibility({visibilityProperty: true, opacityProperty: true}) || over(e)) continue;
		const range = document.createRange();
		range.selectNodeContents(n);
		for (const r of range.getClientRects()) {
			const part = shown(e, r);
			if (r.width < 2 || r.height < 2) continue;
			if (part.cut) found.push("cut off: " + text.slice(0, 60));
			texts.push({...part, node: n, text: text.slice(0, 60)});
		}
	}
	for (let i = 0; i < texts.length; i++) {
		for (let j = i + 1; j < texts.length; j++) {
			const a = texts[i], b = texts[j];
			if (a.node !== b.node && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
				Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push(a.text + " lies over " + b.text);
		}
	}
	return [...new Set(found)].slice(0, 10);
})()`

// checkOverlaps fails the test if texts of the page lie over one another or are cut off.
func (b *Browser) checkOverlaps(what string) {
	b.t.Helper()
	found, err := Read(b, chromedp.Evaluate[[]string](overlaps))
	if err != nil {
		b.t.Fatalf("%s: overlaps: %v", what, err)
	}
	for _, f := range found {
		b.t.Errorf("%s: %s", what, f)
	}
}

// gcTextKinds returns the kinds of visible texts of the page: hashes of the tag, classes, font and
// color of an element, and the backgrounds below it. Rows and entries that do not represent the others
// are left out. gcTexts holds two elements of each kind.
window.gcTextKinds = function () {
	const hash = text => {
		let a = 5381, b = 52711;
		for (let i = 0; i < text.length; i++) {
			const c = text.charCodeAt(i);
			a = (a * 33) ^ c;
			b = (b * 31) ^ c;
		}
		return (a >>> 0) * 2 ** 20 + (b >>> 12);
	};
	window.gcTexts = new Map();
	const visit = (e, below) => {
		if (e.matches("tbody tr:nth-child(n+11), li:nth-child(n+11)") || !e.checkVisibility({visibilityProperty: true})) {
			return;
		}
		const s = getComputedStyle(e), own = [s.backgroundColor, s.backgroundImage, s.opacity].join();
		const grounds = own === "rgba(0, 0, 0, 0),none,1" ? below : below + own;
		const kind = hash([e.tagName, e.getAttribute("class"), s.color, s.fontSize, s.fontWeight, grounds].join());
		const hasText = e.matches("input, select, textarea") ||
			[...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim() !== "");
		const same = window.gcTexts.get(kind) ?? [];
		if (hasText && same.length < 2) {
			window.gcTexts.set(kind, [...same, e]);
		}
		for (const child of e.children) {
			visit(child, grounds);
		}
	};
	visit(document.body, "");
	return [...window.gcTexts.keys()];
};

// gcOnly returns the elements of kinds, also of those that a script of the page has replaced since.
window.gcOnly = function (kinds) {
	const find = () => kinds.flatMap(kind => window.gcTexts.get(kind) ?? []);
	if (find().some(e => !e.isConnected)) {
		window.gcTextKinds();
	}
	return new Set(find());
};

// gcRun runs axe with the rule of contrasts for texts of some kinds only, or of all if kinds is null.
window.gcRun = function (part, options, kinds) {
	if (!window.axe) {
		window.gcMakeAxe();
		const rule = window.axe._audit.getRule("color-contrast"), matches = rule.matches;
		rule.matches = function (node, ...more) {
			return (!window.gcChecked || window.gcChecked.has(node)) && matches.call(this, node, ...more);
		};
	}
	window.gcChecked = kinds && window.gcOnly(kinds);
	return window.axe.run(part, options).then(r => r.violations.flatMap(v => v.nodes.map(n =>
		v.id + ": " + n.html.slice(0, 200) + " " + (n.any[0] ? n.any[0].message : ""))));
};

// Removes the rules and variables of a style sheet that no source can use, with PurgeCSS. A source
// uses the words in it; of Go code, those in string literals; of our own style sheets, the variables.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const VARIABLE = /--[A-Za-z0-9_-]+/g;

// sources returns the files below a folder that name classes or variables.
function sources(dir) {
  return fs.readdirSync(dir, { recursive: true })
    .filter((name) => /\.(templ|go|js|css)$/.test(name) && !/_(templ|test)\.go$/.test(name))
    .map((name) => path.join(dir, name));
}

// words returns what a file can name. TestNoSourceUsesDroppedNames in static finds words the same way.
function words(file) {
  let text = fs.readFileSync(file, "utf8");
  if (file.endsWith(".go")) text = (text.match(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g) || []).join("\n");
  return text.match(file.endsWith(".css") ? VARIABLE : /[A-Za-z0-9_-]+/g) || [];
}

// purge returns the smaller sheet, and the names of classes, data attributes and variables that it
// dropped. load loads a module. Elements and other attributes stay, because scripts and Markdown can
// add them.
async function purge(css, dirs, load) {
  const used = new Set(dirs.flatMap(sources).flatMap(words));
  const candidates = new Set();
  const variables = new Set();
  const kept = new Set();
  const parser = load("postcss-selector-parser")((selectors) => {
    selectors.walkClasses((node) => { candidates.add(node.value); });
    selectors.walkTags((node) => { kept.add(node.value); });
    selectors.walkAttributes((node) => {
      const isData = node.attribute.startsWith("data-");
      (isData ? candidates : kept).add(node.attribute);
      if (!isData && node.attribute !== "class" && node.value) kept.add(node.value);
    });
  });
  const sheet = load("postcss").parse(css);
  sheet.walkRules((rule) => {
    if (!/keyframes$/.test(rule.parent.name || "")) parser.processSync(rule.selector);
    rule.walkDecls(/^--/, (declaration) => { variables.add(declaration.prop); });
  });
  // PurgeCSS does not see the variables of key frames.
  sheet.walkAtRules(/keyframes$/, (rule) => {
    for (const name of rule.toString().match(VARIABLE) || []) used.add(name);
  });
  const all = new Set([...used, ...kept]);
  const { PurgeCSS } = load("purgecss");
  const [{ css: purged }] = await new PurgeCSS().purge({
    content: [{ raw: "", extension: "html" }],
    css: [{ raw: css }],
    defaultExtractor: () => [...all],
    variables: true,
    safelist: { variables: [...used].filter((name) => name.startsWith("--")) },
  });
  const remaining = new Set(purged.match(VARIABLE));
  const dropped = [...candidates].filter((name) => !all.has(name))
    .concat([...variables].filter((name) => !remaining.has(name)));
  return { purged, dropped: dropped.sort() };
}

module.exports = { purge };

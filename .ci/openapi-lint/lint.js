// Lints an OpenAPI document with all rules that Redocly recommends. Exits with 1 for any error or
// warning.
"use strict";

const fs = require("node:fs");
const { createConfig, lintFromString } = require("@redocly/openapi-core");

const rules = {
	// The route of Sentry SDKs has a server of its own (/api), so /{product_id}/envelope cannot be
	// mistaken for a path under /api/v1.
	"no-ambiguous-paths": "off",
	"operation-description": "error",
	"operation-operationId": "error",
	"no-unused-components": "error",
	"no-invalid-media-type-examples": "error",
	"no-invalid-schema-examples": "error",
	"tag-description": "error",
	"tags-alphabetical": "error",
	"operation-tag-defined": "error",
	"operation-4xx-response": "error",
	"operation-2xx-response": "error",
	"security-defined": "error",
	"parameter-description": "error",
};

async function main(path) {
	const config = await createConfig({ extends: ["recommended-strict"], rules });
	const problems = await lintFromString({ source: fs.readFileSync(path, "utf8"), config });
	for (const p of problems) {
		console.error(`${p.severity} ${p.ruleId}: ${p.message} (${p.location[0].pointer})`);
	}
	process.exit(problems.length > 0 ? 1 : 0);
}

main(process.argv[2]);

// Prints package.json for a package: with the rules of the program inside, so that the settings that name rules are completed.
//
// stdin: what `marginote rules --format json` prints; nothing where no program goes inside.

import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const stdin = readFileSync(0, "utf8");
const rules = stdin.trim() === "" ? [] : JSON.parse(stdin).rules;
const { properties } = manifest.contributes.configuration;

const families = [...new Set(rules.map(({ code }) => code.replace(/\d+$/, "")))];
const names = [
  ...(rules.length > 0 ? [{ label: "ALL", description: "Every rule", body: "ALL" }] : []),
  ...families.map((family) => ({ label: family, description: `Every rule whose code begins with ${family}`, body: family })),
  ...rules.map(({ code, name, title }) => ({ label: `${code} ${name}`, description: title, body: code })),
];
if (names.length > 0) {
  for (const key of ["select", "extend-select", "ignore"]) {
    properties[`marginote.${key}`].items.defaultSnippets = names;
  }
  properties["marginote.per-file-ignores"].additionalProperties.items.defaultSnippets = names;
  const severity = properties["marginote.severity"];
  severity.properties = Object.fromEntries(names.map(({ description, body }) => [body, { ...severity.additionalProperties, description }]));
}
console.log(JSON.stringify(manifest, null, 2));

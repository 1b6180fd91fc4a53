// Looks at pages in a headless Chromium and prints what is wrong, one JSON object per page.
//
// usage: node check.mjs NODE_MODULES CHROMIUM PAGE…
//
// Per page, in light and in dark: no serious or critical violation (axe-core), no request to anywhere.
// At 360 and at 1600 pixels: nothing reaches beyond the window. On A4 and Letter: pages, and nothing
// wider than the paper.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, executablePath, ...pages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const GRAVE = ["serious", "critical"];
// Millimetres to CSS pixels, less the margins of 13 mm on both sides.
const PAPER = { A4: ((210 - 26) * 96) / 25.4, Letter: ((215.9 - 26) * 96) / 25.4 };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let failed = false;
for (const path of pages) {
  const found = await look(path);
  failed ||= found.problems.length > 0;
  console.log(JSON.stringify({ page: path, ...found }));
}
await browser.close();
process.exit(failed ? 1 : 0);

async function look(path) {
  const problems = [];
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("file:") && !url.startsWith("data:")) problems.push(`asks for ${url}`);
  });
  page.on("pageerror", (error) => problems.push(`script error: ${error.message}`));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.goto(pathToFileURL(path).href);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    for (const one of violations.filter(({ impact }) => GRAVE.includes(impact))) {
      const where = one.nodes.slice(0, 3).map(({ target }) => target.join(" ")).join("; ");
      problems.push(`${colorScheme}: ${one.impact} ${one.id}: ${one.help} (${one.nodes.length}: ${where})`);
    }
  }
  for (const width of [360, 1600]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) problems.push(`${width} px wide: scrolls to ${wide} px`);
  }
  const printed = {};
  for (const [format, width] of Object.entries(PAPER)) {
    await page.emulateMedia({ media: "print", colorScheme: "light" });
    await page.setViewportSize({ width: Math.floor(width), height: 900 });
    const cut = await page.evaluate((most) => {
      const parts = [...document.querySelectorAll("svg.ch, table, h1, h2")];
      const beyond = (part) => part.getBoundingClientRect().right > most + 1;
      return parts.filter(beyond).map((part) => part.closest("section")?.id ?? part.tagName);
    }, Math.floor(width));
    if (cut.length > 0) problems.push(`${format}: wider than the paper: ${[...new Set(cut)].join(", ")}`);
    const pdf = (await page.pdf({ format, preferCSSPageSize: false })).toString("latin1");
    printed[format] = (pdf.match(/\/Type\s*\/Page\b/g) ?? []).length;
    if (printed[format] < 1) problems.push(`${format}: no page was printed`);
  }
  await context.close();
  return { problems, printed };
}

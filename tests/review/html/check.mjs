// The checks of the page. The argument is the folder with the pages.
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [folder] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const WIDE = { width: 1440, height: 1000 };
const NARROW = { width: 400, height: 850 };
let passed = 0;
let failed = 0;
const check = (name, is, ...said) => {
  if (is) passed += 1;
  else { failed += 1; console.log(`FAILED ${name}`, ...said); }
};
// opens a page, and closes it when `look` has seen it; nothing may be logged or asked for, but for what the policy says where it has to refuse something
const open = async (name, { refuses = false, ...options }, look) => {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push(dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith("file:")) said.push(request.url()); });
  await page.goto(`file://${join(folder, name)}.html`);
  await page.waitForTimeout(300);
  await look(page);
  const others = said.filter((line) => !(refuses && line.includes("Content Security Policy")));
  check(`${name}: nothing is complained about`, others.length === 0 && (!refuses || said.length > 0), said);
  await context.close();
};
const picture = async (page, name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
};
const colour = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

await open("example", { colorScheme: "light" }, async (page) => {
  await picture(page, "light-head");
  const light = await colour(page);
  const dead = await page.$$eval("a[href]", (links) => links.map((a) => a.getAttribute("href")).filter((href) => !href.startsWith("#") || !document.getElementById(href.slice(1))));
  check("every link leads to a place of the page", dead.length === 0, dead);
  const notes = await page.locator(".note").count();
  check("there is a note for each finding", notes === 12, notes);
  check("the user's note is quoted", await page.locator(".own summary").count() > 0);
  const link = page.locator("#n4 ul.evidence a").first();
  await link.click();
  check("evidence leads to its line", (await page.locator(".line:target").textContent()).includes("seen[item.name]"));
  await page.waitForTimeout(300);
  await picture(page, "light-code");
  const drawn = await page.locator('.links [data-note="n4"] .proof').count();
  check("evidence is drawn", drawn === 1, drawn);
  check("a note is led to", await page.locator('.links [data-note="n4"] .leader').count() === 1);
  const ends = await page.evaluate(() => {
    const path = document.querySelector('.links [data-note="n4"] .proof');
    const box = path.closest("svg").getBoundingClientRect();
    const middle = (id) => { const place = document.getElementById(id).getBoundingClientRect(); return place.top + place.height / 2 - box.top; };
    const to = path.getPointAtLength(path.getTotalLength()).y;
    const note = document.querySelector("#n4");
    return [path.getPointAtLength(0).y - middle(note.dataset.line), to - middle(note.querySelector("ul.evidence a").hash.slice(1))];
  });
  check("and ends at its lines", ends.every((off) => Math.abs(off) <= 2), ends);
  await page.locator("#n4").hover();
  check("a note lights its links", await page.locator('.links [data-note="n4"].lit').count() === 1);
  check("a note lights its lines", await page.locator(".line.lit").count() === 2);
  await page.locator(".switch").click();
  check("the switch makes it dark", (await colour(page)) !== light);
  await page.reload();
  check("and is remembered", (await colour(page)) !== light);
});
await open("example", { colorScheme: "dark" }, async (page) => {
  await picture(page, "dark-head");
  await page.locator("#n4").scrollIntoViewIfNeeded();
  await page.waitForTimeout(300);
  await picture(page, "dark-code");
  check("dark follows the system", (await colour(page)) === "rgb(23, 24, 27)");
  await page.keyboard.press("Tab");
  check("the first key press skips the head", await page.evaluate(() => document.activeElement.className) === "skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  check("and leads to the code", await page.evaluate(() => document.activeElement.closest("main") !== null));
});
await open("example", { javaScriptEnabled: false }, async (page) => {
  check("without JavaScript there is no switch", !(await page.locator(".switch").isVisible()));
  check("without JavaScript notes are read", await page.locator("#n1 .message").isVisible());
  await page.locator("#n4 ul.evidence a").first().click();
  check("without JavaScript links jump", page.url().endsWith("#f2-25"), page.url());
  await page.locator("#show-hint").uncheck();
  check("without JavaScript severities are hidden", await page.locator(".note.hint:visible").count() === 0 && await page.locator(".note.warning:visible").count() === 6);
  await page.locator(".recall summary").first().click();
  check("without JavaScript answers open", await page.locator(".recall[open]").count() === 1);
});
await open("example", { viewport: NARROW }, async (page) => {
  await picture(page, "narrow-head");
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check("a narrow page does not scroll sideways", over <= 0, over);
  await page.locator("#n2").scrollIntoViewIfNeeded();
  await page.waitForTimeout(300);
  await picture(page, "narrow-code");
});
await open("example", {}, async (page) => {
  await page.emulateMedia({ media: "print" });
  check("printed notes are all there", await page.locator(".note:visible").count() === 12);
  check("printed answers are open", await page.locator(".recall").first().evaluate((details) => details.getBoundingClientRect().height > details.querySelector("summary").getBoundingClientRect().height + 10));
  const pdf = await page.pdf({ format: "A4", printBackground: false, path: process.env.SCREENSHOTS ? join(process.env.SCREENSHOTS, "print.pdf") : undefined });
  check("it is printed", pdf.length > 20_000, pdf.length);
});
await open("hostile", {}, async (page) => {
  const strange = await page.evaluate(() => [...document.querySelectorAll("img, iframe, object, embed, link, base, form, video, audio, use, foreignObject")].map((element) => element.outerHTML));
  check("no element comes out of code or names", strange.length === 0, strange);
  const handlers = await page.evaluate(() => [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]).map((attribute) => attribute.name).filter((name) => name.startsWith("on") || name === "style" || name === "src"));
  check("no attribute either", handlers.length === 0, handlers);
  check("code is shown as it is", (await page.locator(".code").first().textContent()).includes("</script><img src=x onerror=alert(1)> @all"));
});
await open("hostile", { refuses: true }, async (page) => {
  const title = await page.title();
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'owned'";
    document.body.append(script);
  });
  check("the policy refuses a script", (await page.title()) === title);
});
await open("many", {}, async (page) => {
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const size = statSync(join(folder, "many.html")).size;
  const notes = await page.locator(".note").count();
  check("500 findings are in the page", notes === 500, notes);
  check("500 findings: painted within a second", paint < 1000, paint);
  check("500 findings: below 3 MB", size < 3_000_000, size);
  for (const id of ["n2", "n250", "n499", "f12-100", "rule-MUT001"]) {
    const top = await page.evaluate((id) => { location.hash = `#${id}`; return document.getElementById(id).getBoundingClientRect().top; }, id);
    check(`500 findings: a jump to ${id} ends there`, top > -1 && top < WIDE.height, top);
  }
  const steps = await page.evaluate(async () => {
    const times = [];
    for (let step = 0; step < 40; step += 1) {
      const before = performance.now();
      scrollBy(0, 300);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      times.push(performance.now() - before);
    }
    return times.sort((a, b) => a - b)[20];
  });
  check("500 findings: it scrolls", steps < 200, steps);
  console.log(`500 findings: ${Math.round(size / 1024)} KB, first paint after ${Math.round(paint)} ms, two frames of scrolling in ${Math.round(steps)} ms`);
});
for (const project of ["example", "hostile"]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [WIDE, NARROW]) {
      await open(project, { colorScheme, viewport }, async (page) => {
        await page.evaluate(axe);
        const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        const serious = found.violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
        const said = found.violations.map((violation) => `${violation.impact} ${violation.id}: ${violation.nodes.length} × ${violation.nodes[0].html.slice(0, 160)} ${violation.nodes[0].failureSummary}`);
        check(`axe-core: ${project}, ${colorScheme}, ${viewport.width} wide`, serious.length === 0, said);
        if (said.length && !serious.length) console.log(said);
      });
    }
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

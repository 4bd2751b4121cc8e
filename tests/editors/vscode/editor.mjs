// Real VS Code (code-server) in real Chromium: started, driven, photographed.

import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = process.env.EDITORS_ROOT;
const OUTPUT = process.env.OUTPUT;
const { chromium } = createRequire(`${ROOT}/pw/`)("playwright-core");

/** Settings that keep the editor quiet: no network, no first steps, no suggestions of its own. */
const QUIET = {
  "workbench.startupEditor": "none",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "editor.autoClosingBrackets": "never",
  "editor.minimap.enabled": false,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
};

/** How long a step may take before it is done once more, in milliseconds: a key pressed or a mouse moved while the editor is busy can be lost. */
const AGAIN = 6_000;

/** One code-server with extensions, and the pages that are opened in it. */
export class Editor {
  /** `extensions` are files; `settings` are the user's; `env` is added to the environment of everything that runs in the editor. */
  static async start(name, extensions, settings, env = {}) {
    const editor = new Editor();
    editor.name = name;
    editor.home = mkdtempSync(join(tmpdir(), "marginote-vscode-"));
    editor.settings(settings);
    const entry = `${ROOT}/cs/node_modules/code-server/out/node/entry.js`;
    const folders = ["--config", `${editor.home}/config.yaml`, "--user-data-dir", `${editor.home}/data`, "--extensions-dir", `${editor.home}/extensions`];
    // no marketplace, and nothing of the tester's own in the cache
    const environment = { ...process.env, EXTENSIONS_GALLERY: "{}", XDG_CACHE_HOME: `${editor.home}/cache`, XDG_DATA_HOME: `${editor.home}/share`, ...env };
    const installed = spawnSync(process.execPath, [entry, ...folders, ...extensions.flatMap((file) => ["--install-extension", file])], { encoding: "utf8", env: environment });
    if (installed.status !== 0) {
      throw new Error(`the extensions cannot be installed: ${installed.stdout}${installed.stderr}`);
    }
    editor.port = await freePort();
    const arguments_ = ["--auth", "none", "--bind-addr", `127.0.0.1:${editor.port}`, "--disable-telemetry", "--disable-update-check"];
    editor.process = spawn(process.execPath, [entry, ...folders, ...arguments_], { stdio: ["ignore", "pipe", "pipe"], detached: true, env: environment });
    const log = createWriteStream(`${OUTPUT}/${name}-code-server.log`);
    editor.process.stdout.pipe(log);
    editor.process.stderr.pipe(log);
    try {
      await editor.answers();
      editor.browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
      });
    } catch (error) {
      await editor.stop();
      throw error;
    }
    return editor;
  }

  async answers() {
    for (let i = 0; i < 300; i++) {
      try {
        if ((await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok) return;
      } catch {
        // not yet
      }
      await sleep(200);
    }
    throw new Error("code-server did not start");
  }

  /** Writes the user's settings; an editor that runs takes them over. */
  settings(settings) {
    mkdirSync(`${this.home}/data/User`, { recursive: true });
    writeFileSync(`${this.home}/data/User/settings.json`, JSON.stringify({ ...QUIET, ...settings }, null, 2));
  }

  /** Writes the settings of the machine on which the editor opens files, where the programs are named that run there. */
  machineSettings(settings) {
    mkdirSync(`${this.home}/data/Machine`, { recursive: true });
    writeFileSync(`${this.home}/data/Machine/settings.json`, JSON.stringify(settings));
  }

  /** A folder with these files: names and texts. */
  workspace(name, files) {
    const folder = join(this.home, name);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(folder, file, ".."), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return folder;
  }

  /** Opens a folder or a `.code-workspace` file in a page of its own, with a file. */
  async open(folder, file) {
    const page = await this.browser.newPage({ viewport: { width: 1400, height: 1100 } });
    page.setDefaultTimeout(30_000);
    const what = folder.endsWith(".code-workspace") ? "workspace" : "folder";
    const payload = JSON.stringify([["openFile", `vscode-remote://127.0.0.1:${this.port}${file}`]]);
    const query = `${what}=${encodeURIComponent(folder)}` + (file ? `&payload=${encodeURIComponent(payload)}` : "");
    await page.goto(`http://127.0.0.1:${this.port}/?${query}`);
    await page.locator(".monaco-workbench .statusbar").waitFor();
    if (file) await page.locator(".monaco-editor .view-line, .notebook-editor .cell").first().waitFor();
    return new Window(page, `${OUTPUT}/${this.name}`);
  }

  async stop() {
    await this.browser?.close();
    try {
      // the group: the hosts of extensions and the language servers too
      process.kill(-this.process.pid, "SIGKILL");
    } catch {
      // gone already
    }
    const logs = globSync(`${this.home}/data/logs/**/*Marginote.log`).sort();
    writeFileSync(`${OUTPUT}/${this.name}-marginote.log`, logs.map((log) => `${log}\n${readFileSync(log, "utf8")}`).join("\n"));
    rmSync(this.home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

async function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** One window of the editor. */
export class Window {
  shots = 0;

  constructor(page, prefix) {
    this.page = page;
    this.prefix = prefix;
  }

  async close() {
    await this.page.close();
  }

  async shot(name) {
    const number = String(++this.shots).padStart(2, "0");
    await this.page.screenshot({ path: `${this.prefix}-${number}-${name}.png` });
  }

  /** Acts until something is there, and gives it. */
  async until(what, locator, act) {
    for (let i = 0; i < 6; i++) {
      await act();
      const there = await locator.first().waitFor({ timeout: AGAIN }).then(() => true, () => false);
      if (there) return locator.first();
    }
    throw new Error(`no ${what}`);
  }

  /** Runs a command of the palette by its title. */
  async command(title) {
    const row = this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title });
    await this.until(`command ${title}`, row, async () => {
      await this.page.keyboard.press("Escape");
      await this.page.keyboard.press("F1");
      await this.ask(`>${title}`);
    });
    await this.page.keyboard.press("Enter");
  }

  /** Writes into the field of the palette, where it is open. */
  async ask(words) {
    await this.page.locator(".quick-input-widget input").first().fill(words, { timeout: 3_000 }).catch(() => {});
  }

  /** Opens a file of the workspace by its name in the first group, at a line and a column from 1. */
  async goTo(file, line = 1, column = 1) {
    const name = file.split("/").pop();
    const tab = this.page.locator(".editor-group-container.active .tab.active").filter({ hasText: name });
    const row = this.page.locator(".quick-input-list .monaco-list-row.focused").filter({ hasText: name });
    const there = this.page.locator(".monaco-workbench").filter({ has: tab }).filter({ has: this.cursor(line, column) });
    await this.until(`file ${file}`, there, async () => {
      await this.page.keyboard.press("Escape");
      await this.page.keyboard.press("Control+1");
      // the list of what was open last comes first
      await this.until(`row ${file}`, row, async () => {
        await this.page.keyboard.press("Control+P");
        await this.ask(`${file}:${line}:${column}`);
      });
      await this.page.keyboard.press("Enter");
    });
  }

  /** Opens a notebook of the workspace by its name. */
  async goToNotebook(name) {
    const row = this.page.locator(".quick-input-list .monaco-list-row.focused").filter({ hasText: name });
    await this.until(`notebook ${name}`, this.page.locator(".notebook-editor .cell"), async () => {
      await this.until(`row ${name}`, row, async () => {
        await this.page.keyboard.press("Escape");
        await this.page.keyboard.press("Control+P");
        await this.ask(name);
      });
      await this.page.keyboard.press("Enter");
    });
  }

  /** The part of the status bar that says where the cursor is, where it is there. */
  cursor(line, column) {
    const place = column === undefined ? `Ln ${line},` : `Ln ${line}, Col ${column}`;
    return this.page.locator(".statusbar-item").filter({ hasText: place });
  }

  /** The page of a rendered Markdown document that says this. */
  async preview(text) {
    for (let i = 0; i < 60; i++) {
      for (const frame of this.page.frames().slice(1)) {
        const found = await frame.locator("body").filter({ hasText: text }).count().catch(() => 0);
        if (found > 0) return frame;
      }
      await sleep(500);
    }
    throw new Error(`no page that says ${text}`);
  }

  /** The Problems panel's rows with this text. */
  problems(text) {
    return this.page.locator(".markers-panel .monaco-list-row").filter({ hasText: text });
  }

  /** Shows the Problems panel with a row of this text, and gives the row. */
  async problem(text) {
    return this.until(`problem ${text}`, this.problems(text), async () => {
      if (!(await this.page.locator(".markers-panel").isVisible())) {
        await this.page.keyboard.press("Control+Shift+M");
      }
    });
  }

  /** The middle of words that are on the screen in an editor (the first of the editors that show them). */
  async place(words) {
    const found = await this.page.waitForFunction((words) => {
      for (const line of document.querySelectorAll(".view-line")) {
        const at = line.textContent.replaceAll("\u00a0", " ").indexOf(words);
        if (at < 0) continue;
        const range = document.createRange();
        const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
        let before = 0;
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const end = before + node.data.length;
          if (before <= at && at < end) range.setStart(node, at - before);
          if (before < at + words.length && at + words.length <= end) range.setEnd(node, at + words.length - before);
          before = end;
        }
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
      return undefined;
    }, words);
    return found.jsonValue();
  }

  /** The hover over these words that says this. */
  async hover(words, text) {
    const { x, y } = await this.place(words);
    const hover = this.page.locator(".monaco-hover:visible").filter({ hasText: text });
    return this.until(`hover ${text}`, hover, async () => {
      // a hover that is there already goes away
      await this.page.mouse.move(5, 5);
      await this.page.locator(".monaco-hover:visible").first().waitFor({ state: "detached", timeout: 3_000 }).catch(() => {});
      await this.page.mouse.move(x, y, { steps: 5 });
    });
  }

  /** Chooses what the menu of quick fixes offers at the cursor. */
  async quickFix(title) {
    const rows = this.page.locator(".action-widget .monaco-list-row");
    const row = await this.until(`quick fix ${title}`, rows.filter({ hasText: title }), async () => {
      await this.page.keyboard.press("Escape");
      await this.page.keyboard.press("Control+.");
    });
    await this.shot("offers");
    await row.click();
  }

  /** The lines with this text that are on the screen in editors, which show blanks as no-break spaces. */
  lines(text) {
    return this.page.locator(".view-line").filter({ hasText: new RegExp(text.source.replaceAll(" ", "\\s")) });
  }

  /** Takes back what was typed or applied last in the active editor, until this line is there. */
  async undo(text) {
    await this.until(`line ${text}`, this.lines(text), () => this.page.keyboard.press("Control+Z"));
  }

  /** The notification that says this. */
  async notification(text) {
    const toast = this.page.locator(".notification-toast").filter({ hasText: text });
    await toast.first().waitFor();
    return toast.first();
  }

  /** Our item in the status bar. */
  get item() {
    return this.page.locator('.statusbar-item[id="marginote.marginote.marginote.status"]');
  }

  /** Waits until our item in the status bar has an icon of this name; `timeout` is in milliseconds. */
  async status(icon, timeout = 30_000) {
    await this.item.locator(`.codicon-${icon}`).first().waitFor({ timeout });
  }
}

// The processes of language servers that an editor started.

import { readFile, readdir } from "node:fs/promises";

/** The ids of the processes whose program lies in a folder and that serve an editor. */
export async function servers(folder) {
  const found = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [program, command] = await readFile(`/proc/${name}/cmdline`, "utf8").then((line) => line.split("\0"), () => []);
    if (program?.startsWith(folder) && command === "server") found.push(Number(name));
  }
  return found;
}

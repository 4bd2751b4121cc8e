// A test is a step of a session in one window: it is photographed at its end, and when it fails.

import test from "node:test";

/** How long a step may take, in milliseconds: the machine may be busy. */
const PATIENCE = 150_000;

/** Registers a step. `window` gives the window to photograph. */
export function step(name, window, act) {
  return test(name, { timeout: PATIENCE }, async () => {
    const shot = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60);
    try {
      await act(window());
      await window()?.shot(shot);
    } catch (error) {
      await window()?.shot(`FAILED-${shot}`).catch(() => {});
      throw error;
    }
  });
}

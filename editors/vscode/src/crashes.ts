/** Counts the ends of a server that nobody asked for, so that it is not started again and again. Knows nothing of VS Code. */

/** How many ends within `WINDOW` are followed by a new start. */
const MOST = 3;

/** In milliseconds. */
const WINDOW = 3 * 60_000;

export class Crashes {
  private times: number[] = [];

  /** Counts an end at `now`, in milliseconds, and says whether to start again. */
  mayRestart(now: number): boolean {
    this.times = [...this.times.filter((time) => now - time < WINDOW), now];
    return this.times.length <= MOST;
  }

  /** The user asks for a start: what was before does not count. */
  forget(): void {
    this.times = [];
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { Crashes } from "../src/crashes";

const SECOND = 1000;

test("three ends in a short time are followed by a start, the fourth is not", () => {
  const crashes = new Crashes();
  const answers = [0, 1, 2, 3, 4].map((time) => crashes.mayRestart(time * SECOND));
  assert.deepEqual(answers, [true, true, true, false, false]);
});

test("ends that are long ago do not count", () => {
  const crashes = new Crashes();
  for (let time = 0; time < 20; time++) {
    assert.ok(crashes.mayRestart(time * 61 * SECOND));
  }
});

test("a start that the user asks for begins anew", () => {
  const crashes = new Crashes();
  const end = () => crashes.mayRestart(0);
  assert.deepEqual([end(), end(), end(), end()], [true, true, true, false]);
  crashes.forget();
  assert.ok(end());
});

// Questions come in as lines of JSON, each with the name of its answer in `do`; answers go out so.

import { createInterface } from "node:readline";

/** A project that cannot be worked on; the message is for a person. */
export class ProjectError extends Error {}

export async function serve(answers) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(answers, line))}\n`);
  }
}

async function answer(answers, line) {
  try {
    const question = JSON.parse(line);
    return await answers[question.do](question);
  } catch (error) {
    // The edge of the process: whatever went wrong is told, and the next question is answered.
    const known = error instanceof ProjectError || error instanceof RangeError;
    return { error: known ? error.message : String(error.stack ?? error) };
  }
}

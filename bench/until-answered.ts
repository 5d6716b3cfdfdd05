// Waits for the first 200: how long a gateway takes from its start to its first answer.
// Invariant: a gateway that ends, or that does not answer in time, is an error and never a long start.
import type { ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Question {
  readonly url: string;
  /** A whole POST to write to the socket's other side; without one it is a GET. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly patienceMs: number;
}

/** Asks every 5 ms on a new connection until the answer is 200; returns the milliseconds that took. Throws with the last answer. */
export async function untilAnswered(child: ChildProcess, question: Question): Promise<number> {
  const began = performance.now();
  for (;;) {
    const answer = await ask(question);
    const took = performance.now() - began;
    if (answer === 200) return took;
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it answered`);
    if (took > question.patienceMs)
      throw new Error(`no 200 within ${question.patienceMs} ms; the last answer was ${answer}`);
    await pause(5);
  }
}

/** Returns the status, or why there is none. */
function ask({ url, body, headers }: Question): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const method = body === undefined ? 'GET' : 'POST';
  const asked = request(url, { method, agent: false, timeout: 5000, headers: { ...headers, connection: 'close' } });
  asked.on('response', (answer) => {
    answer.resume();
    answer.on('close', () => resolve(answer.statusCode ?? 'no status'));
  });
  asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')));
  asked.on('error', (error) => resolve(error.message));
  asked.end(body);
  return promise;
}

// One of several processes that are one gateway: what it tells its primary, and what it hears. A worker whose primary is gone
// ends at once (node:cluster); its usage is on disk, and the next start delivers it.
import cluster from 'node:cluster';
import type { App, Crew } from '../../app.ts';
import type { Snapshot } from '../../telemetry/family.ts';
import type { FromPrimary, FromWorker } from './messages.ts';

/** A worker as its own process sees it. */
export interface Membership {
  readonly crew: Crew;
  /** The port that all workers share: the configured one, or what the system chose. */
  readonly port: number;
  /** The gateway listens: from now on what the others find out is heard, and the primary is told. */
  ready(app: App, banner: string): void;
  /** The last word: what this worker counted. */
  leave(app: App): void;
}

/** Returns this process's place among the workers, or null when it is not one. */
export async function joinCrew(): Promise<Membership | null> {
  const { worker } = cluster;
  if (worker === undefined) return null;
  const say = (message: FromWorker): void => void worker.send(message);
  const started = new Promise<Extract<FromPrimary, { kind: 'start' }>>((resolve) => {
    worker.on('message', (message: FromPrimary) => message.kind === 'start' && resolve(message));
  });
  say({ kind: 'hello' });
  const { index, size, port } = await started;
  const line = new Line(say);
  const crew: Crew = {
    index,
    size,
    others: (own) => line.ask(own),
    tell: (news) => say({ kind: 'news', news }),
  };
  return {
    crew,
    port,
    ready(app, banner) {
      worker.on('message', (message: FromPrimary) => line.hear(message, app));
      say({ kind: 'ready', banner });
    },
    leave: (app) => say({ kind: 'metrics', question: null, own: app.metrics() }),
  };
}

/** Questions to the primary and their answers. */
class Line {
  readonly #say: (message: FromWorker) => void;
  readonly #open = new Map<number, (snapshot: Snapshot) => void>();
  #asked = 0;

  constructor(say: (message: FromWorker) => void) {
    this.#say = say;
  }

  ask(own: Snapshot): Promise<Snapshot> {
    const question = ++this.#asked;
    return new Promise((resolve) => {
      this.#open.set(question, resolve);
      this.#say({ kind: 'others', question, own });
    });
  }

  hear(message: FromPrimary, app: App): void {
    if (message.kind === 'news') app.hear(message.news);
    else if (message.kind === 'metrics') {
      this.#say({ kind: 'metrics', question: message.question, own: app.metrics() });
    } else if (message.kind === 'others') {
      this.#open.get(message.question)?.(message.snapshot);
      this.#open.delete(message.question);
    }
  }
}

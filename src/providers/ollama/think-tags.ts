// Models without a thinking field of their own open their answer with <think>…</think>. Only the very start counts: tags
// further on are the answer's own text. Where the text is cut makes no difference (test: every cut gives the same).

const opening = '<think>';
const closing = '</think>';

export interface Split {
  readonly reasoning: string;
  readonly content: string;
}

type State = 'start' | 'opened' | 'thinking' | 'after' | 'content';

/** Parts one answer's thinking from its content, piece by piece. White space around the thinking is left out. */
export class ThinkTags {
  #state: State = 'start';
  #held = '';

  /** Takes the next piece; returns what it adds. What may still become a tag is held back. */
  push(piece: string): Split {
    if (this.#decided) return { reasoning: '', content: piece };
    this.#held += piece;
    if (this.#state === 'start') this.#start();
    if (this.#state === 'opened') this.#leaveSpace('thinking');
    const reasoning = this.#state === 'thinking' ? this.#think() : '';
    if (this.#state === 'after') this.#leaveSpace('content');
    return { reasoning, content: this.#decided ? this.#take() : '' };
  }

  /** From here on all is content. */
  get #decided(): boolean {
    return this.#state === 'content';
  }

  /** Returns what was held back, once the answer has ended. */
  end(): Split {
    const held = this.#take();
    return this.#state === 'start' ? { reasoning: '', content: held } : { reasoning: held.trimEnd(), content: '' };
  }

  /** Opened, still undecided, or an answer like any other. */
  #start(): void {
    const text = this.#held.trimStart();
    if (text.startsWith(opening)) {
      this.#state = 'opened';
      this.#held = text.slice(opening.length);
    } else if (!opening.startsWith(text)) this.#state = 'content';
  }

  /** Gives the thinking so far; holds back white space and the beginnings of a closing tag. */
  #think(): string {
    const close = this.#held.indexOf(closing);
    const end = close === -1 ? safeEnd(this.#held) : this.#held.slice(0, close).trimEnd().length;
    const reasoning = this.#held.slice(0, end);
    this.#held = close === -1 ? this.#held.slice(end) : this.#held.slice(close + closing.length);
    if (close !== -1) this.#state = 'after';
    return reasoning;
  }

  /** Leaves white space out until there is something else; then goes on to the next state. */
  #leaveSpace(next: State): void {
    this.#held = this.#held.trimStart();
    if (this.#held !== '') this.#state = next;
  }

  #take(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}

/** Takes text; returns how much of it cannot belong to the white space or tag that may be ending it. */
function safeEnd(text: string): number {
  let tag = 0;
  for (let length = Math.min(closing.length - 1, text.length); length > 0 && tag === 0; length -= 1) {
    if (text.endsWith(closing.slice(0, length))) tag = length;
  }
  return text.slice(0, text.length - tag).trimEnd().length;
}

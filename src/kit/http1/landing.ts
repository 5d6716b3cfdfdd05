// Where the bytes of connections land: one stretch of memory for all of them, for they come one after another. By itself Node sets
// 64 KB aside for each read, gives back what was not filled, and leads every piece through a stream. Invariant: what is heard is
// there until the listener returns, for the next read lands in the same place; whoever keeps bytes makes a copy.
import type { OnReadOpts, Socket } from 'node:net';

/** For the option `onread` of a socket. What it reads it tells by its event `data`, as ever. */
export const landing = {
  buffer: Buffer.allocUnsafeSlow(64 * 1024),
  /** Node calls it on the socket, which its types do not say. */
  callback(this: Socket, count: number, buffer: Uint8Array): boolean {
    this.emit('data', buffer.subarray(0, count));
    return true;
  },
} as OnReadOpts;

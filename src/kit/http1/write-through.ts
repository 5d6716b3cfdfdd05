// Bytes for a socket that has nothing else to write go to the system at once, past the queue and the callbacks of Node's streams,
// which cost more than the system does. Invariant: what the system does not take goes Node's way, as if it had begun there.
import type { Socket } from 'node:net';

/** The connection behind a socket, as far as it is used here: Node's own, and not in its types (docs/decisions/0009). */
interface Handle {
  /** Both return 0 when all is written, a number below 0 for an error, else the request that is under way. */
  writeBuffer(request: null, bytes: Uint8Array): unknown;
  writev(request: null, pieces: readonly Uint8Array[], areBytes: true): unknown;
}

/** Takes a socket and pieces of bytes that are not changed any more; writes them after all that the socket has been given before. */
export function writeThrough(socket: Socket, pieces: readonly Uint8Array[]): void {
  const handle = socket.writableLength === 0 ? handleOf(socket) : null;
  const [first] = pieces;
  if (handle === null || first === undefined) {
    write(socket, pieces);
    return;
  }
  const isOne = pieces.length === 1;
  const result = isOne ? handle.writeBuffer(null, first) : handle.writev(null, pieces, true);
  if (result === 0) return;
  // The socket asks its connection to write them, and hears what came of it: it waits, drains and fails as it always does.
  const way = isOne ? 'writeBuffer' : 'writev';
  handle[way] = () => {
    Reflect.deleteProperty(handle, way);
    return result;
  };
  write(socket, pieces);
}

function write(socket: Socket, pieces: readonly Uint8Array[]): void {
  if (pieces.length > 1) socket.cork();
  for (const piece of pieces) socket.write(piece);
  if (pieces.length > 1) socket.uncork();
}

/** Null when it is not ready to be written to, or has a layer of its own in between (TLS). */
function handleOf(socket: Socket): Handle | null {
  if (!socket.writable || socket.connecting || socket.writableCorked > 0 || 'encrypted' in socket) return null;
  return (socket as unknown as { readonly _handle: Handle | null })._handle;
}

// Connections that a server has taken, made to read as ours do. Servers of Node have no option for that, sockets do: so the
// connection changes hands before anything is read from it. It needs a server with `pauseOnConnect`.
import { Socket } from 'node:net';
import { landing } from '../kit/http1/landing.ts';

/** Takes a socket as a server hands it over; returns one on the same connection that is to be used in its place. */
export function landed(taken: Socket): Socket {
  // The one private name: there is no other way to a taken connection. See docs/decisions/0009.
  const holder = taken as unknown as { _handle: object | null };
  const handle = holder._handle;
  if (handle === null) return taken;
  holder._handle = null;
  const socket = new Socket({ handle, onread: landing } as ConstructorParameters<typeof Socket>[0]);
  // The server counts by the one that it knows.
  socket.on('close', () => taken.destroy());
  return socket;
}

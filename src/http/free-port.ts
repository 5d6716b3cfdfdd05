// A port that nobody uses, for those who must know it before they listen.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Takes an address of ours; returns a port that is free there. Throws the system's error when it is none of ours. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Amazon's binary event stream, written for tests: what ConverseStream says as JSON becomes the bytes it comes in.
import { crc32 } from 'node:zlib';
import type { JsonObject } from '../../src/core/json.ts';
import { AwsEventSplitter } from '../../src/kit/aws-event-stream.ts';
import type { StreamPiece } from '../../src/providers/provider.ts';

function headersOf(headers: Readonly<Record<string, string>>): Buffer {
  const written = Object.entries(headers).map(([name, value]) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(value));
    return Buffer.concat([
      Buffer.from([Buffer.byteLength(name)]),
      Buffer.from(name),
      Buffer.of(7),
      length,
      Buffer.from(value),
    ]);
  });
  return Buffer.concat(written);
}

function message(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = headersOf({ ...headers, ':content-type': 'application/json' });
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const checked = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(checked));
  return Buffer.concat([checked, checksum]);
}

/** Takes an event's name and payload; returns its bytes. */
export function awsEvent(name: string, payload: JsonObject): Buffer {
  return message({ ':message-type': 'event', ':event-type': name }, JSON.stringify(payload));
}

/** Takes an exception's name and payload; returns its bytes. */
export function awsException(name: string, payload: JsonObject): Buffer {
  return message({ ':message-type': 'exception', ':exception-type': name }, JSON.stringify(payload));
}

/** Takes lines of `{"<event>": payload}`, as recordings of ConverseStream are kept; returns the stream's bytes. */
export function awsStream(lines: string): Buffer {
  const events = lines.split('\n').filter((line) => line.trim() !== '');
  const named = events.map((line) => Object.entries(JSON.parse(line) as Record<string, JsonObject>)[0]);
  return Buffer.concat(named.map((entry) => (entry === undefined ? Buffer.alloc(0) : awsEvent(...entry))));
}

/** Takes the bytes of a stream and where to cut them; returns its pieces. Throws when they cannot be read to their end. */
export function awsPieces(bytes: Buffer, cuts: readonly number[] = []): StreamPiece[] {
  const splitter = new AwsEventSplitter();
  const borders = [0, ...cuts, bytes.length];
  const pieces = borders.slice(1).flatMap((border, at) => splitter.push(bytes.subarray(borders[at], border)));
  if (splitter.flaw !== null || splitter.pendingBytes > 0) throw new Error(splitter.flaw ?? 'half an event is left');
  return pieces;
}

import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import { ZipFile } from 'yazl';

/** Packs a folder, with its name in front of every entry when `prefix` says so. */
export async function zipFolder(folder: string, target: string, prefix = ''): Promise<void> {
  const zip = new ZipFile();
  for (const path of filesBelow(folder)) zip.addFile(path, join(prefix, relative(folder, path)));
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesBelow(path) : [path];
    });
}

export interface FileServer {
  readonly url: string;
  /** of every request: method, path, and the conditions it carried */
  readonly requests: {
    path: string;
    range: string | undefined;
    ifNoneMatch: string | undefined;
    status: number;
  }[];
  /** how many bytes of a body are sent before the connection is cut, and how many times that happens */
  cut: { afterBytes: number; times: number };
  close(): Promise<void>;
}

/** A web server over files of this machine, with ETag and ranges; it can break a connection in the middle. */
export async function startFileServer(pathOf: (path: string) => string | null): Promise<FileServer> {
  const requests: FileServer['requests'] = [];
  const state = { cut: { afterBytes: 0, times: 0 } };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = pathOf(path);
    answer(request, response, file === null ? null : readFileSync(file), state);
    const { range, 'if-none-match': ifNoneMatch } = request.headers;
    requests.push({ path, range, ifNoneMatch, status: response.statusCode });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get cut() {
      return state.cut;
    },
    set cut(cut) {
      state.cut = cut;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer | null,
  state: { cut: FileServer['cut'] },
): void {
  if (!file) return void response.writeHead(404).end();
  const etag = `"${file.length}-${file.readUInt32LE(10)}-${file.subarray(-60).toString('hex')}"`;
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  const start =
    request.headers['if-range'] === etag ? Number(/\d+/.exec(request.headers.range ?? '')?.[0]) : 0;
  const body = file.subarray(start);
  const partial = start > 0 ? { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { etag, 'content-length': body.length, ...partial });
  const { cut } = state;
  if (cut.times <= 0) return void response.end(body);
  state.cut = { ...cut, times: cut.times - 1 };
  // the client must have what was sent before it hears that there is no more
  response.write(body.subarray(0, cut.afterBytes), () => setTimeout(() => response.destroy(), 30));
}

export interface TestS3 {
  readonly endpoint: string;
  readonly bucket: string;
  put(key: string, body: Buffer): Promise<void>;
  close(): Promise<void>;
}

export const S3_CREDENTIALS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

/** A server that speaks S3, signatures checked, over a temporary folder. */
export async function startS3(): Promise<TestS3> {
  const directory = mkdtempSync(join(tmpdir(), 'reelstream-s3-'));
  const bucket = 'films';
  const configureBuckets = [{ name: bucket, configs: [] }];
  const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets });
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: S3_CREDENTIALS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  return {
    endpoint,
    bucket,
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    },
    async close() {
      client.destroy();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

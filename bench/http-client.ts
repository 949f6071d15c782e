import { Agent, request } from 'node:http';

export interface HttpCall {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** with its query */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly text: string;
}

export interface HttpClient {
  /** resolves when the whole answer is there; rejects when the connection breaks or at the deadline */
  send(call: HttpCall): Promise<HttpAnswer>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 256;

/** Connections that stay open, as many as requests are on their way at once. */
export function createHttpClient(port: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
  return {
    send({ method, path, body, headers = {} }) {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      return new Promise((resolve, reject) => {
        const sent = request(
          {
            ...{ agent, host: '127.0.0.1', port, method, path, timeout: TIMEOUT_MS },
            headers: payload === undefined ? headers : { ...headers, 'content-type': 'application/json' },
          },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8');
            answer.on('data', (chunk: string) => {
              text += chunk;
            });
            answer.on('error', reject);
            answer.on('end', () =>
              resolve({ status: answer.statusCode ?? 0, etag: answer.headers.etag, text }),
            );
          },
        );
        sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
        sent.on('error', reject);
        sent.end(payload);
      });
    },
    close: () => agent.destroy(),
  };
}

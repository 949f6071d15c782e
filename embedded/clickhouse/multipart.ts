import type { IncomingMessage } from 'node:http';
import { bodyOf, readHead, tooLarge } from './request-body.ts';
import { ServerException } from './server-exception.ts';

/** Parameters that are too long for an address come as a form; 64 MB of them is a mistake. */
const MAX_FORM_BYTES = 67_108_864;

export function isForm(request: IncomingMessage): boolean {
  return request.headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true;
}

/**
 * Fields of a form, as if they stood in the address. Files (external tables) are not supported.
 * @throws ServerException
 */
export async function readForm(request: IncomingMessage): Promise<readonly (readonly [string, string])[]> {
  const { bytes, isWhole } = await readHead(bodyOf(request), MAX_FORM_BYTES);
  if (!isWhole) throw tooLarge(MAX_FORM_BYTES);
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(bytes), { headers }).formData().catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServerException(36, 'BAD_ARGUMENTS', `The form cannot be read: ${reason}`);
  });
  return [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value] as const;
    throw new ServerException(
      48,
      'NOT_IMPLEMENTED',
      `External tables are not supported (form field ${name})`,
    );
  });
}

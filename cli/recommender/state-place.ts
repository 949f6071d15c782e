import { join } from 'node:path';
import type { Settings } from '../../runtime/settings.ts';
import { stackHome } from '../stack.ts';

/** Where this instance's snapshots and journals lie. */
export function recommenderFolder(settings: Settings): string {
  return join(stackHome(settings), 'recommender', String(settings.REELSTREAM_RECOMMENDER_INSTANCE));
}

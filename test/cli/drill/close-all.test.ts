import { expect, it } from 'vitest';
import { closeAll } from '../../../cli/drill/close-all.ts';

it('closes the latest first, the rest as well when one fails, and tells of the first failure', async () => {
  const closed: string[] = [];
  const close = (name: string) => () => void closed.push(name);
  const fails = (name: string) => async () => {
    closed.push(name);
    throw new Error(`${name} stays open`);
  };
  const closers = [close('folder'), fails('exporter'), fails('processes')];
  await expect(closeAll(closers)).rejects.toThrow('processes stays open');
  expect(closed).toEqual(['processes', 'exporter', 'folder']);
  await closeAll(closers);
  expect(closed).toHaveLength(3);
});

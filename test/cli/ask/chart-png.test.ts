import { describe, expect, it } from 'vitest';
import { toPng } from '../../../cli/ask/chart-png.ts';

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="9" height="9"/><text y="18">Drama</text></svg>';

describe('a PNG', () => {
  it('is refused in words where no font could write any', () => {
    expect(() => toPng(SVG, { loadSystemFonts: false })).toThrow(/no font.*\.svg/);
  });
});

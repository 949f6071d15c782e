import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { ReelstreamError } from '../../core/errors.ts';

type Fonts = NonNullable<ResvgRenderOptions['font']>;

/** Of any family: what is not installed falls back to what is, and draws nothing only where there is no font at all. */
const LETTER =
  '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="16" font-size="16" font-family="sans-serif">M</text></svg>';

/**
 * Twice the size of the SVG, for screens and for print. Letters come from the fonts of the machine.
 * @throws ReelstreamError `shortfall` where there are none: the picture would have no word in it
 */
export function toPng(svg: string, font: Fonts = { loadSystemFonts: true }): Buffer {
  if (!new Resvg(LETTER, { font }).render().pixels.some((byte) => byte > 0)) {
    throw new ReelstreamError(
      'shortfall',
      '--chart: this machine has no font to write a PNG with; install one (fonts-dejavu-core), or name the file .svg, which is drawn with the fonts of whoever looks at it',
    );
  }
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 }, font }).render().asPng();
}

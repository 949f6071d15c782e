import { Resvg } from '@resvg/resvg-js';

/** Twice the size of the SVG, for screens and for print. Letters come from the fonts of the machine. */
export function toPng(svg: string): Buffer {
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 }, font: { loadSystemFonts: true } })
    .render()
    .asPng();
}

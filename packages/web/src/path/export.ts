// The path as files: the round's path as it is in JSON, and the drawing as an SVG that needs nothing else.

import type { RoundPath } from '@pinhole/contract';

/** What of the page's styles a drawing is made of. */
const properties = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'font-size',
  'font-weight',
  'text-anchor',
  'paint-order',
];
const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

export function exportJson(path: RoundPath): void {
  download(`path-${path.testId}-${path.roundId}.json`, 'application/json', JSON.stringify(path, null, 2));
}

/** The whole drawing, whatever part of it is in sight. */
export function exportSvg(
  svg: SVGSVGElement,
  size: { readonly width: number; readonly height: number },
  { testId, roundId }: RoundPath,
): void {
  const text = standaloneSvg(svg, size);
  download(`path-${testId}-${roundId}.svg`, 'image/svg+xml', text);
}

function standaloneSvg(
  svg: SVGSVGElement,
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const drawing = svg.querySelector('[data-drawing]')!;
  const copy = drawing.cloneNode(true) as SVGGElement;
  const originals = [drawing, ...drawing.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  originals.forEach((original, i) => {
    writeStyle(getComputedStyle(original), copies[i]!);
  });
  for (const hit of copy.querySelectorAll('.path-link-hit')) hit.remove();
  for (const element of copies) for (const name of droppedAttributes(element)) element.removeAttribute(name);
  copy.removeAttribute('transform');
  const file = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  file.setAttribute('viewBox', `0 0 ${width} ${height}`);
  file.setAttribute('width', String(width));
  file.setAttribute('height', String(height));
  file.setAttribute('font-family', fontFamily);
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', String(width));
  ground.setAttribute('height', String(height));
  const surface = document.createElement('span');
  surface.className = 'bg-surface';
  document.body.append(surface);
  ground.setAttribute('fill', getComputedStyle(surface).backgroundColor);
  surface.remove();
  file.append(ground, copy);
  return new XMLSerializer().serializeToString(file);
}

function writeStyle(style: CSSStyleDeclaration, element: Element): void {
  // Groups hand most of it down, and have none of it themselves.
  const own = element.localName === 'g' ? ['opacity'] : properties;
  for (const name of own) {
    const value = style.getPropertyValue(name);
    if (value !== '' && value !== 'normal') element.setAttribute(name, value);
  }
}

function droppedAttributes(element: Element): string[] {
  return element
    .getAttributeNames()
    .filter(
      (name) =>
        name.startsWith('data-') || name === 'class' || name === 'tabindex' || name === 'aria-pressed',
    );
}

function download(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

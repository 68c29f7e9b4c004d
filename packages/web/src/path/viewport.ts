// Which part of the drawing is seen, and how large.

export interface Viewport {
  /** Of the drawing's origin, pixels of the screen. */
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const [leastScale, greatestScale] = [0.1, 4];
/** Below this addresses cannot be read: rather than that, a part of the drawing is seen at first. */
const readableScale = 0.62;
/** Larger than this many, it is seen as a whole: nobody reads hundreds of addresses. */
const mostReadable = 120;

/** All of it in the middle, no larger than it is; or the left of it where it would be too small to be read. */
export function fitView(drawing: Size, window: Size, nodes: number): Viewport {
  const whole = Math.min(1, window.width / drawing.width, window.height / drawing.height);
  const scale = Math.max(leastScale, nodes > mostReadable ? whole : Math.max(whole, readableScale));
  return {
    x: Math.max(0, (window.width - drawing.width * scale) / 2),
    y: Math.max(0, (window.height - drawing.height * scale) / 2),
    scale,
  };
}

/** How high the window is for a drawing: all of it at the width that there is, within bounds. */
export function windowHeight(drawing: Size, width: number, nodes: number): number {
  const wide = { width, height: Number.POSITIVE_INFINITY };
  return Math.round(Math.min(720, Math.max(280, drawing.height * fitView(drawing, wide, nodes).scale)));
}

/** What is under the point stays under it. */
export function zoomView({ x, y, scale }: Viewport, factor: number, at: { x: number; y: number }): Viewport {
  const next = Math.min(greatestScale, Math.max(leastScale, scale * factor));
  const share = next / scale;
  return { x: at.x - (at.x - x) * share, y: at.y - (at.y - y) * share, scale: next };
}

/** The least move after which a point of the drawing is in sight. */
export function revealView(view: Viewport, point: { x: number; y: number }, window: Size): Viewport {
  const margin = 60;
  const shift = (place: number, most: number) =>
    place < margin ? margin - place : place > most - margin ? most - margin - place : 0;
  return {
    ...view,
    x: view.x + shift(view.x + point.x * view.scale, window.width),
    y: view.y + shift(view.y + point.y * view.scale, window.height),
  };
}

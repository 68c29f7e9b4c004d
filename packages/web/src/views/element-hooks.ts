// What drawings need to know of the element that they are in.

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Of an element, in pixels; follows it. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(960);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = () => setWidth(Math.max(200, Math.round(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

/** The wheel with Control or Command, or two fingers spread: React's own handlers cannot keep the page from zooming. */
export function useZoomWheel(ref: RefObject<HTMLElement | null>, onWheel: (event: WheelEvent) => void): void {
  const latest = useRef(onWheel);
  latest.current = onWheel;
  const listen = useCallback((event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    latest.current(event);
  }, []);
  useEffect(() => {
    const element = ref.current;
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, [ref, listen]);
}

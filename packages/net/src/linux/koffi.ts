import { createRequire } from 'node:module';

/** Not imported where it is used: the package is of no use, and may be absent, on other systems. Throws where it is. */
export function loadKoffi(): typeof import('koffi') {
  return createRequire(import.meta.url)('koffi') as typeof import('koffi');
}

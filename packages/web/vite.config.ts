import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `PINHOLE_COLLECTOR=http://127.0.0.1:8080 npx vite packages/web` develops against that collector. */
const collector = process.env.PINHOLE_COLLECTOR ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwind()],
  build: {
    // What has `light-dark()` and the rest of what style.css uses.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The collector's content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: {
    proxy: { '/page': collector, '/v7': collector },
  },
});

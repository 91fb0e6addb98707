import { defineConfig } from 'vite';

// TROUPE_SERVER: the server that the development server passes /api and /ws on to.
const server = process.env.TROUPE_SERVER ?? 'http://127.0.0.1:7777';

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // nothing inline: the page runs under a strict Content-Security-Policy
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: true,
  },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/ws': { target: server, ws: true } } },
});

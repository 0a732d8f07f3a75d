import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { System } from '../system.ts';

const FILES = ['openapi.yaml', 'openapi.json', 'start.js', 'swagger-ui.css', 'swagger-ui-bundle.js'];

export const docs = (system: () => System): void => {
  const built = (file: string): string =>
    gunzipSync(readFileSync(system().service.path(`dist/docs-files/${file}.gz`))).toString();

  describe('the documentation', () => {
    it('is a page that needs no token, and must not load anything from elsewhere', async () => {
      const page = await system().call('GET', '/docs');
      expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
      expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; /);
      expect(page.text).toBe(built('index.html'));
    });

    it.each(FILES)('serves %s from its package, compressed only', async (file) => {
      const ask = (accepted: string) =>
        system().call('GET', `/docs/${file}`, { headers: { 'accept-encoding': accepted } });
      const got = await ask('gzip');
      expect([got.status, got.headers['content-encoding']]).toEqual([200, 'gzip']);
      // fetch decompresses the body; a byte damaged on the way would show here.
      expect(got.text === built(file)).toBe(true);
      expect(await ask('identity')).toMatchObject({ status: 406, json: { code: 'not-acceptable' } });
    });

    it('returns 304 for a known version, and serves no other file', async () => {
      const { headers } = await system().call('GET', '/docs/openapi.yaml');
      const known = { 'if-none-match': headers['etag'] ?? '' };
      expect((await system().call('GET', '/docs/openapi.yaml', { headers: known })).status).toBe(304);
      expect(await system().call('GET', '/docs/docs.cjs')).toMatchObject({
        status: 404,
        json: { code: 'not-found' },
      });
      // Either the API or the function finds no such path.
      expect((await system().call('GET', '/docs/..%2Fdocs.cjs')).status).toBe(404);
    });
  });
};

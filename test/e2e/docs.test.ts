import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ApiGateway } from '../../local/gateway/server.ts';
import { stopChildren } from '../support/children.ts';
import { startFrontDoor } from '../support/front-door.ts';
import { operationOf, read } from '../support/openapi.ts';
import { spawnWorker } from '../support/worker.ts';

type Got = { status: number; headers: Record<string, string | string[] | undefined>; bytes: Buffer };

let api: ApiGateway;
beforeAll(async () => {
  // No address of any AWS service and no credentials: what it needs is in its package.
  api = await startFrontDoor({ docs: [await spawnWorker('docs', { TABLE_NAME: 'none' })] });
});
afterAll(async () => {
  await api.close();
  await stopChildren();
});

/** As it is on the wire: `fetch` would unpack, and would tidy `..` away. */
const getPlain = (path: string, headers: Record<string, string> = {}): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    request({ hostname, port, path, headers }, async (answer) => {
      const bytes = Buffer.concat(await answer.toArray());
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes });
    })
      .once('error', reject)
      .end();
  });

const GZIP = { 'accept-encoding': 'gzip' };

/** The same of a caller that takes gzip, and unpacks. */
const get = async (path: string, headers: Record<string, string> = GZIP): Promise<Got> => {
  const got = await getPlain(path, headers);
  return got.headers['content-encoding'] === 'gzip' ? { ...got, bytes: gunzipSync(got.bytes) } : got;
};

const FILES = ['openapi.yaml', 'openapi.json', 'start.js', 'swagger-ui.css', 'swagger-ui-bundle.js'];
const FILE = 'GET /docs/{file}';

describe('the page', () => {
  it('is HTML whose links all lead to what we serve', async () => {
    const { status, headers, bytes } = await get('/docs');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const html = bytes.toString();
    const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link = '']) => link);
    const ours = links.filter((link) => link !== 'data:,');
    expect(ours.length).toBeGreaterThanOrEqual(4);
    for (const link of ours) {
      expect(link).toMatch(/^docs\/[\w.-]+(\?v=[0-9a-f]{32})?$/);
      expect([link, (await get(`/${link}`)).status]).toEqual([link, 200]);
    }
    expect(html).not.toMatch(/https?:|\/\/\w|<script>|<style|style=| on\w+=/);
  });

  it('asks for the description here, and tries operations out here', async () => {
    const script = (await get('/docs/start.js')).bytes.toString();
    expect([...script.matchAll(/fetch\('([^']*)'\)/g)].map(([, url]) => url)).toEqual(['docs/openapi.json']);
    expect(script).toContain("new URL('.', window.location.href)");
    expect(script).toContain('validatorUrl: null');
    expect(script).not.toMatch(/https?:/);
  });

  it('has a style sheet that loads nothing', async () => {
    const style = (await get('/docs/swagger-ui.css')).bytes.toString();
    const loaded = [...style.matchAll(/url\((?!["']?data:)[^)]*\)/g)];
    expect([loaded, /@import|@font-face/.test(style)]).toEqual([[], false]);
  });
});

describe('every file', () => {
  it.each(['/docs', ...FILES.map((file) => `/docs/${file}`)])('%s may reach no other host', async (path) => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy[0]).toBe("default-src 'none'");
    const sources = policy.flatMap((directive) => directive.split(' ').slice(1));
    expect([...new Set(sources)].toSorted()).toEqual(["'none'", "'self'", 'data:']);
    expect(policy.filter((directive) => directive.includes('data:'))).toEqual(["img-src 'self' data:"]);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', vary: 'accept-encoding' });
    expect(headers).toMatchObject({ 'cache-control': 'public, no-cache' });
  });

  it('is one that openapi.yaml names, with its type', async () => {
    const parameter = operationOf(FILE).parameters?.find(({ name }) => name === 'file');
    expect(parameter?.schema.enum).toEqual(FILES);
    const types = await Promise.all(
      FILES.map(async (file) => String((await get(`/docs/${file}`)).headers['content-type']).split(';')[0]),
    );
    const described = Object.keys(operationOf(FILE).responses['200']?.content ?? {});
    expect([...new Set(types)].toSorted()).toEqual(described.toSorted());
  });

  it('has no header that openapi.yaml does not know, and all that it promises', async () => {
    const own = ['content-type', 'content-length', 'apigw-requestid', 'date', 'connection', 'keep-alive'];
    for (const [routeKey, path] of [
      ['GET /docs', '/docs'],
      [FILE, '/docs/start.js'],
    ] as const) {
      const { headers } = await get(path);
      const described = Object.keys(operationOf(routeKey).responses['200']?.headers ?? {});
      const seen = Object.keys(headers).filter((name) => !own.includes(name));
      expect(seen.toSorted()).toEqual(described.map((name) => name.toLowerCase()).toSorted());
    }
  });

  it.each(FILES)('%s goes out as it was built, to callers that take gzip', async (file) => {
    const built = readFileSync(new URL(`../../dist/docs-files/${file}.gz`, import.meta.url));
    for (const takes of ['gzip', 'br, gzip;q=0.5', 'GZIP ; q=1.0', 'x-gzip', '*', 'br;q=1, *;q=0.1']) {
      const { headers, bytes } = await getPlain(`/docs/${file}`, { 'accept-encoding': takes });
      expect([takes, headers['content-encoding'], bytes.equals(built)]).toEqual([takes, 'gzip', true]);
    }
  });

  // Unzipping took 42 ms of CPU for each request of anyone.
  it.each([
    'identity',
    'br',
    'gzip;q=0',
    'gzip; q=0.000',
    'gzip;q=x',
    '*, gzip;q=0',
    'not-gzip',
    '',
    undefined,
  ])('is refused, not unzipped, for a caller that takes %j', async (takes) => {
    for (const path of ['/docs', ...FILES.map((file) => `/docs/${file}`)]) {
      const { status, headers, bytes } = await getPlain(
        path,
        takes === undefined ? {} : { 'accept-encoding': takes },
      );
      expect([path, status, headers['content-type']]).toEqual([path, 406, 'application/problem+json']);
      expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'not-acceptable' });
      expect([bytes.length < 500, bytes.toString()]).toEqual([
        true,
        expect.stringContaining('curl --compressed'),
      ]);
    }
  });

  it('is not sent again to a caller that has it', async () => {
    const { headers } = await get('/docs/openapi.yaml');
    const etag = String(headers['etag']);
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get('/docs/openapi.yaml', { ...GZIP, 'if-none-match': known });
      expect([again.status, again.bytes.length, again.headers['etag']]).toEqual([304, 0, etag]);
    }
    expect((await get('/docs/openapi.yaml', { ...GZIP, 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('is kept for good by the hash in the page’s link, and is never the file of another deployment', async () => {
    const html = (await get('/docs')).bytes.toString();
    const links = [...html.matchAll(/"(docs\/[^"?]+)\?v=([0-9a-f]+)"/g)];
    expect(links.map(([, file]) => file).toSorted()).toEqual(
      ['start.js', 'swagger-ui-bundle.js', 'swagger-ui.css'].map((file) => `docs/${file}`),
    );
    for (const [, file, hash] of links) {
      const { status, headers } = await get(`/${file}?v=${hash}`);
      expect([status, headers['etag']]).toEqual([200, `"${hash}"`]);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      const other = await get(`/${file}?v=${'0'.repeat(32)}`);
      expect([other.status, JSON.parse(other.bytes.toString())]).toMatchObject([
        404,
        { detail: 'This version of the file is not deployed. Reload the page.' },
      ]);
      expect(other.headers['cache-control']).toBe('no-store');
    }
  });
});

describe('openapi.yaml', () => {
  it('is that of the repository, byte for byte, and openapi.json says the same', async () => {
    const yaml = (await get('/docs/openapi.yaml')).bytes.toString();
    expect(yaml).toBe(read('openapi.yaml'));
    expect(JSON.parse((await get('/docs/openapi.json')).bytes.toString())).toEqual(parse(yaml));
  });
});

describe('what is no file of the documentation', () => {
  it.each([
    ['an unknown file', '/docs/nothing.js'],
    ['the page under another name', '/docs/index.html'],
    ['a file as it lies in the package', '/docs/start.js.gz'],
    ['the folder above', '/docs/..%2Fdocs.cjs'],
    ['a path from the root', '/docs/%2Fetc%2Fpasswd'],
    ['a name that objects have', '/docs/constructor'],
    ['a zero byte', '/docs/start.js%00'],
    ['the bundle', '/docs/docs.cjs'],
  ])('is not there: %s', async (_, path) => {
    const { status, headers, bytes } = await get(path);
    expect([status, headers['content-type']]).toEqual([404, 'application/problem+json']);
    expect(JSON.parse(bytes.toString())).toMatchObject({
      code: 'not-found',
      detail: 'File not found.',
    });
  });

  it.each(['/docs/../docs.cjs', '/docs/', '/docs/a/b'])('has no route: %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

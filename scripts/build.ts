/**
 * Writes one bundle per function to dist/<function>.cjs, each exporting `handler`, dist/sendFlow.mjs, and the files
 * that `docs` serves to dist/docs-files/. We have our own script because of cold starts: bundled and tree-shaken from its ES
 * modules, the SDK loads a fifth faster than the copy in Lambda's runtime, as measured.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild, type OutputFile, stop } from 'esbuild';
import { docsFiles } from './docs-files.ts';
import { BUNDLE_DEFINES, lighter } from './lighter.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const DOCS = join(DIST, 'docs-files');

type Built = Pick<OutputFile, 'path' | 'contents'>;

/**
 * The functions that rehearse, each with a module beside its bundle that awaits the rehearsal. Lambda's loader looks for
 * .mjs before .cjs, so `dist/sendFlow.handler` is the module's; only a module can hold init back (ADR 020). The bundle
 * alone rehearses nothing. Loaded by `require`, since an import would search it for its exports. The last turn of the
 * event loop is for undici, which puts off some of its work after a response: nothing may cross the freeze after init.
 */
const REHEARSING = ['sendFlow'];
const rehearsing = (name: string): string => `import { createRequire } from 'node:module';
const { handler, rehearse } = createRequire(import.meta.url)('./${name}.cjs');
await rehearse();
await new Promise(setImmediate);
export { handler };
`;

const modules = (): Built[] =>
  REHEARSING.map((name) => ({
    path: join(DIST, `${name}.mjs`),
    contents: Buffer.from(rehearsing(name)),
  }));

/** The entry file of each function, by its name in serverless.yml. */
const FUNCTIONS: Record<string, string> = {
  authorizer: 'src/handlers/authorizer.ts',
  sendFlow: 'src/handlers/flows.ts',
  readApi: 'src/handlers/reads.ts',
  webhook: 'src/handlers/webhook.ts',
  callbacks: 'src/handlers/callbacks.ts',
  contacts: 'src/handlers/contacts.ts',
  worker: 'src/handlers/worker.ts',
  publisher: 'src/handlers/publisher.ts',
  sweeper: 'src/handlers/sweeper.ts',
  campaigns: 'src/handlers/campaigns.ts',
  campaignPlanner: 'src/handlers/campaign-planner.ts',
  campaignTick: 'src/handlers/campaign-tick.ts',
  docs: 'src/handlers/docs.ts',
};

const packageVersion = async (): Promise<string> => {
  const manifest: unknown = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest && 'version' in manifest) return String(manifest.version);
  throw new Error('package.json has no version');
};

// Renamed into place, because another process may be loading the old bundle.
const replaceFile = async ({ path, contents }: Built): Promise<void> => {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
};

const bundles = async () => {
  const result = await esbuild({
    absWorkingDir: ROOT,
    entryPoints: FUNCTIONS,
    outdir: DIST,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: false,
    legalComments: 'none',
    sourcemap: false,
    define: { ...BUNDLE_DEFINES, __VERSION__: JSON.stringify(await packageVersion()) },
    plugins: [lighter],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { files: result.outputFiles, inputs: Object.keys(result.metafile.inputs) };
};

const buildAll = async (): Promise<Built[]> => {
  const [{ files }, docs] = await Promise.all([bundles(), docsFiles(ROOT, DOCS)]);
  const built = [...files, ...modules(), ...docs];
  await mkdir(DOCS, { recursive: true });
  await Promise.all(built.map(replaceFile));
  return built;
};

/** Its folder in node_modules, as package-lock.json names it. */
const PACKAGE = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;
/** `docs` serves its files. */
const SERVED = 'node_modules/swagger-ui-dist';

/** The packages of which the bundles, and what `docs` serves, have code, as package-lock.json names them. */
export const shippedPackages = async (): Promise<string[]> => {
  const { inputs } = await bundles();
  await stop();
  const found = inputs.flatMap((path) => PACKAGE.exec(path)?.[1] ?? []);
  return [...new Set([...found, SERVED])].sort();
};

/** Builds every function. Rejects with esbuild's own error, after esbuild printed its messages on stderr. */
export const build = async (): Promise<void> => {
  await buildAll();
  // esbuild keeps a process running for further builds, which `npm start` never makes.
  await stop();
};

if (import.meta.main) {
  for (const { path, contents } of await buildAll()) {
    console.log(`${relative(ROOT, path).padEnd(34)} ${Math.ceil(contents.byteLength / 1024)} KB`);
  }
}

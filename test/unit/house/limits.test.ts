/** The limits of the house: the length of files and functions, the size of rooms, and what types must not hide. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);

const FILE_LINES = 200;
/** For a function, without the functions inside it. */
const FUNCTION_LINES = 40;
const HANDLER_LINES = 12;
const ROOM_FILES = 25;

/** The TypeScript files below the directories, relative to the root. Declaration files are excluded. */
const filesIn = (...directories: string[]): string[] =>
  directories.flatMap((directory) =>
    readdirSync(new URL(directory, ROOT), { recursive: true, encoding: 'utf8' })
      .map((file) => join(directory, file))
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('node_modules')),
  );

const textOf = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8');
const parse = (file: string, text = textOf(file)): ts.SourceFile =>
  ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
const lineOf = (node: ts.Node, position: number): number =>
  node.getSourceFile().getLineAndCharacterOfPosition(position).line + 1;
const linesOf = (node: ts.Node): number => lineOf(node, node.getEnd()) - lineOf(node, node.getStart()) + 1;
const childrenOf = (node: ts.Node): ts.Node[] => {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
};
const within = (node: ts.Node): ts.Node[] => [node, ...childrenOf(node).flatMap(within)];

const isFunction = (node: ts.Node): boolean =>
  ts.isFunctionLike(node) && (node as ts.FunctionLikeDeclaration).body !== undefined;

/** The outermost functions below a node. */
const functionsBelow = (node: ts.Node): ts.Node[] =>
  childrenOf(node).flatMap((child) => (isFunction(child) ? [child] : functionsBelow(child)));

/** A nested function counts as one line: the line it begins on. */
const ownLinesOf = (node: ts.Node): number =>
  linesOf(node) - functionsBelow(node).reduce((sum, inner) => sum + linesOf(inner) - 1, 0);

const longFunctionsIn = (source: ts.SourceFile, most: number): string[] =>
  within(source)
    .filter((node) => isFunction(node) && ownLinesOf(node) > most)
    .map((node) => `${source.fileName}:${lineOf(node, node.getStart())} (${ownLinesOf(node)} lines)`);

const unwrapped = (node: ts.Node): ts.Node =>
  ts.isParenthesizedExpression(node) ? unwrapped(node.expression) : node;

/** `x as unknown as T`: a cast that no type can prevent. */
const isUnknownCast = (node: ts.Node): boolean => {
  if (!ts.isAsExpression(node)) return false;
  const inner = unwrapped(node.expression);
  return ts.isAsExpression(inner) && inner.type.kind === ts.SyntaxKind.UnknownKeyword;
};

const untypedIn = (source: ts.SourceFile): string[] =>
  within(source)
    .filter((node) => node.kind === ts.SyntaxKind.AnyKeyword || isUnknownCast(node))
    .map((node) => `${source.fileName}:${lineOf(node, node.getStart())} ${node.getText().slice(0, 60)}`);

const code = filesIn('src', 'local', 'ops', 'bench', 'scripts');

describe('the code', () => {
  it('is found', () => {
    expect(code).toEqual(expect.arrayContaining(['src/handlers/flows.ts', 'local/start.ts', 'ops/main.ts']));
  });

  it(`has files of at most ${FILE_LINES} lines`, () => {
    const lengths = code.map((file) => [file, textOf(file).trimEnd().split('\n').length] as const);
    const long = lengths
      .filter(([, lines]) => lines > FILE_LINES)
      .map(([file, lines]) => `${file}: ${lines}`);
    expect(long).toEqual([]);
  });

  it(`has functions of at most ${FUNCTION_LINES} own lines`, () => {
    expect(code.flatMap((file) => longFunctionsIn(parse(file), FUNCTION_LINES))).toEqual([]);
  });

  it(`has handlers of at most ${HANDLER_LINES} lines an export, and no longer function beside them`, () => {
    const handlers = filesIn('src/handlers').map((file) => parse(file));
    const exported = handlers.flatMap((source) =>
      source.statements
        .filter((statement) => ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.length)
        .filter((statement) => linesOf(statement) > HANDLER_LINES)
        .map((statement) => `${source.fileName}:${lineOf(statement, statement.getStart())}`),
    );
    const functions = handlers.flatMap((source) => longFunctionsIn(source, HANDLER_LINES));
    expect([...exported, ...functions]).toEqual([]);
  });

  it(`has rooms of at most ${ROOM_FILES} files`, () => {
    const rooms = Map.groupBy(code, dirname);
    const crowded = [...rooms].filter(([, files]) => files.length > ROOM_FILES).map(([room]) => room);
    expect(crowded).toEqual([]);
  });

  it('uses neither any nor a cast through unknown, in src or in tests', () => {
    const all = [...code, ...filesIn('test')];
    expect(all.flatMap((file) => untypedIn(parse(file)))).toEqual([]);
  });
});

describe('the measure', () => {
  const sample = (text: string) => parse('sample.ts', text);

  it('counts a function without the functions inside it', () => {
    const inner = `  const inner = () => {\n${'    work();\n'.repeat(50)}  };\n`;
    const outer = (lines: number) => `function outer() {\n${'  work();\n'.repeat(lines)}${inner}}\n`;
    expect(longFunctionsIn(sample(outer(37)), 40)).toEqual(['sample.ts:39 (52 lines)']);
    expect(longFunctionsIn(sample(outer(38)), 40)).toHaveLength(2);
  });

  it('finds any and casts through unknown, and ignores comments and strings', () => {
    expect(untypedIn(sample('let a: any;'))).toHaveLength(1);
    expect(untypedIn(sample('const a = [] as unknown as string;'))).toHaveLength(1);
    expect(untypedIn(sample('const a = ([] as unknown) as string;'))).toHaveLength(1);
    expect(untypedIn(sample("// any\nconst a = 'as unknown as' as unknown;"))).toEqual([]);
  });
});

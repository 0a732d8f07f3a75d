/**
 * Finds where code gives a message a `status` or a campaign a `state`, by their types: an object literal that is a
 * message, or is spread into one, and an assignment. What only copies a whole message does not count.
 */
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT } from './readme.ts';

interface Kind {
  readonly property: 'status' | 'state';
  /** Properties that tell the type from any other. */
  readonly marks: readonly string[];
}

const KINDS: readonly Kind[] = [
  { property: 'status', marks: ['fingerprint', 'epoch', 'timeline'] },
  { property: 'state', marks: ['fingerprint', 'cursor', 'totals'] },
];

/** `extra`: files that exist only for this look, by their path in the repository. */
export function stateSetters(folder: string, extra: Readonly<Record<string, string>> = {}): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    { ...config, include: [folder] },
    ts.sys,
    ROOT,
  );
  const added = new Map(Object.entries(extra).map(([path, text]) => [join(ROOT, path), text]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => added.has(path) || fileExists(path);
  host.readFile = (path) => added.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const text = added.get(path);
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true);
  };
  // The types in question are our own: libraries would only take time.
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => ({
      resolvedModule: text.startsWith('.')
        ? { resolvedFileName: join(dirname(from), text), extension: ts.Extension.Ts }
        : undefined,
    }));
  const program = ts.createProgram([...fileNames, ...added.keys()], { ...options, types: [] }, host);
  return program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(join(ROOT, folder, '/')))
    .flatMap((file) => KINDS.flatMap((kind) => settersIn(file, kind, program.getTypeChecker())));
}

function settersIn(file: ts.SourceFile, { property, marks }: Kind, checker: ts.TypeChecker): string[] {
  // Asking for types is what takes time.
  if (!file.text.includes(property)) return [];
  const found: string[] = [];
  const has = (type: ts.Type | undefined, name: string) => type?.getProperty(name) !== undefined;
  /** The fields of a store's codec have the same names, and a fingerprint that is no text. */
  const isText = (type: ts.Type): boolean =>
    type.isUnion() ? type.types.some(isText) : (type.flags & ts.TypeFlags.StringLike) !== 0;
  const isWhole = (type: ts.Type | undefined) => {
    const fingerprint = type?.getProperty('fingerprint');
    return (
      marks.every((mark) => has(type, mark)) &&
      fingerprint !== undefined &&
      isText(checker.getTypeOfSymbol(fingerprint))
    );
  };

  /** A property of that name, or something spread that has one and is not the whole. */
  const gives = (part: ts.ObjectLiteralElementLike): boolean => {
    if (!ts.isSpreadAssignment(part)) return part.name !== undefined && nameOf(part.name) === property;
    const type = checker.getTypeAtLocation(part.expression);
    return (type.isUnion() ? type.types : [type]).some((one) => has(one, property) && !isWhole(one));
  };
  const nameOf = (name: ts.PropertyName): string =>
    ts.isComputedPropertyName(name)
      ? property // A name that is computed may be any.
      : name.text;

  const isSetter = (node: ts.Node): boolean => {
    if (ts.isObjectLiteralExpression(node)) {
      const isMeant = () =>
        isWhole(checker.getTypeAtLocation(node)) || isWhole(checker.getContextualType(node));
      return node.properties.some(gives) && isMeant();
    }
    return (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(node.left) &&
      node.left.name.text === property &&
      isWhole(checker.getTypeAtLocation(node.left.expression))
    );
  };
  const visit = (node: ts.Node): void => {
    if (isSetter(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      found.push(`${relative(ROOT, file.fileName)}:${line + 1} sets ${property}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
